import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { createClient } from '../../../src/client/index.ts';
import type { RunEvent } from '../../../src/engine/announcer.ts';
import {
  createOrchestrator,
  defineTask,
  defineWorkflow,
  type RunView,
  TransientError,
} from '../../../src/index.ts';
import type { JsonObject } from '../../../src/plan/json.ts';
import { createRetryMeter } from '../../../src/service/health/retries.ts';
import { createSpend } from '../../../src/service/health/spend.ts';
import { defaultLimits, stuckReason } from '../../../src/service/health/stuck.ts';
import { fingerprintOf, patternOf } from '../../../src/service/incidents/fingerprint.ts';
import { createService } from '../../../src/service/index.ts';
import { ManualClock } from '../../../src/testing/index.ts';

const minute = 60_000;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function served(workflows: Parameters<typeof createOrchestrator>[0]['workflows']) {
  const store = createMemoryStore();
  const clock = new ManualClock();
  const logger = pino({ level: 'silent' });
  const orchestrator = await createOrchestrator({ workflows, store, clock, logger });
  const service = await createService(orchestrator, { store, clock, logger });
  const client = createClient({ url: await service.listen() });
  closers.push(async () => {
    await service.close();
    await orchestrator.close();
  });
  return { orchestrator, client, clock, store };
}

function ordering() {
  const supplier = { isUp: false };
  const fetchPart = defineTask({
    name: 'fetch_part',
    input: z.object({ part: z.number() }),
    output: z.string(),
    compensate: 'none',
    run: ({ input }) => {
      if (supplier.isUp) return Promise.resolve('part');
      if (input.part > 100) return Promise.reject(new RangeError(`No part ${input.part}`));
      return Promise.reject(new Error(`Supplier does not answer about part "P-${input.part}"`));
    },
  });
  const order = defineWorkflow({
    name: 'order',
    version: 1,
    input: z.object({ part: z.number() }),
    steps: (w) => w.task('fetch', fetchPart, { input: w.input }),
  });
  return { supplier, order };
}

describe('incidents', () => {
  it('group failed runs by cause, are retried as one, and count again what fails afterwards', async () => {
    const { supplier, order } = ordering();
    const { orchestrator, client, clock } = await served([order]);
    const start = async (part: number) => {
      const { runId } = await orchestrator.start(order, { part });
      await orchestrator.drive(runId, 'finished');
    };
    for (const part of [1, 2, 3, 101]) await start(part);

    const { incidents } = await client.incidents.list();
    const supplierDown = incidents.find(({ count }) => count === 3);
    const noPart = incidents.find(({ count }) => count === 1);

    expect(incidents).toHaveLength(2);
    expect(supplierDown).toMatchObject({ kind: 'failed', workflow: 'order', step: 'fetch' });
    expect(noPart).toMatchObject({ name: 'RangeError' });

    const handled = { params: { incidentId: noPart?.incidentId ?? '' } };
    await client.incidents.handle({ ...handled, body: { reason: 'typing error' } });
    await clock.advance(2 * minute);
    const left = (await client.incidents.list()).incidents;
    await start(102);
    await clock.advance(2 * minute);
    const again = (await client.incidents.list()).incidents.find(
      ({ name }) => name === 'RangeError',
    );

    expect(left.map(({ name }) => name)).toEqual(['Error']);
    expect(again).toMatchObject({
      count: 1,
      handled: { by: 'developer', reason: 'typing error', count: 1 },
    });

    supplier.isUp = true;
    const retried = { params: { incidentId: supplierDown?.incidentId ?? '' } };
    const batch = await client.incidents.retry({ ...retried, body: { reason: 'it is back' } });
    await expect
      .poll(async () => (await client.runs.counts()).status)
      .toEqual({ complete: 3, failed: 2 });

    expect(batch).toMatchObject({ total: 3 });
    await clock.advance(2 * minute);
    expect(await client.incidents.runs(retried)).toEqual({ runs: [], total: 0 });
    await expect(
      client.incidents.handle({ ...retried, body: { reason: 'late' } }),
    ).rejects.toMatchObject({ status: 404, code: 'INCIDENT_UNKNOWN' });
  });

  it('M225: a run that nobody and nothing will move is one, once it has stood for long', async () => {
    const order = defineWorkflow({
      name: 'order',
      version: 1,
      input: z.object({}),
      steps: (w) => w.finish(w.input, { approve: 'person' }),
    });
    const { orchestrator, client, clock } = await served([order]);
    const { runId } = await orchestrator.start(order, {});
    await orchestrator.drive(runId);

    await clock.advance(23 * 60 * minute);
    const before = await client.incidents.list();
    await clock.advance(2 * 60 * minute);
    await expect
      .poll(async () => (await client.incidents.list()).incidents)
      .toMatchObject([{ kind: 'stuck', name: 'no_owner', runIds: [runId] }]);

    expect(before).toMatchObject({ incidents: [], isPartial: false });
    expect(await client.health.get()).toMatchObject({
      status: 'degraded',
      stuck: 1,
      problems: ['1 run is stuck'],
    });
  });
});

