import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  type Fork,
  PermanentError,
} from '../../../src/index.ts';
import { type Bench, openBench } from '../../support/engine-bench.ts';
import { recorder } from '../../support/replayed.ts';

const Order = z.object({ item: z.string(), cents: z.number() });

/** Every call of a task: its name, input and key. */
let calls: { task: string; input: unknown; key: string }[] = [];
let undone: string[] = [];
let isBroken = false;

const taskOf = (
  name: string,
  compensate: 'irreversible' | 'none' | 'handler',
  repeat: 'safe' | 'unsafe' = 'safe',
) =>
  defineTask({
    name,
    input: z.unknown(),
    output: z.object({ id: z.string(), of: z.unknown() }),
    compensate: compensate === 'handler' ? async () => void undone.push(name) : compensate,
    repeat,
    run: async ({ input, idempotencyKey: key }) => {
      calls.push({ task: name, input, key });
      if (name === 'ship' && isBroken) throw new PermanentError('no truck');
      return { id: `${name}-${calls.length}`, of: input };
    },
  });

const paid = defineEvent({ name: 'paid', payload: z.object({ ref: z.string() }) });
const packing = defineWorkflow({
  name: 'packing',
  version: 1,
  input: z.object({ item: z.string() }),
  steps: (w) => w.task('pack', taskOf('pack', 'irreversible'), { input: w.input }),
});

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: Order,
  steps(w) {
    const reserved = w.task('reserve', taskOf('reserve', 'handler'), {
      input: { item: w.input.$.item },
    });
    const charged = w.task('charge', taskOf('charge', 'handler'), {
      input: { cents: w.input.$.cents, for: reserved.$.id },
    });
    const large = w.is(w.input, 'large', ({ cents }) => cents > 100);
    const ok = w.review('ok', { when: large, show: charged, after: [charged] });
    const box = w.child('box', packing, {
      input: { item: w.input.$.item },
      after: [charged, ok],
    });
    const payment = w.waitFor('payment', paid, { after: [box] });
    const shipped = w.task('ship', taskOf('ship', 'none', 'unsafe'), {
      input: { payment, ok: reserved.$.id },
    });
    return w.finish(shipped, { approve: 'automatic' });
  },
});

async function finishedOrder(cents = 500) {
  const { store, expectReplays } = recorder(createMemoryStore());
  const bench = await openBench({ workflows: [order], store });
  const { runId } = await bench.engine.start(order, { item: 'tea', cents }, { actor: 'web' });
  await finish(bench, runId);
  const history = await bench.engine.history(runId);
  const seqOf = (event: string) => history.findLast((entry) => entry.event === event)?.seq ?? 0;
  calls = [];
  undone = [];
  return { ...bench, bench, runId, seqOf, history, expectReplays };
}

async function finish(bench: Bench, runId: string): Promise<void> {
  await bench.engine.drive(runId);
  const { waitingOn } = await bench.engine.get(runId);
  if (waitingOn.some(({ step }) => step === 'ok'))
    await bench.engine.decide(runId, 'ok', { outcome: 'approved', actor: 'ann' });
  await bench.engine.drive(runId);
  const later = await bench.engine.get(runId);
  if (later.waitingOn.some(({ step }) => step === 'payment'))
    await bench.engine.signal(runId, paid, { ref: 'p-1' });
  await bench.engine.drive(runId);
}

const names = (fork: Fork) => ({
  reused: fork.reused.map(({ step }) => step),
  again: fork.again.map(({ step }) => step),
  repeats: fork.repeats,
});
const called = () => calls.map(({ task }) => task);

