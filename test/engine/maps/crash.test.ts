import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds, type DeedOptions } from '../../support/deeds.ts';
import { hour, minute, openBench, until } from '../../support/engine-bench.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const input = z.object({ list: z.array(z.number()) });
const never = new Promise<never>(() => {});

/** One task an item; the rest is said by the test. */
function aMap(
  options: DeedOptions,
  {
    concurrency = 1,
    onItemFailure = 'fail',
    onFailure = 'keep',
  }: {
    concurrency?: number;
    onItemFailure?: 'fail' | 'collect';
    onFailure?: 'keep' | 'compensate';
  } = {},
) {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'mapping',
    version: 1,
    input,
    onFailure,
    steps: (w) =>
      w.map('each', w.input.$.list, { concurrency, onItemFailure }, (item) =>
        w.task('work', deeds.task('work', options), { input: item }),
      ),
  });
  return { deeds, workflow, worked: () => deeds.of('work').map((deed) => deed.input) };
}

/** Holds every item it is told to, the first time only. */
function holdingOnce(...items: readonly number[]) {
  const held = new Set<number>();
  return {
    held,
    async hold(item: unknown) {
      if (!items.includes(item as number) || held.has(item as number)) return;
      held.add(item as number);
      await never;
    },
  };
}

describe('a crash in the middle of a map', () => {
  it('runs no finished item again; what was at work is done again and the rest goes on', async () => {
    const { held, hold } = holdingOnce(5, 6);
    const { deeds, workflow, worked } = aMap(
      { run: async ({ input: item }) => (await hold(item), item) },
      { concurrency: 2 },
    );
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(10) });
    await until(() => held.size === 2);

    const next = await bench.crash();

    expect(await next.result(runId)).toEqual(numbers(10));
    expect(worked()).toEqual([0, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8, 9]);
    const keys = deeds.of('work').filter(({ input: item }) => item === 5);
    expect(new Set(keys.map(({ key }) => key)).size).toBe(1);
  });

  it('and another while it recovers repeats nothing that has finished, either', async () => {
    const { held, hold } = holdingOnce(3, 5);
    const { workflow, worked } = aMap({ run: async ({ input: item }) => (await hold(item), item) });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(7) });
    await until(() => held.has(3));
    await bench.crash();
    await until(() => held.has(5));

    const last = await bench.crash();

    expect(await last.result(runId)).toEqual(numbers(7));
    expect(worked()).toEqual([0, 1, 2, 3, 3, 4, 5, 5, 6]);
  });

  it('keeps the planned time of an item that waits to be retried, and the number of its attempt', async () => {
    const lives = [1, 2].map(() =>
      aMap({
        retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1h' } },
        run: ({ attempt }) => {
          if (attempt < 3) throw new TransientError('busy');
        },
      }),
    );
    const attempts = (life: number) => lives[life]?.deeds.all.map(({ attempt }) => attempt);
    const workflows = lives.map(({ workflow }) => [workflow]);
    const bench = await openBench({ workflows: workflows[0] ?? [] });
    const { runId } = await bench.engine.start('mapping', { list: [1] });
    await until(() => attempts(0)?.length === 1);
    await bench.clock.advance(40 * minute);

    const next = await bench.crash({ workflows: workflows[1] ?? [] });
    await bench.clock.advance(20 * minute - 1);
    expect(attempts(1)).toEqual([]);
    await bench.clock.advance(1);
    expect(attempts(1)).toEqual([2]);
    await bench.clock.advance(hour);

    expect(await next.result(runId)).toEqual([null]);
    expect(attempts(1)).toEqual([2, 3]);
  });

  it('does not run the first task of an item again when the second was at work', async () => {
    const deeds = createDeeds();
    const { held, hold } = holdingOnce(1);
    const workflow = defineWorkflow({
      name: 'two-tasks',
      version: 1,
      input,
      steps: (w) =>
        w.map('each', w.input.$.list, { concurrency: 1 }, (item) => {
          const one = w.task(
            'one',
            deeds.task('one', { run: ({ input: of }) => `${String(of)}!` }),
            {
              input: item,
            },
          );
          const both = w.derive('both', { one, item }, (of) => of);
          return w.task(
            'two',
            deeds.task('two', {
              run: async ({ input: of }) => {
                const { one: first, item: which } = of as { one: string; item: number };
                await hold(which);
                return `${first}?`;
              },
            }),
            { input: both },
          );
        }),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: [0, 1, 2] });
    await until(() => held.size === 1);

    const next = await bench.crash();

    expect(await next.result(runId)).toEqual(['0!?', '1!?', '2!?']);
    expect(deeds.names).toEqual(['one', 'two', 'one', 'two', 'two', 'one', 'two']);
  });

  it('after the failure of an item still fails the map by that item, and undoes what was at work', async () => {
    const { held, hold } = holdingOnce(0);
    const { deeds, workflow, worked } = aMap(
      {
        run: async ({ input: item }) => {
          await hold(item);
          if (item === 1) throw new Error('no 1');
        },
      },
      { concurrency: 2, onFailure: 'compensate' },
    );
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(4) });
    await until(() => held.size === 1 && worked().length === 2);
    await bench.clock.advance(0);

    const next = await bench.crash();

    await expect(next.result(runId)).rejects.toThrow('Item 1: no 1');
    // Nobody knows whether item 0 had its effect: it is done again under the same key, so that there is something to undo.
    expect(worked()).toEqual([0, 1, 0]);
    expect(deeds.of('undo work')).toMatchObject([{ input: 0 }]);
  });
});

