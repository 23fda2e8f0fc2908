import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineEvent,
  defineWorkflow,
  type Orchestrator,
  PermanentError,
} from '../../../src/index.ts';
import { aGate, createDeeds, type DeedOptions, type Deeds } from '../../support/deeds.ts';
import {
  entryOf,
  eventsOf,
  hour,
  openBench,
  statusesOf,
  until,
} from '../../support/engine-bench.ts';

/** A child of one task, and a parent with a step before and after it. */
function family(work: DeedOptions = {}, options: { tolerate?: 'any' } = {}) {
  const deeds = createDeeds();
  const child = defineWorkflow({
    name: 'child',
    version: 1,
    input: z.unknown(),
    steps: (w) => w.task('work', deeds.task('work', work), { input: w.input }),
  });
  const parent = defineWorkflow({
    name: 'parent',
    version: 1,
    input: z.object({ order: z.number() }),
    steps(w) {
      const before = w.task('before', deeds.task('before'), { input: w.input });
      const sub = w.child('sub', child, { input: { order: w.input.$.order, before }, ...options });
      return w.task('after', deeds.task('after', { run: ({ input }) => input }), {
        input: { sub },
      });
    },
  });
  return { deeds, child, parent };
}

/** The only child of the run. */
async function childOf(engine: Orchestrator, parent: string): Promise<string> {
  const { runs } = await engine.list({ parent });
  expect(runs).toHaveLength(1);
  return runs[0]?.runId ?? '';
}

