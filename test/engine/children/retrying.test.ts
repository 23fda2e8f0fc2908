import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, type Orchestrator, PermanentError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { entryOf, openBench, statusesOf } from '../../support/engine-bench.ts';

/** `first`, then a child of `one` and the flawed `two`, then `last`. */
function family(parentKeeps: boolean, childKeeps: boolean, mended: () => unknown = () => 'mended') {
  const deeds = createDeeds();
  const flaw = { isMended: false };
  const child = defineWorkflow({
    name: 'child',
    version: 1,
    input: z.unknown(),
    ...(childKeeps ? { onFailure: 'keep' } : {}),
    steps(w) {
      const one = w.task('one', deeds.task('one'), { input: w.input });
      const two = deeds.task('two', {
        run() {
          if (!flaw.isMended) throw new PermanentError('not yet');
          return mended();
        },
      });
      return w.task('two', two, { input: one });
    },
  });
  const parent = defineWorkflow({
    name: 'parent',
    version: 1,
    input: z.object({}),
    ...(parentKeeps ? { onFailure: 'keep' } : {}),
    steps(w) {
      const first = w.task('first', deeds.task('first'), { input: w.input });
      const sub = w.child('sub', child, { input: first });
      return w.task('last', deeds.task('last', { run: ({ input }) => input }), { input: sub });
    },
  });
  return { deeds, flaw, child, parent };
}

async function failed(made: ReturnType<typeof family>) {
  const bench = await openBench({ workflows: [made.parent] });
  const { runId } = await bench.engine.start(made.parent, {});
  await bench.engine.drive(runId, 'finished');
  const [childId] = await childrenOf(bench.engine, runId);
  made.flaw.isMended = true;
  return { ...bench, bench, ...made, runId, childId: childId ?? '' };
}

async function childrenOf(engine: Orchestrator, parent: string): Promise<readonly string[]> {
  const { runs } = await engine.list({ parent });
  return runs.map(({ runId }) => runId);
}

describe('retrying a parent that kept what it had done', () => {
  it('retries its failed child where that failed, and starts no second one', async () => {
    const { engine, runId, childId, deeds } = await failed(family(true, true));

    await engine.retry(runId, { actor: 'ann', reason: 'mended' });

    expect(await engine.result(runId)).toBe('mended');
    expect(await childrenOf(engine, runId)).toEqual([childId]);
    expect(deeds.names).toEqual(['first', 'one', 'two', 'two', 'last']);
    expect(await engine.get(childId)).toMatchObject({ status: 'complete', generation: 1 });
    expect(await entryOf(engine, childId, 'run.retried')).toMatchObject({
      actor: `run:${runId}`,
      data: { reason: `run:${runId} is retried` },
    });
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
    expect(await engine.verify(childId)).toMatchObject({ fault: null });
  });

  it('a child that was rolled back starts afresh, under its own id', async () => {
    const { engine, runId, childId, deeds } = await failed(family(true, false));
    expect(deeds.names).toEqual(['first', 'one', 'two', 'undo one']);

    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('mended');
    expect(await childrenOf(engine, runId)).toEqual([childId]);
    expect(await engine.get(childId)).toMatchObject({ status: 'complete', generation: 2 });
    expect(deeds.names.slice(4)).toEqual(['one', 'two', 'last']);
    const keys = deeds.of('one').map(({ key }) => key);
    expect(new Set(keys).size).toBe(2);
  });

  it('a child that fails again fails the parent again, and both can be retried once more', async () => {
    const { engine, runId, childId, flaw, deeds } = await failed(family(true, true));
    flaw.isMended = false;
    await engine.retry(runId);
    await engine.drive(runId, 'finished');
    await expect(engine.result(runId)).rejects.toThrow(/not yet/);
    flaw.isMended = true;

    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('mended');
    expect(await childrenOf(engine, runId)).toEqual([childId]);
    expect(deeds.of('two')).toHaveLength(3);
    expect(deeds.of('one')).toHaveLength(1);
  });

  it('across a restart of the process', async () => {
    const { bench, runId, childId } = await failed(family(true, true));

    const engine = await bench.restart();
    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('mended');
    expect(await childrenOf(engine, runId)).toEqual([childId]);
  });

  it('does not start a completed child again: its recorded output is used', async () => {
    const deeds = createDeeds();
    let isMended = false;
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('one', deeds.task('one'), { input: w.input }),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      onFailure: 'keep',
      steps(w) {
        const sub = w.child('sub', child, { input: {} });
        const last = deeds.task('last', {
          run({ input }) {
            if (!isMended) throw new PermanentError('not yet');
            return input;
          },
        });
        return w.task('last', last, { input: { sub } });
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId, 'finished');
    isMended = true;

    await engine.retry(runId);

    expect(await engine.result(runId)).toEqual({ sub: 'one done' });
    expect(deeds.names).toEqual(['one', 'last', 'last']);
    expect(await childrenOf(engine, runId)).toHaveLength(1);
  });
});