describe('an unsafe task of an item at work when the process died', () => {
  it('fails its item as unclear and is not repeated; a retry by hand does', async () => {
    const { held, hold } = holdingOnce(1);
    const { workflow, worked } = aMap({
      repeat: 'unsafe',
      run: async ({ input: item }) => (await hold(item), item),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(3) });
    await until(() => held.size === 1);

    const next = await bench.crash();

    await expect(next.result(runId)).rejects.toThrow(
      'Item 1: Nobody knows whether "work" took effect before the process died',
    );
    expect(worked()).toEqual([0, 1]);

    await next.retry(runId, { actor: 'ann', reason: 'looked: it had not happened' });

    expect(await next.result(runId)).toEqual([0, 1, 2]);
    expect(worked()).toEqual([0, 1, 1, 2]);
  });

  it("is among the failed of 'collect', and stays so over another crash", async () => {
    const { held, hold } = holdingOnce(1, 2);
    const { workflow, worked } = aMap(
      { repeat: 'unsafe', run: async ({ input: item }) => (await hold(item), item) },
      { onItemFailure: 'collect' },
    );
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(4) });
    await until(() => held.has(1));
    await bench.crash();
    await until(() => held.has(2));

    const last = await bench.crash();

    expect(await last.result(runId)).toMatchObject({
      complete: [{ index: 0 }, { index: 3 }],
      failed: [
        { index: 1, failure: { name: 'OutcomeUnknownError' } },
        { index: 2, failure: { name: 'OutcomeUnknownError' } },
      ],
    });
    expect(worked()).toEqual([0, 1, 2, 3]);
  });
});

describe('closing in the middle of a map', () => {
  it.each(['safe', 'unsafe'] as const)(
    'lets %s items at work end within the grace; the map goes on at the next start',
    async (repeat) => {
      const gate = aGate();
      const { workflow, worked } = aMap(
        { repeat, run: ({ input: item }) => (item === 3 ? gate.pass() : undefined) },
        { concurrency: 2 },
      );
      const bench = await openBench({ workflows: [workflow] });
      const { runId } = await bench.engine.start(workflow, { list: numbers(8) });
      await gate.reached;

      const closing = bench.engine.close({ graceMs: minute });
      gate.open();
      await closing;
      const before = worked();
      expect(before.length).toBeLessThan(8);
      const next = await bench.restart();

      expect(await next.result(runId)).toHaveLength(8);
      expect(worked().length).toBe(8);
      expect([...worked()].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(8));
    },
  );

  it('that cuts items off does not fail the run: they are done again at the next start', async () => {
    const { held, hold } = holdingOnce(2, 3);
    const aborted: unknown[] = [];
    const { workflow, worked } = aMap(
      {
        run: async ({ input: item, signal }) => {
          await Promise.race([
            hold(item),
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                aborted.push(item);
                reject(new Error('cut off'));
              });
            }),
          ]);
          return item;
        },
      },
      { concurrency: 2 },
    );
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(6) });
    await until(() => held.size === 2);

    const next = await bench.restart();

    expect(aborted).toEqual([2, 3]);
    expect((await next.get(runId))?.status).not.toBe('failed');
    expect(await next.result(runId)).toEqual(numbers(6));
    expect(worked()).toEqual([0, 1, 2, 3, 2, 3, 4, 5]);
  });
});
