import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, forwardWorkflow, type Workflow } from '../../../src/index.ts';
import { openBench } from '../../support/engine-bench.ts';

/** n! by a workflow that calls itself. */
const factorial: Workflow<number, number> = defineWorkflow({
  name: 'factorial',
  version: 1,
  input: z.number().int(),
  steps(w) {
    const isBase = w.is(w.input, 'base', (n) => n <= 1);
    return w.when(
      'case',
      isBase,
      () => w.derive('one', w.input, () => 1),
      () => {
        const less = w.derive('less', w.input, (n) => n - 1);
        const self = forwardWorkflow<number, number>({
          name: 'factorial',
          version: 1,
          workflow: () => factorial,
        });
        const rest = w.child('rest', self, { input: less });
        return w.derive('product', { n: w.input, rest }, ({ n, rest }) => n * rest);
      },
    );
  },
});

describe('a workflow that calls itself', () => {
  it('works: the factorial of 5', async () => {
    const { engine } = await openBench({ workflows: [factorial] });

    const run = await engine.start(factorial, 5);

    expect(await run.result()).toBe(120);
    const { runs } = await engine.list({ workflow: 'factorial' });
    expect(runs).toHaveLength(5);
    expect(engine.workflows.map(({ name }) => name)).toEqual(['factorial']);
  });

  it('works fifty workflows deep', async () => {
    const { engine } = await openBench({ workflows: [factorial] });

    const run = await engine.start(factorial, 51);

    expect(await run.result()).toBeCloseTo(1.5511187532873822e66, -52);
  });

  it('B-11: deeper fails, and every run up to the outermost says so', async () => {
    const { engine } = await openBench({ workflows: [factorial] });

    const run = await engine.start(factorial, 1_000);

    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining('More than 50 workflows inside each other'),
    });
    const { runs } = await engine.list({ workflow: 'factorial', limit: 1_000 });
    expect(runs).toHaveLength(51);
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 51 }, () => 'failed'));
    const { outcome } = await engine.get(run.runId);
    expect(outcome?.failure).toMatchObject({ step: 'rest', name: 'NestingTooDeep' });
  });

  it('two workflows that call each other', async () => {
    const isEven: Workflow<number, boolean> = defineWorkflow({
      name: 'even',
      version: 1,
      input: z.number(),
      steps(w) {
        const isZero = w.is(w.input, 'zero', (n) => n === 0);
        return w.when(
          'case',
          isZero,
          () => w.derive('yes', w.input, (): boolean => true),
          () => {
            const less = w.derive('less', w.input, (n) => n - 1);
            const odd = forwardWorkflow<number, boolean>({
              name: 'odd',
              version: 1,
              workflow: () => isOdd,
            });
            return w.child('odd', odd, { input: less });
          },
        );
      },
    });
    const isOdd: Workflow<number, boolean> = defineWorkflow({
      name: 'odd',
      version: 1,
      input: z.number(),
      steps(w) {
        const isZero = w.is(w.input, 'zero', (n) => n === 0);
        return w.when(
          'case',
          isZero,
          () => w.derive('no', w.input, (): boolean => false),
          () => w.child('even', isEven, { input: w.derive('less', w.input, (n) => n - 1) }),
        );
      },
    });
    const { engine } = await openBench({ workflows: [isEven] });

    expect(await (await engine.start(isEven, 6)).result()).toBe(true);
    expect(await (await engine.start(isEven, 7)).result()).toBe(false);
    expect(engine.workflows.map(({ name }) => name).sort()).toEqual(['even', 'odd']);
  });
});