describe('a failed child that has a life of its own before its parent is retried', () => {
  it('retried by hand and complete by now gives its result', async () => {
    const { engine, clock, runId, childId, deeds } = await failed(family(true, true));
    await engine.retry(childId, { actor: 'ann' });
    await engine.drive(childId, 'finished');
    await clock.advance(0);
    expect(await engine.get(runId)).toMatchObject({ status: 'failed' });

    await engine.retry(runId);

    expect(await engine.drive(runId)).toMatchObject({ status: 'complete' });
    expect(await engine.result(runId)).toBe('mended');
    expect(await childrenOf(engine, runId)).toEqual([childId]);
    expect(deeds.names).toEqual(['first', 'one', 'two', 'two', 'last']);
  });

  it('retried by hand and still at work gives its result when it has one', async () => {
    const gate = aGate<string>();
    const { engine, clock, runId, childId, deeds } = await failed(
      family(true, true, () => gate.pass()),
    );
    await engine.retry(childId, { actor: 'ann' });
    await gate.reached;

    await engine.retry(runId);
    await clock.advance(0);
    const waiting = await engine.get(runId);
    gate.open('mended at last');

    expect(waiting).toMatchObject({ waitingOn: [{ kind: 'child', runId: childId }] });
    expect(await engine.result(runId)).toBe('mended at last');
    expect(deeds.names).toEqual(['first', 'one', 'two', 'two', 'last']);
    expect(await entryOf(engine, childId, 'run.retried')).toMatchObject({ actor: 'ann' });
  });

  it('pruned by now is started anew', async () => {
    const { engine, clock, runId, childId } = await failed(family(true, true));
    await clock.advance(1_000);
    const pruned = await engine.prune({
      finishedBefore: new Date(clock.nowMs()),
      workflow: 'child',
    });
    expect(pruned).toEqual([childId]);

    await engine.retry(runId);

    expect(await engine.drive(runId)).toMatchObject({ status: 'complete' });
    expect(await childrenOf(engine, runId)).not.toContain(childId);
  });

  it('cancelled by hand is not revived: another is started', async () => {
    const deeds = createDeeds();
    const child = defineWorkflow({
      name: 'asked',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const look = w.review('look');
        return w.task('one', deeds.task('one'), { input: look });
      },
    });
    const parent = defineWorkflow({
      name: 'asking',
      version: 1,
      input: z.object({}),
      onFailure: 'keep',
      steps: (w) => w.child('sub', child, { input: {} }),
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId);
    const [first] = await childrenOf(engine, runId);
    await engine.cancel(first ?? '');
    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'failed' });

    await engine.retry(runId);
    await engine.drive(runId);

    const children = await childrenOf(engine, runId);
    expect(children).toHaveLength(2);
    const second = children.find((id) => id !== first) ?? '';
    await engine.decide(second, 'look', { outcome: 'approved', actor: 'ann' });
    expect(await engine.result(runId)).toBe('one done');
    expect(await engine.get(first ?? '')).toMatchObject({ status: 'cancelled' });
  });

  it('retried by hand does not disturb a parent that was rolled back', async () => {
    const { engine, runId, childId, deeds } = await failed(family(false, true));
    await engine.retry(childId);
    await engine.drive(childId, 'finished');

    expect(await engine.get(runId)).toMatchObject({ status: 'failed' });
    expect(deeds.names).toEqual(['first', 'one', 'two', 'undo first', 'two']);
  });
});

describe('retrying a parent after a rollback', () => {
  it('starts a new child and leaves the old one as it ended', async () => {
    const { engine, runId, childId, deeds } = await failed(family(false, false));
    expect(deeds.names).toEqual(['first', 'one', 'two', 'undo one', 'undo first']);

    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('mended');
    expect(await engine.get(runId)).toMatchObject({ generation: 2 });
    const children = await childrenOf(engine, runId);
    expect(children).toHaveLength(2);
    expect(await engine.get(childId)).toMatchObject({ status: 'failed', generation: 1 });
    expect(deeds.names.slice(5)).toEqual(['first', 'one', 'two', 'last']);
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'compensating',
      'failed',
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });

  it('starts a new child where a completed one was undone', async () => {
    const deeds = createDeeds();
    let isMended = false;
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('one', deeds.task('one'), { input: w.input }),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps(w) {
        const sub = w.child('sub', child, { input: {} });
        const last = deeds.task('last', {
          run() {
            if (!isMended) throw new PermanentError('not yet');
            return 'end';
          },
        });
        return w.task('last', last, { input: { sub } });
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId, 'finished');
    const [old] = await childrenOf(engine, runId);
    isMended = true;

    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('end');
    expect(await childrenOf(engine, runId)).toHaveLength(2);
    expect(await engine.get(old ?? '')).toMatchObject({ status: 'complete', compensatedBy: runId });
    expect(deeds.names).toEqual(['one', 'last', 'undo one', 'one', 'last']);
  });
});
