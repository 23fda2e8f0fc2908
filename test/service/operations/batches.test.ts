import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import {
  createOrchestrator,
  defineTask,
  defineWorkflow,
  type Orchestrator,
} from '../../../src/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import { createService } from '../../../src/service/index.ts';
import { eventually } from '../../support/eventually.ts';
import { createFaultyStore } from '../../support/faulty-store.ts';
import { openService } from '../../support/service-bench.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Fails while the supplier is down. */
function supplied() {
  const supplier = { isUp: false };
  const fetchPart = defineTask({
    name: 'fetch_part',
    input: z.object({ part: z.number() }),
    output: z.string(),
    compensate: 'none',
    run: ({ input }) =>
      supplier.isUp
        ? Promise.resolve(`part ${input.part}`)
        : Promise.reject(new Error(`Supplier 17 does not answer about part ${input.part}`)),
  });
  const order = defineWorkflow({
    name: 'order',
    version: 1,
    input: z.object({ part: z.number() }),
    steps: (w) => w.task('fetch', fetchPart, { input: w.input }),
  });
  return { supplier, order };
}

async function served(
  store: Store,
  workflows: Parameters<typeof createOrchestrator>[0]['workflows'],
  changed: (orchestrator: Orchestrator) => Partial<Orchestrator> = () => ({}),
) {
  const logger = pino({ level: 'silent' });
  const orchestrator = await createOrchestrator({ workflows, store, logger });
  const service = await createService(
    { ...orchestrator, ...changed(orchestrator) },
    { store, logger },
  );
  const url = await service.listen();
  const close = async () => {
    await service.close();
    await orchestrator.close();
  };
  closers.push(close);
  return { orchestrator, client: createClient({ url }), close };
}

