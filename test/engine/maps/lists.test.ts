import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench } from '../../support/engine-bench.ts';

/** Maps whatever the input says. */
function aMapOverAnything() {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'anything',
    version: 1,
    input: z.object({ list: z.unknown() }),
    steps: (w) =>
      w.map('each', w.input.$.list as never, {}, (item) =>
        w.task('work', deeds.task('work', { run: ({ input }) => input }), { input: item }),
      ),
  });
  return { deeds, workflow };
}

describe('B-04: the list of a map', () => {
  it.each([
    ['no item', []],
    ['one item', ['only']],
    ['items of any kind', [null, 0, '', false, { a: [1] }, []]],
  ])('of %s yields as many results', async (_name, list) => {
    const { deeds, workflow } = aMapOverAnything();
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list });

    expect(await run.result()).toEqual(list);
    expect(deeds.names).toEqual(list.map(() => 'work'));
  });

  it.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a text', 'abc', 'string'],
    ['an object', { length: 1, 0: 'a' }, 'object'],
    ['a number', 3, 'number'],
  ])('that is %s fails the step with a clear text', async (_name, list, kind) => {
    const { deeds, workflow } = aMapOverAnything();
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list });

    await expect(run.result()).rejects.toThrow(
      `Workflow failed at step 'each': Map "each" needs a list and got ${kind}`,
    );
    expect(deeds.all).toEqual([]);
    expect((await engine.get(run.runId))?.status).toBe('failed');
  });
});
