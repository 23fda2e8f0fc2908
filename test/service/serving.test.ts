import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { createAdjustableClock } from '../../src/adapters/system/adjustable-clock.ts';
import { createClient, ServiceError } from '../../src/client/index.ts';
import { createOrchestrator, defineTask, defineWorkflow } from '../../src/index.ts';
import { createMortalStore } from '../../src/service/development/crash.ts';
import { createService } from '../../src/service/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { openService } from '../support/service-bench.ts';

const logger = pino({ level: 'silent' });
const count = defineTask({
  name: 'count',
  input: z.object({ number: z.number() }),
  output: z.number(),
  compensate: 'none',
  run: async ({ input }) => input.number,
});
const counting = defineWorkflow({
  name: 'counting',
  version: 1,
  input: z.object({ number: z.number() }),
  steps: (w) => w.task('count', count, { input: w.input }),
});

const asking = defineWorkflow({
  name: 'asking',
  version: 1,
  input: z.object({}),
  steps: (w) => w.review('question'),
});

describe('stopping a service', () => {
  it('D-12: of 1,000 starts while it shuts down each is refused, or accepted and executed, then or later', async () => {
    const store = createMemoryStore();
    const orchestrator = await createOrchestrator({ workflows: [counting], store, logger });
    const service = await createService(orchestrator, { store, logger });
    const client = createClient({ url: await service.listen() });
    let accepted = 0;
    let close = async () => {};
    const start = async (number: number) => {
      try {
        const body = { workflow: 'counting', input: { number } };
        const { runId } = await client.runs.start({ body });
        accepted += 1;
        // In the middle of it, once.
        if (accepted === 200) {
          const closing = service.close().then(() => orchestrator.close());
          close = () => closing;
        }
        return runId;
      } catch (error) {
        // The service says so, or nobody listens any more.
        expect(error instanceof ServiceError ? error.status : 503).toBe(503);
        return null;
      }
    };

    const runIds = await Promise.all(Array.from({ length: 1_000 }, (_, number) => start(number)));
    await close();
    const later = await createOrchestrator({ workflows: [counting], store, logger });
    const outputs = await Promise.all(
      runIds.filter((runId) => runId !== null).map((runId) => later.result(runId)),
    );
    const stored = await store.count({});
    await later.close();

    expect(accepted).toBeGreaterThanOrEqual(200);
    expect(accepted).toBeLessThan(1_000);
    expect(outputs).toEqual(runIds.flatMap((runId, number) => (runId === null ? [] : [number])));
    expect(stored.every(({ status }) => status === 'complete')).toBe(true);
  });
});

describe('waiting for a run while the service stops', () => {
  it('is answered at once with how the run stands', async () => {
    const store = createMemoryStore();
    const orchestrator = await createOrchestrator({ workflows: [asking], store, logger });
    const service = await createService(orchestrator, { store, logger });
    const client = createClient({ url: await service.listen() });
    const { runId } = await client.runs.start({ body: { workflow: 'asking', input: {} } });
    await client.runs.wait({ params: { runId } });
    const waiting = client.runs.wait({
      params: { runId },
      query: { until: 'finished', timeoutMs: 60_000 },
    });
    // It is under way once another call that came later has been answered.
    await client.runs.get({ params: { runId } });

    await service.close();

    expect(await waiting).toMatchObject({ reached: false, run: { status: 'processing' } });
    await orchestrator.close();
  });
});