async function ended(client: Client, batchId: string) {
  for (;;) {
    const batch = await client.batches.get({ params: { batchId } });
    if (batch.status !== 'running') return batch;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a batch', () => {
  it('says by a dry run who accepts it, does it to them alone, and tells what became of each', async () => {
    const { supplier, order } = supplied();
    const { client, orchestrator } = await served(createMemoryStore(), [order]);
    for (let part = 0; part < 20; part += 1) {
      const { runId } = await orchestrator.start(order, { part });
      await orchestrator.drive(runId, 'finished');
    }
    supplier.isUp = true;
    const well = await orchestrator.start(order, { part: 99 });
    await well.result();
    const runs = { filter: { workflow: 'order' } };

    const preview = await client.batches.preview({ body: { action: { kind: 'retry' }, runs } });
    const { batchId } = await client.batches.start({
      body: { action: { kind: 'retry' }, runs, reason: 'the supplier is back' },
    });
    const batch = await ended(client, batchId);
    const { items } = await client.batches.items({ params: { batchId } });

    expect(preview).toMatchObject({
      matching: 21,
      accepted: 20,
      refused: [{ why: 'is complete, not failed', count: 1, example: well.runId }],
    });
    expect(batch).toMatchObject({ status: 'complete', total: 20, done: 20, skipped: 0, failed: 0 });
    expect(items).toHaveLength(20);
    expect(new Set(items.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
    for (const { runId } of items) await orchestrator.drive(runId, 'finished');
    expect(await client.runs.counts()).toMatchObject({ status: { complete: 21 } });
    const [retried] = await orchestrator.history(items[0]?.runId ?? '', { afterSeq: 3, limit: 1 });
    expect(retried).toMatchObject({ actor: 'developer' });
  });

  it('A-04: waits while the store cannot be written, and goes on by itself; no run counts as failed for it', async () => {
    const { supplier, order } = supplied();
    const faulty = createFaultyStore();
    const { client, orchestrator, clock, close } = await openService([order], {
      store: faulty.store,
    });
    closers.push(close);
    for (let part = 0; part < 10; part += 1) {
      const { runId } = await orchestrator.start(order, { part });
      await orchestrator.drive(runId, 'finished');
    }
    supplier.isUp = true;

    faulty.outage = Number.POSITIVE_INFINITY;
    const { batchId } = await client.batches.start({
      body: { action: { kind: 'retry' }, runs: { filter: { workflow: 'order' } }, reason: 'up' },
    });
    await eventually(() => expect(faulty.refused).toBeGreaterThan(0));
    faulty.outage = 0;
    await eventually(async () => {
      await clock.advance(5_000);
      expect(await client.batches.get({ params: { batchId } })).toMatchObject({
        status: 'complete',
        done: 10,
        failed: 0,
      });
    });
  });

  it('is held, goes on in another process where it stood, and skips what moved on meanwhile', async () => {
    const { supplier, order } = supplied();
    const store = createMemoryStore();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const first = await served(store, [order], ({ retry }) => ({
      retry: async (...given) => {
        await opened;
        return retry(...given);
      },
    }));
    for (let part = 0; part < 30; part += 1) {
      const { runId } = await first.orchestrator.start(order, { part });
      await first.orchestrator.drive(runId, 'finished');
    }
    supplier.isUp = true;
    const { batchId } = await first.client.batches.start({
      body: {
        action: { kind: 'retry' },
        runs: { filter: { status: ['failed'] } },
        reason: 'the supplier is back',
      },
    });
    await first.client.batches.pause({ params: { batchId }, body: {} });
    open();
    const oldest = (await first.client.runs.list()).runs.at(-1)?.runId ?? '';
    await first.orchestrator.retry(oldest);
    await first.close();
    const second = await served(store, [order]);
    const held = await second.client.batches.get({ params: { batchId } });

    await second.client.batches.resume({ params: { batchId }, body: {} });
    const batch = await ended(second.client, batchId);

    expect(held.status).toBe('paused');
    expect(held.done).toBe(8);
    expect(batch).toMatchObject({ status: 'complete', total: 30, done: 29, skipped: 1 });
    expect(
      (await second.client.batches.items({ params: { batchId }, query: { outcome: 'skipped' } }))
        .items,
    ).toMatchObject([{ runId: oldest }]);
  });

  it('is one process’s work, however many there are on the store', async () => {
    const { supplier, order } = supplied();
    const store: Store = { ...createMemoryStore(), shared: true, close: async () => {} };
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const first = await served(store, [order], ({ retry }) => ({
      retry: async (...given) => {
        await opened;
        return retry(...given);
      },
    }));
    const { runId } = await first.orchestrator.start(order, { part: 1 });
    await first.orchestrator.drive(runId, 'finished');
    supplier.isUp = true;
    const { batchId } = await first.client.batches.start({
      body: { action: { kind: 'retry' }, runs: { runIds: [runId] }, reason: 'once more' },
    });
    let meddled = 0;
    const second = await served(store, [order], ({ retry }) => ({
      retry: (...given) => {
        meddled += 1;
        return retry(...given);
      },
    }));
    await second.client.batches.resume({ params: { batchId }, body: {} });
    open();

    expect(await ended(second.client, batchId)).toMatchObject({ status: 'complete', done: 1 });
    expect(meddled).toBe(0);
  });

  it('of a process that is gone is taken up by another one, once its time is up', async () => {
    const { order } = supplied();
    const store: Store = { ...createMemoryStore(), shared: true };
    const bench = await openService([order], { store });
    closers.push(bench.close);
    const { runId } = await bench.orchestrator.start(order, { part: 1 });
    const batchId = 'left';
    const batch = {
      batchId,
      action: { kind: 'retry' },
      reason: 'once more',
      actor: 'ann',
      status: 'running',
      total: 1,
      done: 0,
      skipped: 0,
      failed: 0,
      createdAt: new Date(bench.clock.nowMs()).toISOString(),
      finishedAt: null,
    };
    const holder = { owner: 'gone', untilMs: bench.clock.nowMs() + 40_000 };
    const records = { batches: batch, 'batch-holders': holder };
    await store.saveRecords([
      ...Object.entries(records).map(([collection, value]) => ({
        collection,
        key: batchId,
        expectedRevision: 0,
        value,
      })),
      {
        collection: 'batch-runs',
        key: `${batchId}/00000000`,
        expectedRevision: 0,
        value: { runIds: [runId] },
      },
    ]);
    const get = () => bench.client.batches.get({ params: { batchId } });
    await bench.clock.advance(31_000);
    const early = await get();
    await bench.clock.advance(31_000);

    expect(early).toMatchObject({ status: 'running', done: 0 });
    expect(await get()).toMatchObject({ status: 'complete', done: 1 });
    expect(await store.record('batch-holders', batchId)).toBeNull();
  });

  it('of a process that was killed is taken up by the next', async () => {
    const { supplier, order } = supplied();
    const store = createMemoryStore();
    const first = await served(store, [order]);
    const { runId } = await first.orchestrator.start(order, { part: 1 });
    await first.orchestrator.drive(runId, 'finished');
    const { batchId } = await first.client.batches.start({
      body: { action: { kind: 'retry' }, runs: { runIds: [runId] }, reason: 'once more' },
    });
    await ended(first.client, batchId);
    await first.close();
    // as a crash between the batch's first record and its first group leaves it
    const record = await store.record('batches', batchId);
    const unbegun = { ...record?.value, status: 'running', done: 0, finishedAt: null };
    await store.saveRecords([
      {
        collection: 'batch-items',
        key: `${batchId}/00000000`,
        expectedRevision: 1,
        value: null,
      },
      {
        collection: 'batches',
        key: batchId,
        expectedRevision: record?.revision ?? 0,
        value: unbegun,
      },
    ]);
    supplier.isUp = true;

    const second = await served(store, [order]);
    const batch = await ended(second.client, batchId);

    expect(batch).toMatchObject({ status: 'complete', done: 1 });
    await expect(
      second.client.batches.stop({ params: { batchId }, body: {} }),
    ).rejects.toMatchObject({ status: 409, code: 'INVALID_TRANSITION' });
    await expect(second.client.batches.get({ params: { batchId: 'none' } })).rejects.toMatchObject({
      status: 404,
      code: 'BATCH_UNKNOWN',
    });
  });

  it('pauses every run of a workflow, and lets them go on', async () => {
    const order = defineWorkflow({
      name: 'order',
      version: 1,
      input: z.object({}),
      steps: (w) => w.finish(w.input, { approve: 'person', expires: '24h' }),
    });
    const { client } = await served(createMemoryStore(), [order]);
    for (let n = 0; n < 3; n += 1) {
      await client.runs.start({ body: { workflow: 'order', input: {} } });
    }
    const runs = { filter: { workflow: 'order' } };

    const pausing = await client.batches.start({
      body: { action: { kind: 'pause' }, runs, reason: 'maintenance' },
    });
    await ended(client, pausing.batchId);
    const held = (await client.runs.list()).runs.map(({ paused }) => paused);
    const resuming = await client.batches.start({
      body: { action: { kind: 'resume' }, runs, reason: 'done' },
    });
    await ended(client, resuming.batchId);

    expect(held).toEqual([true, true, true]);
    expect((await client.runs.list()).runs.map(({ paused }) => paused)).toEqual([
      false,
      false,
      false,
    ]);
    expect((await client.audit.list()).entries.map(({ action }) => action)).toEqual([
      'batch.started',
      'batch.started',
    ]);
  });
});
