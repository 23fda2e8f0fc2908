import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { documentWebhook } from '../../../machines/document-index/triggers.ts';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { defineWebhook, onWebhook } from '../../../src/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import { schemes } from '../../../src/webhooks/schemes.ts';
import { type Bench, oldSecret, openBench, order, secret } from './support.ts';

const created = (orderId = 'o-1') => ({ type: 'created', orderId });

async function withBench(
  work: (bench: Bench) => Promise<void>,
  options: Parameters<typeof openBench>[0] = {},
): Promise<void> {
  const bench = await openBench(options);
  try {
    await work(bench);
  } finally {
    await bench.close();
  }
}

/** Everything the store keeps of webhooks. */
async function kept({ store }: Bench): Promise<number> {
  const collections = [
    'webhook-seen',
    'webhook-inbox',
    'webhook-deliveries',
    'webhook-dead-letters',
  ];
  const all = collections.map((collection) => store.records(collection, { limit: 1_000 }));
  return (await Promise.all(all)).flat().length;
}

describe('webhooks that come in', () => {
  it('starts a run from a signed delivery, answering before it is processed', () =>
    withBench(async (bench) => {
      const { status, answer } = await bench.send(created(), { id: 'd-1' });

      expect({ status, answer }).toEqual({ status: 202, answer: { status: 'accepted' } });
      await bench.settle();
      const [run] = await bench.orchestrator.list().then(({ runs }) => runs);
      expect(run).toMatchObject({
        workflow: 'order',
        actor: 'webhook:orders',
        key: 'webhook:orders:d-1',
        labels: { trigger: 'webhook:orders' },
      });
      const listed = await bench.client.webhooks.deliveries();
      expect(listed.deliveries).toMatchObject([
        {
          source: 'orders',
          deliveryId: 'd-1',
          event: 'created',
          status: 'done',
          runId: run?.runId,
        },
      ]);
      expect(listed.waiting).toBe(0);
    }));

  it('F-01: refuses what is forged, and stores nothing', () =>
    withBench(async (bench) => {
      const body = JSON.stringify(created());
      const forgeries: readonly Parameters<Bench['send']>[1][] = [
        { key: 'another secret of thirty-two char' },
        { headers: { 'x-signature': '' } },
        { headers: { 'x-signature': `sha256=${'0'.repeat(64)}` } },
        { headers: { 'x-signature': `sha256=${'0'.repeat(63)}` } },
        { headers: { 'x-signature': 'sha1=0123' } },
      ];
      for (const forgery of forgeries) {
        const { status, answer } = await bench.send(created(), { body, ...forgery });
        expect({ status, code: answer['code'] }).toEqual({ status: 401, code: 'WEBHOOK_UNSIGNED' });
      }
      await bench.settle();
      expect(await bench.runs()).toEqual([]);
      expect(await kept(bench)).toBe(0);
    }));

  it('F-01: takes two secrets while one is rotated', () =>
    withBench(async (bench) => {
      expect((await bench.send(created(), { key: oldSecret })).status).toBe(202);
      expect((await bench.send(created(), { key: secret })).status).toBe(202);
      await bench.settle();
      expect(await bench.runs()).toHaveLength(2);
    }));

  it('F-02: a delivery that comes again succeeds without effect; an old one is refused', () =>
    withBench(async (bench) => {
      const { clock, app } = bench;
      const body = '{"id":"evt_1","type":"charge"}';
      const headers = schemes.stripe.sign({
        id: '',
        body,
        key: Buffer.from(secret),
        nowMs: clock.nowMs(),
      });
      const send = async (given = headers) => {
        const all = { 'content-type': 'application/json', ...given };
        const payload = { method: 'POST', url: '/webhooks/stripe', headers: all, payload: body };
        return (await app.inject(payload as never)).statusCode;
      };
      expect([await send(), await send()]).toEqual([202, 202]);
      await clock.advance(5 * 60_000);
      expect(await send()).toBe(202);
      await clock.advance(1_000);
      expect(await send()).toBe(401);
      const later = headers['stripe-signature']?.replace(/t=\d+/, `t=${clock.nowMs() / 1000}`);
      expect(await send({ 'stripe-signature': later ?? '' })).toBe(401);
      expect(await bench.runs()).toHaveLength(1);
    }));

  it('F-03: closes the connection at the limit of the body, whether its length is said or not', () =>
    withBench(
      async (bench) => {
        const url = await bench.app.listen({ host: '127.0.0.1', port: 0 });
        const said = await post(url, { 'content-length': '100000000' }, ['x']);
        const chunks = Array.from({ length: 64 }, () => 'x'.repeat(1_000));
        const chunked = await post(url, { 'transfer-encoding': 'chunked' }, chunks);
        const bomb = gzipSync('x'.repeat(1_000_000)).toString('latin1');
        const zipped = await post(url, { 'content-encoding': 'gzip' }, [bomb]);

        expect([said, chunked]).toEqual([
          { status: 413, connection: 'close' },
          { status: 413, connection: 'close' },
        ]);
        expect(zipped.status).toBe(400);
        expect(await kept(bench)).toBe(0);
      },
      { maxBodyBytes: 10_000 },
    ));

  it('F-04: cuts off a body that comes too slowly, and serves others meanwhile', () =>
    withBench(
      async (bench) => {
        const url = await bench.app.listen({ host: '127.0.0.1', port: 0 });
        let begun = () => {};
        const hasBegun = new Promise<void>((resolve) => {
          begun = resolve;
        });
        const slow = post(url, { 'content-length': '100' }, ['x'], begun);
        await hasBegun;

        expect((await bench.send(created())).status).toBe(202);
        // the request must have come as far as its body
        for (let turn = 0; turn < 50; turn += 1) await bench.clock.advance(100);
        expect(await slow).toEqual({ status: 408, connection: 'close' });
      },
      { bodyTimeoutMs: 2_000 },
    ));

  it('F-05: answers 400 to every body that is signed and yet no JSON', () =>
    withBench(async (bench) => {
      const bodies = [
        '',
        ' ',
        '{',
        '[1,]',
        '{"a":1,}',
        "{'a':1}",
        'NaN',
        '01',
        '"\u0001"',
        '{"a":1}x',
        '\ufeff{}',
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b" \n : 2}}',
        '{"a":1,"\\u0061":2}',
        '\0',
        '[\0]',
        '['.repeat(100_000),
        `${'['.repeat(100)}${']'.repeat(100)}`,
        '"\\ud800',
        'nul',
      ];
      for (const body of bodies) {
        const { status, answer } = await bench.send(null, { body });
        expect({ body: body.slice(0, 20), status, code: answer['code'] }).toEqual({
          body: body.slice(0, 20),
          status: 400,
          code: 'WEBHOOK_INVALID',
        });
      }
      const text = { headers: { 'content-type': 'text/plain' } };
      expect((await bench.send(created(), text)).status).toBe(400);
      const [invalid] = ['\xff\xfe'].map((latin1) => Buffer.from(latin1, 'latin1'));
      const signed = schemes.generic.sign({
        id: 'd',
        body: invalid as never,
        key: Buffer.from(secret),
        nowMs: 0,
      });
      const headers = { 'content-type': 'application/json', ...signed };
      const sent = { method: 'POST', url: '/webhooks/orders', headers, payload: invalid };
      expect((await bench.app.inject(sent as never)).statusCode).toBe(400);
      expect(await kept(bench)).toBe(0);
    }));

  it('F-06: checks the bytes that came, not what a parser makes of them', () =>
    withBench(async (bench) => {
      const body = '{ "type" : "created",\n  "orderId" : "o\\u002d1" }';
      expect((await bench.send(null, { body })).status).toBe(202);
      const again = JSON.stringify(JSON.parse(body));
      const signed = schemes.generic.sign({ id: 'x', body, key: Buffer.from(secret), nowMs: 0 });
      expect((await bench.send(null, { body: again, headers: signed })).status).toBe(401);
      await bench.settle();
      expect(await bench.runs()).toHaveLength(1);
    }));

  it('D-03: five deliveries of one id, also over a restart, have one effect and five successes', async () => {
    const inner = createMemoryStore();
    const store = { ...inner, close: async () => {} };
    const statuses: number[] = [];
    for (const times of [3, 2]) {
      await withBench(
        async (bench) => {
          for (let time = 0; time < times; time += 1)
            statuses.push((await bench.send(created(), { id: 'same' })).status);
          await bench.settle();
          expect(await bench.runs()).toHaveLength(1);
        },
        { store },
      );
    }
    expect(statuses).toEqual([202, 202, 202, 202, 202]);
  });

  it('D-04: keeps a signal for a run that does not exist yet, as long as the rule says', () =>
    withBench(async (bench) => {
      await bench.send({ type: 'paid', orderId: 'not-there', total: 5 });
      await bench.clock.advance(9 * 60_000);
      expect(await bench.client.webhooks.deliveries()).toMatchObject({
        waiting: 1,
        deliveries: [{ status: 'accepted' }],
      });

      const { runId } = await bench.orchestrator.start('payment', {});
      await bench.send({ type: 'paid', orderId: runId, total: 7 });
      await bench.settle();
      expect(await bench.orchestrator.result(runId)).toEqual({ cents: 7 });

      await bench.clock.advance(3 * 60_000);
      const { deadLetters } = await bench.client.webhooks.deadLetters();
      expect(deadLetters).toMatchObject([{ problem: { code: 'RUN_NOT_FOUND' } }]);
    }));

  it('F-10: keeps delivery ids apart, whatever they are made of', () =>
    withBench(async (bench) => {
      const ids = [
        '../../x',
        'a/b',
        '..\\x',
        'CON',
        'con',
        '%2e%2e',
        '.a',
        'x'.repeat(300),
        `${'x'.repeat(299)}y`,
      ];
      for (const id of ids) expect((await bench.send(created(), { id })).status).toBe(202);
      await bench.settle();
      expect(await bench.runs()).toHaveLength(ids.length);
      for (const path of ['/webhooks/..%2forders', '/webhooks/orders%00', '/webhooks/ORDERS'])
        expect((await bench.app.inject({ method: 'POST', url: path })).statusCode).toBe(404);
    }));

  it('answers the question of Slack, and reads its forms', async () => {
    const slack = defineWebhook({
      name: 'slack',
      preset: 'slack',
      secrets: [secret],
      events: {
        '*': onWebhook({
          payload: z.object({ text: z.string() }),
          workflow: order,
          input: ({ text }, { deliveryId }) => ({
            orderId: text,
            deliveryId: deliveryId.slice(0, 7),
          }),
        }),
      },
    });
    await withBench(
      async (bench) => {
        const send = async (type: string, body: string) => {
          const signed = schemes.slack.sign({
            id: '',
            body,
            key: Buffer.from(secret),
            nowMs: bench.clock.nowMs(),
          });
          const headers = { 'content-type': type, ...signed };
          const sent = { method: 'POST', url: '/webhooks/slack', headers, payload: body } as const;
          return (await bench.app.inject(sent)).json();
        };
        const question = '{"type":"url_verification","challenge":"3eZbrw1a"}';
        expect(await send('application/json', question)).toEqual({ challenge: '3eZbrw1a' });
        const form = 'application/x-www-form-urlencoded';
        expect(await send(form, 'command=%2Forder&text=o-%C3%A4')).toEqual({ status: 'accepted' });
        expect(await send(form, `payload=${encodeURIComponent('{"text":"o-2"}')}`)).toEqual({
          status: 'accepted',
        });
        await bench.settle();
        const inputs = await Promise.all(
          (await bench.runs()).map(({ runId }) => bench.orchestrator.result(runId)),
        );
        const ids = inputs.map((input) => z.object({ orderId: z.string() }).parse(input).orderId);
        expect(new Set(ids)).toEqual(new Set(['o-2', 'o-ä']));
      },
      { triggers: [slack] },
    );
  });

  it('M015, M016: the documents’ webhook starts a run for what it knows, and for nothing else', () => {
    const received = {
      source: 'document-updated',
      deliveryId: 'd-1',
      event: 'created',
      receivedAtMs: 0,
      headers: {},
    };
    const event = {
      doc_id: 'returns-policy',
      action: 'created',
      url: '/documents/returns-policy.md',
    };
    const { rules } = documentWebhook;
    expect([...rules.keys()]).toEqual(['created', 'updated', 'deleted']);
    expect(rules.get('created')?.actionOf(event, received)).toMatchObject({
      do: 'start',
      name: 'document-index',
      input: event,
      key: 'webhook:document-updated:d-1',
    });
    expect(documentWebhook.eventOf({ ...event, action: 'archived' }, {})).toBe('archived');
  });

  it('F-11: a line break in a payload stays one value', () =>
    withBench(async (bench) => {
      const { status } = await bench.send({ type: 'x\r\ny: z', orderId: 'o' }, { id: 'd' });
      expect(status).toBe(202);
      await bench.settle();
      const { deadLetters } = await bench.client.webhooks.deadLetters();
      expect(deadLetters).toMatchObject([{ event: 'x\r\ny: z' }]);
    }));

  it('answers 503 while too many are waiting, and forgets nothing of them', () =>
    withBench(
      async (bench) => {
        expect((await bench.send(created('o-1'))).status).toBe(202);
        const busy = await bench.send(created('o-2'));
        expect(busy).toMatchObject({
          status: 503,
          answer: { code: 'WEBHOOK_BUSY' },
          retryAfter: expect.any(String),
        });
        expect(await kept(bench)).toBe(2);
      },
      { concurrency: 0, maxWaiting: 1 },
    ));

  it('D-03: what a process accepted that is gone is processed by another one on the store', async () => {
    const store: Store = { ...createMemoryStore(), shared: true };
    const bench = await openBench({ store });
    const receivedAtMs = bench.clock.nowMs();
    const value = {
      source: 'orders',
      deliveryId: 'left',
      event: 'created',
      payload: { orderId: 'o-1', type: 'created' },
      headers: {},
      receivedAtMs,
      enteredAtMs: receivedAtMs,
      testedBy: null,
      replays: 0,
    };
    const key = `${new Date(receivedAtMs).toISOString()}-left`;
    await store.saveRecords([{ collection: 'webhook-inbox', key, expectedRevision: 0, value }]);
    await bench.clock.advance(45_000);
    const early = await bench.runs();
    await bench.clock.advance(60_000);

    expect(early).toEqual([]);
    expect(await bench.runs()).toHaveLength(1);
    expect(await store.records('webhook-inbox', { limit: 1 })).toEqual([]);
    await bench.close();
  });

  it('forgets deliveries after a week, and dead letters after ninety days', () =>
    withBench(async (bench) => {
      await bench.send(created('o-1'));
      await bench.send({ type: 'unknown', orderId: 'o-2' });
      await bench.settle();
      bench.clock.jump(7 * 24 * 3_600_000);
      await bench.clock.advance(3_600_000);
      expect(await kept(bench)).toBe(3);
      bench.clock.jump(84 * 24 * 3_600_000);
      await bench.clock.advance(3_600_000);
      expect(await kept(bench)).toBe(0);
    }));
});

interface Answered {
  readonly status: number;
  readonly connection: string | undefined;
}

/** A request whose body comes in pieces, and need not come whole. */
function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  pieces: readonly string[],
  begun: () => void = () => {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/webhooks/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    request.on('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, connection: response.headers.connection });
    });
    request.on('error', reject);
    request.on('socket', (socket) => socket.once('connect', begun));
    for (const piece of pieces) request.write(piece, 'latin1');
    if (headers['content-length'] === undefined) request.end();
  });
}