describe('a child', () => {
  it('gets its input from the parent, and its output feeds the steps that follow', async () => {
    const { deeds, parent } = family({ run: () => ({ shipped: 7 }) });
    const { engine } = await openBench({ workflows: [parent] });

    const run = await engine.start(parent, { order: 1 });

    expect(await run.result()).toEqual({ sub: { shipped: 7 } });
    expect(deeds.of('work')).toMatchObject([{ input: { order: 1, before: 'before done' } }]);
    expect(deeds.names).toEqual(['before', 'work', 'after']);
  });

  it('is a run of its own, found by its parent, that names its parent and its step', async () => {
    const { parent } = family();
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, { order: 1 });
    await engine.drive(runId, 'finished');

    const childId = await childOf(engine, runId);

    expect(await engine.get(childId)).toMatchObject({
      workflow: 'child',
      version: 1,
      status: 'complete',
      parent: { runId, step: 'sub' },
    });
    expect(await statusesOf(engine, childId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
    expect(await entryOf(engine, runId, 'sub.completed')).toMatchObject({
      actor: `run:${childId}`,
      step: 'sub',
      settles: 'complete',
      output: 'work done',
      data: { child: childId },
    });
    expect(await engine.verify(childId)).toMatchObject({ fault: null });
  });

  it('inherits actor, labels and priority', async () => {
    const { parent } = family();
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(
      parent,
      { order: 1 },
      { actor: 'ann', labels: { team: 'ops', region: 'eu' }, priority: 'high' },
    );
    await engine.drive(runId, 'finished');

    expect(await engine.get(await childOf(engine, runId))).toMatchObject({
      actor: 'ann',
      labels: { team: 'ops', region: 'eu' },
      priority: 'high',
    });
  });

  it('of a run nobody signed for is started by that run', async () => {
    const { parent } = family();
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, { order: 1 });
    await engine.drive(runId, 'finished');

    const childId = await childOf(engine, runId);

    expect(await engine.get(childId)).toMatchObject({ actor: `run:${runId}`, labels: {} });
    expect(await entryOf(engine, childId, 'run.created')).toMatchObject({
      actor: `run:${runId}`,
      data: { parent: { runId, step: 'sub' } },
    });
  });

  it('shows in what the parent waits on while it runs', async () => {
    const gate = aGate();
    const { parent } = family({ run: () => gate.pass() });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, { order: 1 });
    await gate.reached;

    const childId = await childOf(engine, runId);

    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'child', step: 'sub', runId: childId }],
    });
    gate.open();
    await engine.drive(runId, 'finished');
  });

  it('that needs nothing done is complete at once, and so is its parent', async () => {
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.number(),
      steps: (w) => w.derive('double', w.input, (n) => n * 2),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.number(),
      steps: (w) => w.child('sub', child, { input: w.input }),
    });
    const { engine } = await openBench({ workflows: [parent] });

    expect(await (await engine.start(parent, 21)).result()).toBe(42);
  });

  it('that is not wanted is skipped and never started', async () => {
    const { deeds, child } = family();
    const parent = defineWorkflow({
      name: 'gated',
      version: 1,
      input: z.object({ wanted: z.boolean() }),
      steps(w) {
        const wanted = w.is(w.input, 'wanted', ({ wanted }) => wanted, {
          otherwise: 'Nobody wants it.',
        });
        w.child('sub', child, { input: {}, when: wanted });
        return w.derive('end', w.input, () => 'end');
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, { wanted: false });

    expect(await run.result()).toBe('end');
    expect((await engine.list({ parent: run.runId })).runs).toEqual([]);
    expect(deeds.names).toEqual([]);
    expect(await entryOf(engine, run.runId, 'sub.skipped')).toMatchObject({
      data: { reason: 'Nobody wants it.' },
    });
  });

  it('whose input its workflow refuses fails its parent and says why', async () => {
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.object({ sum: z.number().max(10) }),
      steps: (w) => w.derive('all', w.input, (all) => all),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({ sum: z.number() }),
      steps: (w) => w.child('sub', child, { input: w.input }),
    });
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, { sum: 11 });

    await expect(run.result()).rejects.toThrow(/step 'sub': Input of workflow "child": sum/);
    expect((await engine.list({ parent: run.runId })).runs).toEqual([]);
    expect((await engine.get(run.runId)).outcome?.failure?.name).toBe('INPUT_INVALID');
  });

  it('sees dates and other values of its schema as its own schema gives them', async () => {
    const seen: unknown[] = [];
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.object({ at: z.iso.datetime(), note: z.string().default('none') }),
      steps: (w) =>
        w.derive('all', w.input, (all) => {
          seen.push(all);
          return all;
        }),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({ at: z.iso.datetime() }),
      steps: (w) => w.child('sub', child, { input: { at: w.input.$.at } }),
    });
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, { at: '2026-01-01T00:00:00Z' });

    expect(await run.result()).toEqual({ at: '2026-01-01T00:00:00Z', note: 'none' });
    expect(seen).toEqual([{ at: '2026-01-01T00:00:00Z', note: 'none' }]);
  });
});

describe('a child that fails', () => {
  const failing: DeedOptions = { run: () => Promise.reject(new PermanentError('no stock')) };

  it('fails the parent with its message, and the parent undoes what it had done', async () => {
    const { deeds, parent } = family(failing);
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, { order: 1 });

    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringMatching(/^Workflow failed at step 'sub': .*no stock$/),
    });
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'failed',
      outcome: {
        failure: { step: 'sub', name: 'PermanentError' },
        undone: ['before'],
        compensation: 'complete',
      },
    });
    expect(deeds.names).toEqual(['before', 'work', 'undo before']);
  });

  it('is data to a parent that tolerates it', async () => {
    const { parent } = family(failing, { tolerate: 'any' });
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, { order: 1 });

    expect(await run.result()).toEqual({
      sub: {
        status: 'failed',
        failure: {
          name: 'PermanentError',
          message: expect.stringContaining('no stock'),
          retryable: false,
          attempts: 1,
        },
        compensation: 'nothing',
      },
    });
  });

  it('a success is wrapped for a parent that tolerates failures', async () => {
    const { parent } = family({}, { tolerate: 'any' });
    const { engine } = await openBench({ workflows: [parent] });

    expect(await (await engine.start(parent, { order: 1 })).result()).toEqual({
      sub: { status: 'complete', value: 'work done' },
    });
  });

  it('a cancelled child fails its parent too, or is data to it', async () => {
    for (const options of [{}, { tolerate: 'any' }] as const) {
      const gate = aGate();
      const { parent } = family({ run: () => gate.pass() }, options);
      const { engine } = await openBench({ workflows: [parent] });
      const { runId } = await engine.start(parent, { order: 1 });
      await gate.reached;
      await engine.cancel(await childOf(engine, runId), { reason: 'no longer needed' });
      gate.open();
      await engine.drive(runId, 'finished');

      if (!('tolerate' in options))
        await expect(engine.result(runId)).rejects.toMatchObject({
          code: 'RUN_FAILED',
          message: expect.stringMatching(/step 'sub': Child run .* was cancelled/),
        });
      else
        expect(await engine.result(runId)).toMatchObject({
          sub: { status: 'failed', failure: { name: 'Cancelled' } },
        });
    }
  });
});