describe('retries', () => {
  const at = (atMs: number, error: JsonObject | null) =>
    ({
      runId: 'r',
      workflow: 'order',
      status: 'processing',
      entry: { step: 'fetch', attempt: 1, error, atMs },
    }) as RunEvent;
  const busy = { message: 'HTTP 429: too many requests', retryable: true };

  it('are a storm if many more fail than usual, and none if that is how it always is', () => {
    const surprised = createRetryMeter(0);
    const used = createRetryMeter(0);
    for (let time = 0; time < 60; time += 1) {
      for (let failure = 0; failure < 5; failure += 1) used.note(at(time * minute, busy));
      surprised.note(at(time * minute, time < 59 ? null : busy));
    }
    const usual = used.list(60 * minute - 1);
    for (let failure = 0; failure < 30; failure += 1) surprised.note(at(59 * minute, busy));

    expect(usual).toMatchObject([{ failures: 25, usualFailures: 25, isStorm: false }]);
    expect(surprised.list(60 * minute - 1)).toMatchObject([
      { workflow: 'order', step: 'fetch', failures: 31, usualFailures: 0, isStorm: true },
    ]);
    expect(surprised.list(60 * minute - 1)[0]?.lastError).toBe('HTTP 429: too many requests');
    expect(surprised.list(70 * minute)).toEqual([]);
  });

  it('are not what will not be tried again, nor what succeeds most of the time', () => {
    const meter = createRetryMeter(0);
    for (let attempt = 0; attempt < 60; attempt += 1) {
      meter.note(at(0, { message: 'declined', retryable: false }));
      meter.note(at(0, attempt % 3 === 0 ? busy : null));
    }

    expect(meter.list(minute)).toMatchObject([
      { attempts: 119, failures: 20, usualFailures: null, isStorm: false },
    ]);
  });
});

describe('what models have used', () => {
  const use = {
    model: 'small-1',
    calls: 2,
    inputTokens: 100,
    outputTokens: 10,
    costUsd: 0.25,
  };

  it('is kept by day, workflow and model, also by the next process, and shown before it is written', async () => {
    const store = createMemoryStore();
    const clock = new ManualClock();
    const parts = { store, clock, log: pino({ level: 'silent' }) };
    const first = createSpend(parts);
    const today = new Date(clock.nowMs()).toISOString().slice(0, 10);
    first.note('triage', use);
    first.note('triage', use);
    first.note('report', { ...use, model: 'unknown', costUsd: null });

    const unwritten = await first.read(1);
    expect(await store.records('model-use', { limit: 10 })).toEqual([]);
    await first.close();
    const next = createSpend(parts);
    next.note('triage', use);
    await clock.advance(24 * 60 * minute);
    next.note('triage', use);
    await next.close();

    expect(unwritten).toEqual([
      {
        day: today,
        workflow: 'triage',
        model: 'small-1',
        calls: 4,
        unpricedCalls: 0,
        inputTokens: 200,
        outputTokens: 20,
        costUsd: 0.5,
      },
      {
        day: today,
        workflow: 'report',
        model: 'unknown',
        calls: 2,
        unpricedCalls: 2,
        inputTokens: 100,
        outputTokens: 10,
        costUsd: 0,
      },
    ]);
    const rows = await createSpend(parts).read(7);
    expect(rows.map(({ day, calls }) => [day > today, calls])).toEqual([
      [true, 2],
      [false, 6],
      [false, 2],
    ]);
    expect((await createSpend(parts).read(1)).map(({ calls }) => calls)).toEqual([2]);
  });

  it('is forgotten after ninety days, and waits for a store that cannot be written', async () => {
    const store = createMemoryStore();
    const clock = new ManualClock();
    let isBroken = true;
    const saveRecords: typeof store.saveRecords = (changes) =>
      isBroken ? Promise.reject(new Error('full')) : store.saveRecords(changes);
    const spend = createSpend({
      store: {
        ...store,
        readOnly: false,
        saveRecords,
        record: store.record,
        records: store.records,
      },
      clock,
      log: pino({ level: 'silent' }),
    });
    const old = { collection: 'model-use', key: '1969-01-01', expectedRevision: 0, value: {} };
    await store.saveRecords([old]);
    spend.note('triage', use);
    await clock.advance(6_000);
    expect(await spend.read(1)).toMatchObject([{ calls: 2 }]);

    isBroken = false;
    await clock.advance(6_000);
    await spend.close();

    const kept = await store.records('model-use', { limit: 10 });
    expect(kept.map(({ value }) => value)).toMatchObject([{ rows: [{ calls: 2 }] }]);
  });

  it('begins anew on a day that cannot be read, and says so', async () => {
    const store = createMemoryStore();
    const clock = new ManualClock();
    const spend = createSpend({ store, clock, log: pino({ level: 'silent' }) });
    const key = spend.today();
    const damaged = { collection: 'model-use', key, expectedRevision: 0, value: { rows: 7 } };
    await store.saveRecords([damaged]);
    expect(spend.unreadable()).toEqual([]);

    spend.note('triage', use);
    await clock.advance(6_000);

    expect(await spend.read(1)).toMatchObject([{ calls: 2 }]);
    expect(spend.unreadable()).toEqual([key]);
  });
});

