import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { hour, openBench, until } from '../../support/engine-bench.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const input = z.object({ list: z.array(z.number()) });

/** Fails for good at the items it is told to, until mended. */
function aMap(options: {
  failing: readonly number[];
  concurrency?: number;
  onItemFailure?: 'fail' | 'collect';
  onFailure?: 'keep' | 'compensate';
  hold?: (item: number) => Promise<void> | undefined;
}) {
  const deeds = createDeeds();
  const flaw = { failing: options.failing };
  const work = deeds.task('work', {
    run: async ({ input: item }) => {
      await options.hold?.(item as number);
      if (flaw.failing.includes(item as number)) throw new PermanentError(`no ${String(item)}`);
      return `did ${String(item)}`;
    },
  });
  const workflow = defineWorkflow({
    name: 'mapping',
    version: 1,
    input,
    onFailure: options.onFailure ?? 'compensate',
    steps: (w) =>
      w.map(
        'each',
        w.input.$.list,
        { concurrency: options.concurrency ?? 1, onItemFailure: options.onItemFailure ?? 'fail' },
        (item) => w.task('work', work, { input: item }),
      ),
  });
  const worked = () => deeds.of('work').map((deed) => deed.input);
  return { deeds, flaw, workflow, worked };
}

describe("an item that fails for good, by 'fail'", () => {
  it('fails the step with its index; items not yet begun are not begun', async () => {
    const { deeds, workflow, worked } = aMap({ failing: [99], onFailure: 'keep' });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(150) });

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'each': Item 99: no 99");
    expect(worked()).toEqual(numbers(100));
    expect(deeds.of('undo work')).toEqual([]);
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'each', name: 'PermanentError' } },
    });
  });

  it('lets what is at work end, and keeps it', async () => {
    const slow = aGate();
    const { flaw, workflow, worked } = aMap({
      failing: [1],
      concurrency: 3,
      onFailure: 'keep',
      hold: (item) => (item === 0 ? slow.pass() : undefined),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(6) });
    const result = run.result();
    result.catch(() => {});
    await until(() => worked().length >= 3);
    expect((await engine.get(run.runId))?.status).toBe('processing');

    slow.open();
    await expect(result).rejects.toThrow('Item 1: no 1');
    const before = worked();
    expect(before).not.toContain(5);
    flaw.failing = [];
    await engine.retry(run.runId);
    await engine.result(run.runId);

    expect(worked().slice(before.length)).toEqual(
      [1, 2, 3, 4, 5].filter((item) => item === 1 || !before.includes(item)),
    );
  });

  it('B-05: a retry of the run does it and the rest, nothing that was finished', async () => {
    const { flaw, workflow, worked } = aMap({ failing: [99], onFailure: 'keep' });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(102) });
    await expect(run.result()).rejects.toThrow('Item 99');

    await engine.retry(run.runId, { actor: 'ann' });
    await expect(engine.result(run.runId)).rejects.toThrow('Item 99: no 99');
    expect(worked()).toEqual([...numbers(100), 99]);
    flaw.failing = [];
    await engine.retry(run.runId, { actor: 'ann' });

    expect(await engine.result(run.runId)).toEqual(
      numbers(102).map((item) => `did ${String(item)}`),
    );
    expect(worked()).toEqual([...numbers(100), 99, 99, 100, 101]);
  });

  it('a retry of the run after a crash goes on where the map stood, too', async () => {
    const { flaw, workflow, worked } = aMap({ failing: [3], onFailure: 'keep' });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(5) });
    await bench.engine.drive(runId, 'finished');
    const next = await bench.crash();
    flaw.failing = [];

    await next.retry(runId);

    expect(await next.result(runId)).toEqual(numbers(5).map((item) => `did ${String(item)}`));
    expect(worked()).toEqual([0, 1, 2, 3, 3, 4]);
  });

  it('is not waited for by the retries of other items', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'backing-off',
      version: 1,
      input,
      onFailure: 'keep',
      steps: (w) =>
        w.map('each', w.input.$.list, { concurrency: 2 }, (item) =>
          w.task(
            'work',
            deeds.task('work', {
              retry: { maxAttempts: 5, backoff: { kind: 'fixed', initial: '1h' } },
              run: ({ input: of }) => {
                if (of === 0) throw new TransientError('busy');
                throw new PermanentError('never');
              },
            }),
            { input: item },
          ),
        ),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: [0, 1] });

    await until(async () => (await engine.get(run.runId))?.status === 'failed');
    await expect(run.result()).rejects.toThrow('Item 1: never');
    expect(deeds.all).toHaveLength(2);
  });

  it('gives up an item after its last attempt, and says so by that failure', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'giving-up',
      version: 1,
      input,
      steps: (w) =>
        w.map('each', w.input.$.list, {}, (item) =>
          w.task(
            'work',
            deeds.task('work', {
              retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1h' } },
              run: ({ attempt }) => Promise.reject(new TransientError(`busy ${attempt}`)),
            }),
            { input: item },
          ),
        ),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: [7] });
    const result = run.result();
    result.catch(() => {});

    await until(() => deeds.all.length === 1);
    await clock.advance(2 * hour);

    await expect(result).rejects.toThrow('Item 0: busy 3');
    expect(deeds.all).toHaveLength(3);
  });

  it('yields a clear failure if its input is not what the task takes', async () => {
    const strict = defineTask({
      name: 'strict',
      input: z.object({ sum: z.number() }),
      output: z.number(),
      compensate: 'none',
      run: async ({ input: { sum } }) => sum,
    });
    const workflow = defineWorkflow({
      name: 'strict-items',
      version: 1,
      input: z.object({ list: z.array(z.unknown()) }),
      steps: (w) =>
        w.map('each', w.input.$.list, { concurrency: 1 }, (item) =>
          w.task('work', strict, { input: item as never }),
        ),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: [{ sum: 1 }, { sum: 'two' }] });

    await expect(run.result()).rejects.toThrow(
      /Item 1: Input of task "strict" in step "each\/1\/work" is invalid: sum: /,
    );
  });
});