describe('a child that waits', () => {
  function reviewed(deeds: Deeds) {
    const arrived = defineEvent({ name: 'arrived', payload: z.object({ n: z.number() }) });
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const look = w.review('look', { show: w.input });
        const event = w.waitFor('arrival', arrived, { after: [look] });
        const nap = w.sleep('nap', { for: '1h', after: [event] });
        return w.task('work', deeds.task('work'), { input: event.$.n, after: [nap] });
      },
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps: (w) => w.child('sub', child, { input: 'please' }),
    });
    return { arrived, child, parent };
  }

  it('makes the parent wait, and `drive` of the parent returns', async () => {
    const deeds = createDeeds();
    const { arrived, parent } = reviewed(deeds);
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});

    const waiting = await engine.drive(runId);
    const childId = await childOf(engine, runId);

    expect(waiting).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'child', runId: childId }],
    });
    expect(await engine.get(childId)).toMatchObject({
      waitingOn: [{ kind: 'review', step: 'look', shown: 'please' }],
    });
    await engine.decide(childId, 'look', { outcome: 'approved', actor: 'ann' });
    await engine.drive(runId);
    await engine.signal(childId, arrived, { n: 5 });
    await engine.drive(runId);
    expect(await engine.get(childId)).toMatchObject({ waitingOn: [{ kind: 'timer' }] });
    await clock.advance(hour);
    expect(await engine.result(runId)).toBe('work done');
    expect(deeds.of('work')).toMatchObject([{ input: 5 }]);
  });

  it('is found in the inbox of reviews by its own id', async () => {
    const { parent } = reviewed(createDeeds());
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId);

    const { runs } = await engine.list({ hasReview: true });

    expect(runs.map((run) => run.workflow)).toEqual(['child']);
  });

  it('survives a restart of the process, and so does the waiting of its parent', async () => {
    const deeds = createDeeds();
    const { arrived, parent } = reviewed(deeds);
    const bench = await openBench({ workflows: [parent] });
    const { runId } = await bench.engine.start(parent, {});
    await bench.engine.drive(runId);
    const childId = await childOf(bench.engine, runId);

    const engine = await bench.restart();
    await engine.decide(childId, 'look', { outcome: 'approved', actor: 'ann' });
    await engine.signal(childId, arrived, { n: 5 });
    await engine.drive(runId);
    const next = await bench.crash();
    await bench.clock.advance(hour);

    expect(await next.result(runId)).toBe('work done');
    expect(deeds.names).toEqual(['work']);
  });

  it('a pause of the parent holds the steps after the child, not the child', async () => {
    const gate = aGate();
    const { deeds, parent } = family({ run: () => gate.pass() });
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, { order: 1 });
    await gate.reached;
    const childId = await childOf(engine, runId);

    await engine.pause(runId);
    gate.open();
    await clock.advance(hour);

    expect(await engine.get(childId)).toMatchObject({ status: 'complete' });
    expect(deeds.names).toEqual(['before', 'work']);
    await engine.resume(runId);
    await engine.drive(runId, 'finished');
    expect(deeds.names).toEqual(['before', 'work', 'after']);
  });

  it('a child that is paused makes its parent wait, and `drive` of the parent returns', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const one = w.task('one', deeds.task('one', { run: () => gate.pass() }), { input: {} });
        return w.task('two', deeds.task('two'), { input: { one } });
      },
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps: (w) => w.child('sub', child, { input: {} }),
    });
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await gate.reached;
    const childId = await childOf(engine, runId);
    await engine.pause(childId);
    gate.open();
    await clock.advance(hour);

    expect(await engine.drive(runId)).toMatchObject({ status: 'processing' });
    expect(deeds.names).toEqual(['one']);
    await engine.resume(childId);
    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'complete' });
    expect(deeds.names).toEqual(['one', 'two']);
  });
});