describe('the cause of a failure', () => {
  it('is the same whatever ids, numbers, addresses and quoted values the message holds', () => {
    const cause = {
      kind: 'failed' as const,
      workflow: 'order',
      step: 'fetch',
      name: 'Error',
      code: null,
    };
    const messages = [
      'Order 17 of "Ann" at https://a.example/x?1 (3f2504e0-4f89-41d3-9a0c-0305e82c3301) took 12.5s',
      "Order 999 of 'Bob' at https://b.example/y (aaaaaaaa-4f89-41d3-9a0c-0305e82c3301) took 3s",
    ];

    const [one, other] = messages.map((message) => fingerprintOf({ ...cause, message }));

    expect(one).toBe(other);
    expect(one).not.toBe(fingerprintOf({ ...cause, message: 'Refused' }));
    expect(patternOf(messages[0] ?? '')).toBe('Order # of … at … (…) took #');
  });
});

describe('a run under way', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  const run = (given: Partial<RunView>) =>
    ({
      runId: 'r',
      workflow: 'order',
      status: 'processing',
      paused: false,
      heldBy: [],
      finishedAt: null,
      updatedAt: '2026-01-01T00:00:00Z',
      waitingOn: [],
      ...given,
    }) as unknown as RunView;
  const waiting = (given: object) => ({
    kind: 'event',
    step: 'reply',
    since: '2026-01-01T00:00:00Z',
    until: null,
    what: 'event "reply"',
    afterwards: null,
    ...given,
  });
  const why = (given: Partial<RunView>) => stuckReason(run(given), now, defaultLimits)?.why ?? null;

  it.each([
    ['waits for nothing', {}, 'no_progress'],
    ['waits for nothing, but is paused', { paused: true }, null],
    ['has just moved', { updatedAt: '2026-01-01T23:59:00Z' }, null],
    ['was due long ago', { waitingOn: [waiting({ until: '2026-01-01T12:00:00Z' })] }, 'overdue'],
    ['is due later', { waitingOn: [waiting({ until: '2026-01-03T00:00:00Z' })] }, null],
    ['waits for an event for ever', { waitingOn: [waiting({})] }, 'no_owner'],
    [
      'waits for a person who has a name',
      { waitingOn: [waiting({ kind: 'review', assignees: ['ann'] })] },
      null,
    ],
    [
      'waits for something that will come beside',
      { waitingOn: [waiting({}), waiting({ kind: 'child' })] },
      null,
    ],
    [
      'is in an attempt without a limit for a day',
      { waitingOn: [waiting({ kind: 'attempt' })] },
      'long_attempt',
    ],
    ['lacks its workflow', { waitingOn: [waiting({ kind: 'definition' })] }, 'no_definition'],
  ] as const)('that %s: %o', (_what, given, expected) => {
    expect(why(given as Partial<RunView>)).toBe(expected);
  });
});