describe("K-06: items that fail, by 'collect'", () => {
  it('stand beside those that are complete, with their index, item and failure', async () => {
    const { workflow, worked } = aMap({ failing: [2, 5, 9], onItemFailure: 'collect' });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(10) });
    const output = (await run.result()) as {
      complete: readonly unknown[];
      failed: readonly unknown[];
    };

    expect(output.complete).toEqual(
      [0, 1, 3, 4, 6, 7, 8].map((item) => ({ index: item, item, value: `did ${String(item)}` })),
    );
    expect(output.failed).toEqual(
      [2, 5, 9].map((item) => ({
        index: item,
        item,
        failure: {
          name: 'PermanentError',
          message: `no ${String(item)}`,
          retryable: false,
          attempts: 1,
        },
      })),
    );
    expect(worked()).toEqual(numbers(10));
    expect((await engine.get(run.runId))?.status).toBe('complete');
  });

  it.each([
    ['all of them', numbers(4)],
    ['none of them', []],
  ])('may be %s', async (_name, failing) => {
    const { workflow } = aMap({ failing, onItemFailure: 'collect', concurrency: 2 });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(4) });

    expect(await run.result()).toMatchObject({
      complete: { length: 4 - failing.length },
      failed: { length: failing.length },
    });
  });

  it('of an empty list are two empty lists', async () => {
    const { workflow } = aMap({ failing: [], onItemFailure: 'collect' });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: [] });

    expect(await run.result()).toEqual({ complete: [], failed: [] });
  });

  it('reach the step that follows, typed', async () => {
    const half = defineTask({
      name: 'half',
      input: z.number(),
      output: z.object({ half: z.number() }),
      compensate: 'none',
      run: async ({ input: of }) => {
        if (of % 2 === 1) throw new PermanentError('odd');
        return { half: of / 2 };
      },
    });
    const workflow = defineWorkflow({
      name: 'halves',
      version: 1,
      input,
      steps(w) {
        const halves = w.map('each', w.input.$.list, { onItemFailure: 'collect' }, (item) =>
          w.task('half', half, { input: item }),
        );
        return w.derive('report', halves, ({ complete, failed }) => {
          expectTypeOf(complete[0]).toExtend<
            { index: number; item: number; value: { half: number } } | undefined
          >();
          const total = complete.reduce((sum, { value }) => sum + value.half, 0);
          const reasons = failed.map(({ index, item, failure }) => [index, item, failure.message]);
          return { total, done: complete.length, failed: failed.length, reasons };
        });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: [2, 3, 4, 5] });

    expect(await run.result()).toEqual({
      total: 3,
      done: 2,
      failed: 2,
      reasons: [
        [1, 3, 'odd'],
        [3, 5, 'odd'],
      ],
    });
  });

  it('carry the code and the detail their task declared', async () => {
    const pay = defineTask({
      name: 'pay',
      input: z.number(),
      output: z.number(),
      failures: { declined: z.object({ reason: z.string() }) },
      compensate: 'none',
      run: async ({ input: of, fail }) => (of > 1 ? fail('declined', { reason: `${of}` }) : of),
    });
    const workflow = defineWorkflow({
      name: 'payments',
      version: 1,
      input,
      steps: (w) =>
        w.map('each', w.input.$.list, { onItemFailure: 'collect' }, (item) =>
          w.task('pay', pay, { input: item }),
        ),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: [1, 2] });

    expect(await run.result()).toMatchObject({
      failed: [{ index: 1, failure: { code: 'declined', detail: { reason: '2' } } }],
    });
  });
});
