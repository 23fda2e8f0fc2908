import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWebhook, defineWorkflow, onWebhook } from '../../../src/index.ts';
import { openSources } from '../../../src/service/webhooks/sources.ts';
import { openBench } from './support.ts';

describe('webhooks nothing could be done with', () => {
  it('M017: lists unknown events, failed mappings and refused inputs; replays and discards them', async () => {
    const bench = await openBench();
    const { clock, client } = bench;
    const { deadLetters, replayAll, replay, discard } = client.webhooks;
    const bad = [
      { type: 'archived', orderId: 'o-1' },
      { type: 'created', orderId: 'bad-mapping' },
      { type: 'created', orderId: 'an order id that is too long' },
      { type: 'created', orderId: 7 },
      { orderId: 'o-5' },
    ];
    for (const payload of bad) {
      expect((await bench.send(payload)).status).toBe(202);
      await clock.advance(1);
    }
    await bench.send({ type: 'created', orderId: 'ignored' });
    await bench.settle();

    const listed = await deadLetters({ query: { limit: 3 } });
    const rest = await deadLetters({ query: { cursor: listed.cursor ?? '' } });
    const letters = [...listed.deadLetters, ...rest.deadLetters].reverse();
    expect(letters.map(({ problem }) => problem?.code)).toEqual([
      'EVENT_UNKNOWN',
      'MAPPING_FAILED',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'EVENT_UNKNOWN',
    ]);
    expect(letters[3]).toMatchObject({
      payload: bad[3],
      problem: { issues: [{ path: 'orderId' }] },
    });
    expect(await bench.runs()).toEqual([]);
    const { deliveries } = await client.webhooks.deliveries();
    expect(deliveries[0]).toMatchObject({ status: 'ignored', runId: null });

    const filter = { source: 'orders', code: 'EVENT_UNKNOWN' };
    expect(await replayAll({ body: { ...filter, dryRun: true } })).toEqual({
      replayed: 2,
      isMore: false,
    });
    expect((await replayAll({ body: filter })).replayed).toBe(2);
    await bench.settle();
    const [deliveryKey = ''] = letters.map((letter) => letter.deliveryKey);
    const params = { deliveryKey };
    expect(await client.webhooks.deadLetter({ params })).toMatchObject({
      replays: 1,
    });

    await discard({ params });
    await expect(discard({ params })).rejects.toMatchObject({ code: 'DELIVERY_NOT_FOUND' });
    await expect(replay({ params })).rejects.toMatchObject({ status: 404 });
    const audit = (await client.audit.list()).entries.map(({ action }) => action);
    expect(audit).toEqual(expect.arrayContaining(['webhook.replayed', 'webhook.discarded']));
    await bench.close();
  });

  it('a dead letter succeeds once what kept it was mended, with the key of its first delivery', async () => {
    const bench = await openBench();
    const { deadLetters, replay, deliveries } = bench.client.webhooks;
    const { runId } = await bench.orchestrator.start('payment', {}, { key: 'later' });
    await bench.orchestrator.cancel(runId);
    await bench.send({ type: 'paid', orderId: runId, total: 3 }, { id: 'd-1' });
    await bench.settle();
    const [letter] = (await deadLetters()).deadLetters;
    expect(letter?.problem?.code).toBe('RUN_FINISHED');

    await bench.orchestrator.retry(runId).catch(() => {});
    await replay({ params: { deliveryKey: letter?.deliveryKey ?? '' } });
    await bench.settle();
    expect((await deliveries()).deliveries).toHaveLength(1);
    await bench.close();
  });

  it('sends a test webhook that is signed, marked and audited', async () => {
    const bench = await openBench();
    const sent = await bench.client.webhooks.test({
      params: { source: 'orders' },
      body: { payload: { type: 'created', orderId: 'o-1' } },
    });
    await bench.settle();
    const { deliveries } = await bench.client.webhooks.deliveries();
    expect(deliveries).toMatchObject([{ ...sent, testedBy: 'developer', status: 'done' }]);
    const run = await bench.orchestrator.get(deliveries[0]?.runId ?? '');
    expect(run).toMatchObject({ actor: 'developer', labels: { test: 'webhook' } });
    expect((await bench.client.webhooks.sources()).sources).toMatchObject([
      { source: 'orders', path: '/webhooks/orders', preset: 'generic', secrets: 2, problem: null },
      { source: 'stripe' },
    ]);
    await bench.close();
  });
});

describe('defining a source', () => {
  const target = defineWorkflow({
    name: 'target',
    version: 1,
    input: z.object({ n: z.number() }),
    steps: (w) => w.finish(w.input, { approve: 'automatic' }),
  });
  const rule = onWebhook({
    payload: z.object({ n: z.number() }),
    workflow: target,
    input: ({ n }) => ({ n }),
  });
  const options = { name: 'source', preset: 'generic', events: { '*': rule } } as const;

  it('E-08: refuses a source without a secret, or with one too short, and never quotes it', () => {
    const define = (secrets: unknown) => () => defineWebhook({ ...options, secrets } as never);
    expect(define(undefined)).toThrow(/secrets.*what nobody signed is not received/s);
    expect(define([])).toThrow(/secrets.*1 to 5/);
    expect(define({ env: [] })).toThrow(/secrets.*1 to 5/);
    expect(define(['short'])).toThrow(/5 bytes/);
    expect(define(['short'])).not.toThrow(/short"/);
  });

  it('refuses rules that are none, and none at all', () => {
    const define = (events: unknown) => () =>
      defineWebhook({ ...options, secrets: { env: ['A'] }, events } as never);
    expect(define({})).toThrow(/no events/);
    expect(define({ a: {} })).toThrow(/events/);
    expect(() => onWebhook({ payload: z.object({}), input: () => ({}) } as never)).toThrow(
      /workflow/,
    );
  });

  it('is not open without its variable, unless it is only tried out', () => {
    const webhook = defineWebhook({ ...options, secrets: { env: ['HOOK', 'HOOK_OLD'] } });
    const open = (env: Record<string, string>, madeUp: { token(): string } | null = null) =>
      openSources([webhook], { env, madeUp }).get('source');
    const secret = 'x'.repeat(32);
    expect(open({})).toMatchObject({ keys: [], problem: expect.stringContaining('HOOK') });
    expect(open({ HOOK: secret, HOOK_OLD: `${secret}y` })).toMatchObject({
      keys: [Buffer.from(secret), Buffer.from(`${secret}y`)],
      problem: null,
    });
    expect(open({ HOOK: 'short' })?.problem).toMatch(/5 bytes/);
    expect(open({}, { token: () => 'a'.repeat(22) })).toMatchObject({ isTestOnly: true });
    expect(() => openSources([webhook, webhook], { env: {}, madeUp: null })).toThrow(
      /two webhooks/,
    );
  });
});
