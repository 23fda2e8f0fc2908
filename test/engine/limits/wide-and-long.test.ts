import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { z } from 'zod';
import { defineTask, defineWorkflow, SignalboxError } from '../../../src/index.ts';
import { maxWidth } from '../../../src/plan/layout.ts';
import { openBench } from '../../support/engine-bench.ts';

const count = defineTask({
  name: 'count',
  input: z.number(),
  output: z.number(),
  compensate: 'none',
  run: async ({ input }) => input + 1,
});

function wide(width: number) {
  return defineWorkflow({
    name: 'wide',
    version: 1,
    input: z.number(),
    steps(w) {
      const all = Array.from({ length: width }, (_, index) =>
        w.task(`s${index}`, count, { input: w.input }),
      );
      return w.derive('sum', all, (counts) => counts.reduce((sum, each) => sum + each, 0));
    },
  });
}

function long(length: number) {
  return defineWorkflow({
    name: 'long',
    version: 1,
    input: z.number(),
    steps(w) {
      let last = w.input;
      for (let step = 0; step < length; step += 1)
        last = w.task(`s${step}`, count, { input: last });
      return last;
    },
  });
}

describe('B-10: workflows side by side', () => {
  it(`run ${maxWidth} steps at once`, async () => {
    const workflow = wide(maxWidth);
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, 1);

    expect(await run.result()).toBe(2 * maxWidth);
  });

  it.each([maxWidth + 1, 10_000])(
    'are refused with %i steps where they are defined, with the way out',
    (width) => {
      const define = () => wide(width);

      expect(define).toThrow(`at most ${maxWidth}`);
      expect(define).toThrow(
        expect.objectContaining({
          code: 'DEFINITION_INVALID',
          hint: expect.stringContaining('w.map'),
        }),
      );
      expect(define).toThrow(SignalboxError);
    },
  );
});

describe('B-10: workflows 10,000 steps long', () => {
  const workflow = long(10_000);

  it('are defined and compiled', () => {
    expect(workflow.plan.nodes).toHaveLength(10_000);
    expect(createActor(workflow.machine, { input: 0 }).getSnapshot().value).toBe('pending');
  });

  it('run from the first step to the last, and are read again half-way', async () => {
    const { engine, restart } = await openBench({
      workflows: [workflow],
      settings: { cachedRuns: 0 },
    });

    const run = await engine.start(workflow, 0);

    expect(await run.result()).toBe(10_000);
    const next = await restart();
    expect((await next.get(run.runId)).entries).toBe(10_003);
    expect(await next.verify(run.runId)).toMatchObject({ entries: 10_003, fault: null });
  });
});