describe('a store whose disk is full', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'signalbox-full-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('A-04: writes are refused as such, reading goes on, nobody takes the service for ready, and it recovers by itself', async () => {
    let isFull = false;
    const store = await openSqliteStore(join(directory, 'runs.db'), {
      onOperation(operation) {
        if (isFull && operation === 'commit')
          throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
      },
    });
    const { service, client, orchestrator, clock, close } = await openService([asking], { store });
    const { runId } = await orchestrator.start('asking', {});
    await orchestrator.drive(runId);
    const look = async () => {
      await clock.advance(5_000);
      return (await service.app.inject('/readyz')).statusCode;
    };

    const before = await look();
    isFull = true;
    const started = client.runs.start({ body: { workflow: 'asking', input: {} } });
    await expect(started).rejects.toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    const cancelled = client.runs.cancel({ params: { runId }, body: {} });
    await expect(cancelled).rejects.toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    const during = await look();
    const run = await client.runs.get({ params: { runId } });
    const health = await client.health.get();
    isFull = false;
    const after = await look();
    await client.runs.cancel({ params: { runId }, body: {} });

    expect([before, during, after]).toEqual([200, 503, 200]);
    expect(run).toMatchObject({ runId, status: 'processing' });
    expect(health.problems).toContain('Nothing can be written to the store; the log says why');
    expect(await orchestrator.drive(runId, 'finished')).toMatchObject({ status: 'cancelled' });
    await close();
    await store.close();
  });
});

describe('a store in which a record is damaged', () => {
  it('A-08: whoever needs it hears which one, and everybody else is served', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'signalbox-damaged-'));
    const file = join(directory, 'runs.db');
    const store = await openSqliteStore(file);
    const { service, client, close } = await openService([asking], { store });
    const { viewId } = await client.views.create({
      body: { name: 'mine', search: 'status=failed' },
    });
    const database = new DatabaseSync(file);
    database.exec(`UPDATE records SET value = substr(value, 1, 9) WHERE key = '${viewId}'`);
    database.close();

    const listed = client.views.list();
    await expect(listed).rejects.toMatchObject({ status: 503, code: 'STORE_DAMAGED' });
    await expect(listed).rejects.toThrow(viewId);
    expect(await client.runs.list()).toMatchObject({ runs: [] });
    expect((await service.app.inject('/readyz')).statusCode).toBe(200);
    await close();
    await store.close();
    rmSync(directory, { recursive: true });
  });
});

describe('calls for development', () => {
  it('are not there unless they were asked for, and never with sign-in', async () => {
    const store = createMemoryStore();
    const orchestrator = await createOrchestrator({ workflows: [], store, logger });
    const service = await createService(orchestrator, { store, logger });
    const client = createClient({ url: await service.listen() });
    const clock = createAdjustableClock(new ManualClock());
    const development = {
      clock,
      mortal: createMortalStore(store, () => {}),
      restarts: 0,
      die: () => {},
    };

    await expect(client.development.crash({ body: {} })).rejects.toMatchObject({ status: 404 });
    await expect(client.development.skip({ body: {} })).rejects.toMatchObject({ status: 404 });
    expect(await client.service.about()).toMatchObject({ isDevelopment: false });
    await expect(
      createService(orchestrator, {
        store,
        logger,
        development,
        identity: { mode: 'sign-in', publicUrl: 'https://ops.example.com' },
      }),
    ).rejects.toThrow('not for development');
    await service.close();
    await orchestrator.close();
  });
});

describe('a clock that can be set ahead', () => {
  it('wakes what has come due by that, leaves the rest to its time, and measures no other durations', async () => {
    const base = new ManualClock();
    const clock = createAdjustableClock(base, 500);
    const woken: string[] = [];
    clock.after(1_000, () => woken.push('a second'));
    clock.after(60_000, () => woken.push('a minute'));
    const cancel = clock.after(1_000, () => woken.push('never'));
    const startMs = clock.nowMs();

    cancel();
    clock.advance(30_000);
    await base.advance(0);
    expect(woken).toEqual(['a second']);
    await base.advance(29_999);
    expect(woken).toEqual(['a second']);
    await base.advance(1);

    expect(woken).toEqual(['a second', 'a minute']);
    expect(clock.aheadMs).toBe(30_500);
    expect(clock.nowMs() - startMs).toBe(60_000);
    expect(clock.monotonicMs()).toBe(base.monotonicMs());
    expect(() => clock.advance(-1)).toThrow(RangeError);
  });
});
