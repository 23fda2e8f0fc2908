import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, PermanentError } from '../../../src/index.ts';
import { createDeathPoint } from '../../support/death-point.ts';
import { createDeeds } from '../../support/deeds.ts';
import { type Bench, openBench, second } from '../../support/engine-bench.ts';

/** `before`, two children at the same time, `after`. */
function family(flaw: 'none' | 'child' | 'after') {
  const deeds = createDeeds();
  const breaks = () => Promise.reject(new PermanentError('broken'));
  const child = defineWorkflow({
    name: 'child',
    version: 1,
    input: z.string(),
    steps(w) {
      const one = w.task('one', deeds.task('one'), { input: w.input });
      const two = deeds.task('two', {
        run: ({ input }) => (flaw === 'child' ? breaks() : input),
      });
      return w.task('two', two, { input: { one, name: w.input } });
    },
  });
  const parent = defineWorkflow({
    name: 'parent',
    version: 1,
    input: z.object({}),
    steps(w) {
      const before = w.task('before', deeds.task('before'), { input: w.input });
      const left = w.child('left', child, { input: w.derive('l', before, () => 'left') });
      const right = w.child('right', child, { input: w.derive('r', before, () => 'right') });
      const after = deeds.task('after', {
        run: ({ input }) => (flaw === 'after' ? breaks() : input),
      });
      return w.task('after', after, { input: { left, right } });
    },
  });
  return { deeds, parent };
}

/** The end of the run whose start returned, after the crash; starts it again if nobody was told of it. */
async function finished(bench: Bench, workflow: ReturnType<typeof family>['parent']) {
  await bench.clock.advance(second);
  const run = await bench.engine.start(workflow, {}, { key: 'one' });
  await bench.clock.advance(second);
  return bench.engine.drive(run.runId, 'finished');
}

async function crashedAt(flaw: Parameters<typeof family>[0], at: number, when: 'before' | 'after') {
  const { deeds, parent } = family(flaw);
  const point = createDeathPoint();
  const bench = await openBench({ workflows: [parent], store: point.store });
  point.arm(at, when, bench.kill);
  void bench.engine.start(parent, {}, { key: 'one' }).catch(() => {});
  await bench.clock.advance(second);
  point.disarm();
  const writes = point.count;
  await bench.crash();
  const view = await finished(bench, parent);
  await bench.clock.advance(second);
  return { bench, deeds, view, writes, hasStruck: point.hasStruck };
}

/** The run without a crash, and how many writes it takes. */
function undisturbed(flaw: Parameters<typeof family>[0]) {
  return crashedAt(flaw, Number.POSITIVE_INFINITY, 'before');
}

async function outcomeOf({ bench, deeds, view }: Awaited<ReturnType<typeof crashedAt>>) {
  const { engine } = bench;
  const { runs } = await engine.list({ parent: view.runId });
  const history = await engine.history(view.runId);
  const chains = [view.runId, ...runs.map(({ runId }) => runId)];
  const reports = await Promise.all(chains.map((runId) => engine.verify(runId)));
  return {
    status: view.status,
    undone: view.outcome?.undone.toSorted(),
    notUndone: view.outcome?.notUndone,
    children: runs.map(({ parent, status }) => `${parent?.step} ${status}`).toSorted(),
    ofChildren: history
      .flatMap(({ event }) => (/^(left|right)\./.test(event) ? [event] : []))
      .toSorted(),
    faults: reports.flatMap(({ fault }) => fault ?? []),
    effects: new Set(deeds.all.map(({ what, key }) => `${what} ${key}`)).size,
    open: await Promise.all(
      chains.map(async (runId) => (await bench.store.inbox(runId)).map(({ id }) => id)),
    ),
  };
}

describe.each(['none', 'child', 'after'] as const)('a crash at every write (flaw: %s)', (flaw) => {
  it.each(['before', 'after'] as const)(
    '%s it: one child a step, every result applied once',
    async (when) => {
      const reference = await undisturbed(flaw);
      const expected = await outcomeOf(reference);
      expect(expected.children).toHaveLength(2);
      expect(expected.faults).toEqual([]);
      let struck = 0;

      for (let at = 1; at <= reference.writes; at += 1) {
        const crashed = await crashedAt(flaw, at, when);
        if (crashed.hasStruck) struck += 1;

        const outcome = await outcomeOf(crashed);

        // A crash repeats the attempts it interrupts, two here, under their own keys; nothing else.
        const repeated = crashed.deeds.all.length - outcome.effects;
        expect({ at, ...outcome }).toEqual({ at, ...expected, effects: expect.any(Number) });
        expect(repeated, `repeated at ${at}`).toBeLessThanOrEqual(2);
      }

      expect(struck).toBe(reference.writes);
      expect(struck).toBeGreaterThan(10);
    },
  );
});