describe('a fork', () => {
  it('reuses what was done by then, and does the rest again under its own keys', async () => {
    const { bench, engine, runId, seqOf, expectReplays } = await finishedOrder();

    const fork = await engine.fork(runId, {
      at: seqOf('ok.decided'),
      acceptIrreversible: true,
      actor: 'eve',
      reason: 'to see',
    });
    const forkId = fork.runId ?? '';
    await finish(bench, forkId);

    expect(names(fork)).toMatchObject({
      reused: ['reserve', 'charge', 'ok'],
      again: ['box', 'payment', 'ship'],
    });
    expect(called()).toEqual(['pack', 'ship']);
    expect(await engine.get(forkId)).toMatchObject({
      status: 'complete',
      forkedFrom: { runId, seq: seqOf('ok.decided') },
      actor: 'eve',
    });
    expect(await engine.verify(forkId)).toMatchObject({ fault: null });
    expect(await expectReplays(forkId, [order])).toBeGreaterThan(2);
    const history = await engine.history(forkId);
    expect(history[0]).toMatchObject({
      event: 'run.created',
      data: { reason: 'to see', forkedFrom: { runId } },
    });
    expect(history.find(({ event }) => event === 'charge.completed')).toMatchObject({
      data: { reused: { runId, seq: seqOf('charge.completed') }, undo: 0 },
    });
    expect(history.find(({ event }) => event === 'ok.decided')).toMatchObject({ actor: 'ann' });
  });

  it('leaves the original as it is', async () => {
    const { engine, runId, history, seqOf } = await finishedOrder();

    await engine.fork(runId, { at: seqOf('ok.decided'), acceptIrreversible: true });

    expect(await engine.history(runId)).toEqual(history);
  });

  it('is refused while it would do again what cannot be taken back', async () => {
    const { engine, runId, seqOf } = await finishedOrder();

    const forking = engine.fork(runId, { at: seqOf('ok.decided') });

    await expect(forking).rejects.toMatchObject({
      code: 'WOULD_REPEAT',
      details: {
        repeats: [
          { step: 'box/pack', why: 'irreversible' },
          { step: 'ship', why: 'unsafe' },
        ],
      },
    });
    expect((await engine.list({ workflow: 'order' })).runs).toHaveLength(1);
    expect(called()).toEqual([]);
  });

  it('needs no acceptance for what the original never came to', async () => {
    const bench = await openBench({ workflows: [order] });
    const { runId } = await bench.engine.start(order, { item: 'tea', cents: 500 });
    const { entries } = await bench.engine.drive(runId);

    const fork = await bench.engine.fork(runId, { at: entries });

    expect(fork.repeats).toEqual([]);
    expect(await bench.engine.get(fork.runId ?? '')).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'review', step: 'ok' }],
    });
  });

  it('shows what it would do, and does nothing, on a dry run', async () => {
    const { engine, runId, seqOf } = await finishedOrder();

    const fork = await engine.fork(runId, { at: seqOf('charge.completed'), dryRun: true });

    expect(fork).toMatchObject({
      runId: null,
      reused: [{ step: 'reserve' }, { step: 'charge', seq: seqOf('charge.completed') }],
    });
    expect((await engine.list({ workflow: 'order' })).runs).toHaveLength(1);
  });

  it('runs again what reads the changed part of the input, and what depends on that', async () => {
    const { bench, engine, runId, history } = await finishedOrder();

    const fork = await engine.fork(runId, {
      at: history.length,
      input: { item: 'tea', cents: 700 },
      acceptIrreversible: true,
    });
    await finish(bench, fork.runId ?? '');

    expect(names(fork).reused).toEqual(['reserve']);
    expect(called()).toEqual(['charge', 'pack', 'ship']);
    expect(calls[0]?.input).toMatchObject({ cents: 700 });
  });

  it('asks conditions again whose input has changed', async () => {
    const { bench, engine, runId, history } = await finishedOrder();

    const fork = await engine.fork(runId, {
      at: history.length,
      input: { item: 'tea', cents: 7 },
      acceptIrreversible: true,
    });
    await finish(bench, fork.runId ?? '');

    const events = (await engine.history(fork.runId ?? '')).map(({ event }) => event);
    expect(events).toContain('ok.skipped');
    expect(events).not.toContain('ok.decided');
  });

  it('takes a result given instead of a recorded one, and runs again what reads it', async () => {
    const { bench, engine, runId, history } = await finishedOrder();

    const fork = await engine.fork(runId, {
      at: history.length,
      results: { payment: { ref: 'p-2' } },
      acceptIrreversible: true,
    });
    await finish(bench, fork.runId ?? '');

    expect(fork.replaced).toEqual(['payment']);
    expect(called()).toEqual(['ship']);
    expect(calls[0]?.input).toMatchObject({ payment: { ref: 'p-2' } });
  });

  it.each([
    [{ ok: { outcome: 'approved' } }, /decision/],
    [{ charge: { id: 7 } }, /id/],
    [{ nothing: 1 }, /only tasks/],
  ])('refuses the results %o', async (results, message) => {
    const { engine, runId, history } = await finishedOrder();

    const forking = engine.fork(runId, { at: history.length, results });

    await expect(forking).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('takes signals along that had come early', async () => {
    const bench = await openBench({ workflows: [order] });
    const { runId } = await bench.engine.start(order, { item: 'tea', cents: 500 });
    await bench.engine.drive(runId);
    await bench.engine.signal(runId, paid, { ref: 'early' });
    const { entries } = await bench.engine.get(runId);

    const fork = await bench.engine.fork(runId, { at: entries });
    const forkId = fork.runId ?? '';
    await bench.engine.decide(forkId, 'ok', { outcome: 'approved', actor: 'ann' });
    await bench.engine.drive(forkId, 'finished');

    const received = (await bench.engine.history(forkId)).find(
      ({ event }) => event === 'payment.received',
    );
    expect(received).toMatchObject({ output: { ref: 'early' } });
    expect(await bench.engine.verify(forkId)).toMatchObject({ fault: null });
  });

  it('undoes only what it has done itself', async () => {
    const { bench, engine, runId, seqOf } = await finishedOrder();
    isBroken = true;
    const fork = await engine.fork(runId, {
      at: seqOf('reserve.completed'),
      acceptIrreversible: true,
    });
    await finish(bench, fork.runId ?? '');
    isBroken = false;

    expect(await engine.get(fork.runId ?? '')).toMatchObject({ status: 'failed' });
    expect(undone).toEqual(['charge']);
  });

  it('does again what had been undone by then', async () => {
    isBroken = true;
    const { engine, runId, history } = await finishedOrder();
    isBroken = false;

    const fork = await engine.fork(runId, { at: history.length, dryRun: true });

    expect(fork.reused.map(({ step }) => step)).not.toContain('charge');
    expect(fork.again).toContainEqual({ step: 'charge', why: 'it was undone' });
  });

  it('is there wholly or not at all, whatever process dies', async () => {
    const { bench, engine, runId, seqOf } = await finishedOrder();
    const at = seqOf('ok.decided');
    // It dies at once: the commit of the fork may or may not have come through.
    void engine.fork(runId, { at, acceptIrreversible: true }).catch(() => {});
    const next = await bench.crash();
    const forks = (await next.list({ workflow: 'order' })).runs.filter(
      ({ forkedFrom }) => forkedFrom !== null,
    );
    for (const { runId: id } of forks) await finish(bench, id);

    const fork = await next.fork(runId, { at, acceptIrreversible: true });
    const last = await bench.crash();
    await finish(bench, fork.runId ?? '');

    expect(await last.get(fork.runId ?? '')).toMatchObject({ status: 'complete' });
    expect(called()).not.toContain('charge');
    expect(await last.verify(fork.runId ?? '')).toMatchObject({ fault: null });
  });

  it('does not come about when its commit fails', async () => {
    const memory = createMemoryStore();
    let isFull = false;
    const store: typeof memory = {
      ...memory,
      commit: (batch) => (isFull ? Promise.reject(new Error('full')) : memory.commit(batch)),
    };
    const bench = await openBench({ workflows: [order], store });
    const { runId } = await bench.engine.start(order, { item: 'tea', cents: 500 });
    const { entries } = await bench.engine.drive(runId);
    isFull = true;

    const forking = bench.engine.fork(runId, { at: entries });

    await expect(forking).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    isFull = false;
    expect((await bench.engine.list({})).runs).toHaveLength(1);
  });
});
