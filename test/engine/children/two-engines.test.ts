import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, type Orchestrator, PermanentError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { eventsOf, second } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

async function childOf(engine: Orchestrator, parent: string): Promise<string> {
  const { runs } = await engine.list({ parent });
  expect(runs).toHaveLength(1);
  return runs[0]?.runId ?? '';
}

const approved = { outcome: 'approved', actor: 'ann' } as const;

/** A child that does something, asks, and does something; beside it a step that waits for the gate of its process. */
function family(options: { beside?: () => unknown; last?: () => unknown } = {}) {
  const deeds = createDeeds();
  const sides: string[] = [];
  const workflows = (side: 'a' | 'b') => {
    const noted = (what: string, run?: () => unknown) =>
      deeds.task(what, {
        run: ({ input }) => {
          sides.push(`${what} ${side}`);
          return run === undefined ? input : run();
        },
      });
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const one = w.task('one', noted('one'), { input: w.input });
        const look = w.review('look', { show: one });
        return w.task(
          'two',
          noted('two', () => 'two done'),
          { input: look },
        );
      },
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps(w) {
        const sub = w.child('sub', child, { input: 'please' });
        const { beside, last } = options;
        const next = w.derive('next', { sub }, (all) => all);
        const end = w.task('last', noted('last', last), { input: next });
        if (beside === undefined) return end;
        const other = w.task('beside', noted('beside', beside), { input: {} });
        return w.derive('both', { end, other }, (all) => all);
      },
    });
    return [parent];
  };
  return { deeds, sides, workflows };
}

describe('a child and its parent in two processes', () => {
  it('the result of a child that ended in one reaches the parent, whoever waits for it', async () => {
    const { deeds, workflows } = family();
    const { a, b, advanceUntil, settled } = await openPair({ workflows });
    const run = await a.engine.start('parent', {});
    await advanceUntil(async () => (await b.engine.list({ hasReview: true })).runs.length === 1);
    const childId = await childOf(b.engine, run.runId);

    await settled(b.engine.decide(childId, 'look', approved));

    expect(await settled(run.result())).toEqual({ sub: 'two done' });
    expect(deeds.names).toEqual(['one', 'two', 'last']);
    const events = await eventsOf(b.engine, run.runId);
    expect(events.filter((event) => event === 'sub.completed')).toHaveLength(1);
  });

  it('is delivered through the inbox of a parent that the other process holds', async () => {
    const gate = aGate<string>();
    const { deeds, sides, workflows } = family({ beside: () => gate.pass() });
    const { a, b, advanceUntil, settled } = await openPair({ workflows });
    const run = await a.engine.start('parent', {});
    await gate.reached;
    await advanceUntil(async () => (await b.engine.list({ hasReview: true })).runs.length === 1);
    const childId = await childOf(b.engine, run.runId);

    await settled(b.engine.decide(childId, 'look', approved));
    await advanceUntil(() => deeds.of('last').length === 1);
    gate.open('beside done');

    expect(await settled(run.result())).toEqual({ end: { sub: 'two done' }, other: 'beside done' });
    expect(sides).toContain('two b');
    expect(sides).toContain('last a');
    expect(deeds.of('beside')).toHaveLength(1);
    expect(deeds.of('two')).toHaveLength(1);
  });

  it('what the child did in the other process is undone with the parent, whatever this one remembers', async () => {
    const { deeds, workflows } = family({
      last: () => Promise.reject(new PermanentError('broken')),
    });
    const gate = aGate<string>();
    const besides = family({
      beside: () => gate.pass(),
      last: () => Promise.reject(new PermanentError('broken')),
    });
    for (const made of [{ deeds, workflows }, besides]) {
      const { a, b, advanceUntil, settled } = await openPair({ workflows: made.workflows });
      const { runId } = await a.engine.start('parent', {});
      await advanceUntil(async () => (await b.engine.list({ hasReview: true })).runs.length === 1);
      const childId = await childOf(b.engine, runId);
      // Both remember the child as it waits.
      await a.engine.explain(childId);
      await b.engine.explain(childId);

      await settled(b.engine.decide(childId, 'look', approved));
      gate.open('beside done');
      await advanceUntil(async () => (await b.engine.get(runId)).status === 'failed');

      const { outcome } = await b.engine.get(runId);
      expect(outcome).toMatchObject({ notUndone: [], compensation: 'complete' });
      expect(outcome?.undone.filter((step) => step !== 'beside')).toEqual(['sub/two', 'sub/one']);
      expect(made.deeds.of('undo two')).toHaveLength(1);
      await advanceUntil(async () => (await a.engine.get(childId)).compensatedBy === runId);
    }
  });

  it('goes on with both when the process that had them has died', async () => {
    const gates = { a: aGate(), b: aGate() };
    gates.b.open();
    const deeds = createDeeds();
    const workflows = (side: 'a' | 'b') => {
      const child = defineWorkflow({
        name: 'child',
        version: 1,
        input: z.unknown(),
        steps: (w) =>
          w.task('work', deeds.task('work', { run: () => gates[side].pass() }), { input: w.input }),
      });
      return [
        defineWorkflow({
          name: 'parent',
          version: 1,
          input: z.object({}),
          steps(w) {
            const sub = w.child('sub', child, { input: {} });
            return w.task('last', deeds.task('last'), { input: { sub } });
          },
        }),
      ];
    };
    const { a, b, advance, settled } = await openPair({ workflows });
    const { runId } = await a.engine.start('parent', {});
    await gates.a.reached;

    a.kill();
    await advance(30 * second);

    expect(await settled(b.engine.result(runId))).toBe('last done');
    expect(deeds.names).toEqual(['work', 'work', 'last']);
    expect((await b.engine.list({ parent: runId })).runs).toHaveLength(1);
  });

  it.each([
    ['cancels the child that the other runs', second, ['work', 'undo work']],
    [
      'undoes the child that ends in the other before it hears of it',
      0,
      ['work', 'last', 'undo last', 'undo work'],
    ],
  ] as const)('cancelling the parent in one %s', async (_text, delayMs, names) => {
    const gate = aGate<string>();
    const deeds = createDeeds();
    const workflows = () => {
      const child = defineWorkflow({
        name: 'child',
        version: 1,
        input: z.unknown(),
        steps(w) {
          const work = w.task('work', deeds.task('work', { run: () => gate.pass() }), {
            input: w.input,
          });
          return w.task('last', deeds.task('last'), { input: work });
        },
      });
      return [
        defineWorkflow({
          name: 'parent',
          version: 1,
          input: z.object({}),
          steps: (w) => w.child('sub', child, { input: {} }),
        }),
      ];
    };
    const { a, b, advance, settled } = await openPair({ workflows });
    const { runId } = await a.engine.start('parent', {});
    await gate.reached;

    await settled(b.engine.cancel(runId));
    await advance(delayMs);
    gate.open('done');
    const view = await settled(b.engine.drive(runId, 'finished'));

    expect(view).toMatchObject({ status: 'cancelled' });
    expect(deeds.names).toEqual(names);
  });
});