describe('health', () => {
  it('counts the runs that ask somebody, whatever their status', async () => {
    const asked = defineWorkflow({
      name: 'asked',
      version: 1,
      input: z.object({}),
      steps: (w) => w.review('opinion'),
    });
    const { orchestrator, client } = await served([asked]);
    await orchestrator.start(asked, {});
    await expect
      .poll(() => client.health.get())
      .toMatchObject({ runs: { processing: 1 }, inReview: 1 });
  });

  it('names open breakers, closes one on request, and counts steps that are tried again', async () => {
    const service = { isUp: false };
    const call = defineTask({
      name: 'call',
      input: z.object({}),
      output: z.string(),
      compensate: 'none',
      breaker: { name: 'bank', failureThreshold: 2, resetAfter: '60s' },
      retry: { maxAttempts: 9, backoff: { kind: 'fixed', initial: '1s' } },
      run: () =>
        service.isUp ? Promise.resolve('done') : Promise.reject(new TransientError('503')),
    });
    const caller = defineWorkflow({
      name: 'caller',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('call', call, { input: w.input }),
    });
    const { orchestrator, client, clock, store } = await served([caller]);
    const { today } = await client.health.spend({ query: {} });
    const spent = { collection: 'model-use', key: today, expectedRevision: 0, value: { rows: 7 } };
    await store.saveRecords([spent]);
    expect(await client.health.spend({ query: {} })).toMatchObject({ rows: [] });
    await orchestrator.start(caller, {});
    await clock.advance(2_000);
    await expect
      .poll(async () => (await client.health.breakers()).breakers)
      .toMatchObject([{ name: 'bank', state: 'open' }]);

    const degraded = await client.health.get();
    const closed = await client.health.resetBreaker({
      params: { name: 'bank' },
      body: { reason: 'the bank says so' },
    });

    expect(degraded).toMatchObject({
      status: 'degraded',
      problems: [
        'Breaker "bank" is open',
        expect.stringContaining(`used on ${today} cannot be read`),
      ],
      queue: { waiting: 0, running: 0 },
      runs: { processing: 1 },
    });
    expect(closed).toMatchObject({ state: 'closed', probesAt: null });
    await expect(
      client.health.resetBreaker({ params: { name: 'none' }, body: { reason: 'x' } }),
    ).rejects.toMatchObject({ status: 422, code: 'INPUT_INVALID' });
    const metrics = await client.health.metrics();
    expect(metrics).toContain('signalbox_breaker_state{breaker="bank"} 0');
    expect(metrics).toContain('signalbox_runs{status="processing"} 1');
    expect(metrics).toMatch(/signalbox_attempt_duration_count\{[^}]*step="call"[^}]*\} 2/);
    expect(metrics).toMatch(
      /http_server_request_duration_count\{[^}]*http_route="\/api\/v1\/breakers\/:name\/reset"[^}]*"422"\} 1/,
    );
    expect((await client.audit.list()).entries).toMatchObject([
      { action: 'breaker.reset', subject: 'breaker/bank', actor: 'developer' },
    ]);
  });

  it('a pause says who and why in the audit log, in what is wrong, and in every run it holds', async () => {
    const { order: workflow } = ordering();
    const { client } = await served([workflow]);
    const paused = await client.pauses.pause({ body: { reason: 'flood' } });
    await client.pauses.pause({ body: { workflow: workflow.name, reason: 'wrong parts' } });
    const { runId } = await client.runs.start({
      body: { workflow: workflow.name, input: { part: 1 } },
    });

    expect(paused).toMatchObject({
      changed: true,
      pauses: [{ scope: 'everything', workflow: null, actor: 'developer', reason: 'flood' }],
    });
    expect((await client.health.get()).problems).toEqual([
      'Everything is paused by developer: flood',
      `Workflow "${workflow.name}" is paused by developer: wrong parts`,
    ]);
    expect(await client.runs.explain({ params: { runId } })).toMatchObject({
      status: 'pending',
      heldBy: [{ scope: 'everything' }, { scope: 'workflow', reason: 'wrong parts' }],
    });
    await expect(
      client.pauses.pause({ body: { workflow: 'none', reason: 'x' } }),
    ).rejects.toMatchObject({ status: 404, code: 'WORKFLOW_UNKNOWN' });
    expect(await client.pauses.resume({ body: { reason: 'dry again' } })).toMatchObject({
      pauses: [{ scope: 'workflow', workflow: workflow.name }],
    });
    expect((await client.audit.list()).entries).toMatchObject([
      { action: 'runs.resumed', subject: 'everything', details: { reason: 'dry again' } },
      { action: 'runs.paused', subject: `workflow/${workflow.name}` },
      { action: 'runs.paused', subject: 'everything', details: { reason: 'flood', changed: true } },
    ]);
  });
});