describe('several children', () => {
  it('of one parent run beside each other, each with its own input', async () => {
    const deeds = createDeeds();
    const gates = [aGate<number>(), aGate<number>(), aGate<number>()];
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.number(),
      steps: (w) =>
        w.task('work', deeds.task('work', { run: ({ input }) => gates[Number(input)]?.pass() }), {
          input: w.input,
        }),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps(w) {
        const a = w.child('a', child, { input: 0 });
        const b = w.child('b', child, { input: 1 });
        const c = w.child('c', child, { input: 2 });
        return w.derive('all', { a, b, c }, (all) => all);
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, {});
    await Promise.all(gates.map((gate) => gate.reached));

    const waiting = await engine.get(run.runId);
    for (const [index, gate] of [...gates.entries()].reverse()) gate.open(index * 10);

    expect(waiting.waitingOn.map(({ kind, step }) => `${kind} ${step}`)).toEqual([
      'child a',
      'child b',
      'child c',
    ]);
    expect(await run.result()).toEqual({ a: 0, b: 10, c: 20 });
    expect((await engine.list({ parent: run.runId })).runs).toHaveLength(3);
  });

  it('one after the other of the same workflow are two runs', async () => {
    const deeds = createDeeds();
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('work', deeds.task('work'), { input: w.input }),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps(w) {
        const a = w.child('a', child, { input: 'first' });
        return w.child('b', child, { input: { a } });
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const run = await engine.start(parent, {});

    expect(await run.result()).toBe('work done');
    expect(deeds.of('work').map(({ input }) => input)).toEqual(['first', { a: 'work done' }]);
    const { runs } = await engine.list({ parent: run.runId });
    expect(new Set(runs.map((found) => found.parent?.step))).toEqual(new Set(['a', 'b']));
  });

  it('one that fails makes its parent wait for the others, which are told to stop', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const quick = defineWorkflow({
      name: 'quick',
      version: 1,
      input: z.unknown(),
      steps: (w) =>
        w.task('break', deeds.task('break', { run: () => Promise.reject(new Error('broken')) }), {
          input: w.input,
        }),
    });
    const slow = defineWorkflow({
      name: 'slow',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const one = w.task('one', deeds.task('one', { run: () => gate.pass() }), { input: {} });
        return w.task('two', deeds.task('two'), { input: { one } });
      },
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps(w) {
        const a = w.child('a', quick, { input: {} });
        const b = w.child('b', slow, { input: {} });
        return w.derive('all', { a, b }, (all) => all);
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await gate.reached;
    await until(async () => (await eventsOf(engine, runId)).includes('a.failed'));

    const waiting = await engine.get(runId);
    gate.open();
    const failed = await engine.drive(runId, 'finished');

    expect(waiting).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'child', step: 'b' }],
    });
    expect(failed).toMatchObject({ status: 'failed', outcome: { failure: { step: 'a' } } });
    expect(deeds.names).not.toContain('two');
    expect(deeds.names).toContain('undo one');
    const { runs } = await engine.list({ parent: runId, workflow: 'slow' });
    expect(runs).toMatchObject([{ status: 'cancelled' }]);
  });
});
