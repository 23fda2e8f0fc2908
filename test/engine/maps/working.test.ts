import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { minute, openBench, until } from '../../support/engine-bench.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Counts who is at work at the same time; everybody waits for the door of their item. */
function aWorkshop(options: { concurrency?: number }) {
  const seen = { running: 0, most: 0 };
  const gates = new Map<number, ReturnType<typeof aGate<void>>>();
  const gateOf = (item: number) => {
    const gate = gates.get(item) ?? aGate();
    gates.set(item, gate);
    return gate;
  };
  const work = defineTask({
    name: 'work',
    input: z.number(),
    output: z.string(),
    compensate: 'none',
    async run({ input }) {
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      await gateOf(input).pass();
      seen.running -= 1;
      return `done ${input}`;
    },
  });
  const workflow = defineWorkflow({
    name: 'workshop',
    version: 1,
    input: z.object({ list: z.array(z.number()) }),
    steps: (w) =>
      w.map('each', w.input.$.list, options, (item) => w.task('work', work, { input: item })),
  });
  return { seen, gates, gateOf, workflow };
}

describe('B-04: items at work side by side', () => {
  it('yield their results in the order of the list although the last one ends first', async () => {
    const { gateOf, seen, workflow } = aWorkshop({});
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(6) });
    await until(() => seen.running === 6);

    for (const item of numbers(6).reverse()) {
      gateOf(item).open();
      await until(() => seen.running === item);
    }

    expect(await run.result()).toEqual(numbers(6).map((item) => `done ${item}`));
  });

  it.each([
    [1, 4],
    [3, 8],
    [8, 3],
  ])(
    'are %i at once of %i, no more and, as long as there are items, no fewer',
    async (concurrency, count) => {
      const { gateOf, gates, seen, workflow } = aWorkshop({ concurrency });
      const { engine } = await openBench({ workflows: [workflow] });
      const run = await engine.start(workflow, { list: numbers(count) });

      for (const item of numbers(count)) {
        await until(() => gates.size >= Math.min(count, item + concurrency));
        await until(() => seen.running === Math.min(concurrency, count - item));
        expect(gates.size).toBe(Math.min(count, item + concurrency));
        gateOf(item).open();
      }

      expect(await run.result()).toHaveLength(count);
      expect(seen.most).toBe(Math.min(concurrency, count));
    },
  );

  it('are ten at once if nothing else is said', async () => {
    const { gateOf, seen, workflow } = aWorkshop({});
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(25) });
    await until(() => seen.running === 10);

    for (const item of numbers(25)) gateOf(item).open();

    expect(await run.result()).toHaveLength(25);
    expect(seen.most).toBe(10);
  });

  it('share the queue of their task with everything else', async () => {
    const { gateOf, seen, workflow } = aWorkshop({});
    const { engine } = await openBench({
      workflows: [workflow],
      dispatcher: { queues: { default: 2 } },
    });
    const run = await engine.start(workflow, { list: numbers(9) });

    await until(() => seen.running === 2);
    for (const item of numbers(9)) gateOf(item).open();

    expect(await run.result()).toHaveLength(9);
    expect(seen.most).toBe(2);
  });
});

describe('batches', () => {
  it.each([
    [3, 7, [3, 3, 1]],
    [3, 6, [3, 3]],
    [10, 4, [4]],
    [1, 2, [1, 1]],
    [5, 0, []],
  ])('of %i make of %i items calls of %j', async (batch, count, sizes) => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'batches',
      version: 1,
      input: z.object({ list: z.array(z.number()) }),
      steps: (w) =>
        w.map('each', w.input.$.list, { batch, concurrency: 1 }, (items, index) =>
          w.task('work', deeds.task('work', { run: ({ input }) => input }), {
            input: { items, index },
          }),
        ),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(count) });

    expect(await run.result()).toEqual(
      sizes.map((_size, index) => ({
        index,
        items: numbers(count).slice(index * batch, (index + 1) * batch),
      })),
    );
    expect(
      deeds.all.map(({ input }) => (input as { items: readonly number[] }).items.length),
    ).toEqual(sizes);
  });
});

describe('the body of a map', () => {
  it('sees its item, its index, values from outside, and what its own tasks and derives yield', async () => {
    const deeds = createDeeds();
    const price = defineTask({
      name: 'price',
      input: z.object({ sku: z.string(), rate: z.number() }),
      output: z.object({ cents: z.number() }),
      compensate: 'none',
      run: async ({ input }) => ({ cents: input.sku.length * input.rate }),
    });
    const rateTask = defineTask({
      name: 'rate',
      input: z.object({}),
      output: z.object({ rate: z.number() }),
      compensate: 'none',
      run: async () => ({ rate: 7 }),
    });
    const workflow = defineWorkflow({
      name: 'cart',
      version: 1,
      input: z.object({
        customer: z.string(),
        lines: z.array(z.object({ sku: z.string(), amount: z.number() })),
      }),
      steps(w) {
        const rate = w.task('rate', rateTask, { input: {} });
        return w.map('lines', w.input.$.lines, {}, (line, index) => {
          const priced = w.task('price', price, { input: { sku: line.$.sku, rate: rate.$.rate } });
          const sum = w.derive('sum', { priced, line }, (of) => of.priced.cents * of.line.amount);
          const booked = w.task('book', deeds.task('book'), {
            input: { sum, index, who: w.input.$.customer },
          });
          return w.derive('line', { index, sum, booked }, (line) => line);
        });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {
      customer: 'ann',
      lines: [
        { sku: 'ab', amount: 2 },
        { sku: 'abc', amount: 3 },
      ],
    });

    expect(await run.result()).toEqual([
      { index: 0, sum: 28, booked: 'book done' },
      { index: 1, sum: 63, booked: 'book done' },
    ]);
    expect(deeds.all.map(({ input }) => input)).toEqual([
      { sum: 28, index: 0, who: 'ann' },
      { sum: 63, index: 1, who: 'ann' },
    ]);
  });

  it('gives each task of each item a key of its own, the same at every attempt', async () => {
    const deeds = createDeeds();
    const flaky = deeds.task('flaky', {
      retry: { maxAttempts: 2 },
      run: ({ attempt }) => {
        if (attempt === 1) throw new TransientError('busy');
      },
    });
    const workflow = defineWorkflow({
      name: 'keys',
      version: 1,
      input: z.object({ list: z.array(z.number()) }),
      steps: (w) =>
        w.map('each', w.input.$.list, {}, (item) => {
          const one = w.task('one', flaky, { input: item });
          return w.task('two', flaky, { input: one });
        }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: [1, 2, 3] });
    const result = run.result();

    await until(() => deeds.all.length === 3);
    await clock.advance(10 * minute);
    await clock.advance(10 * minute);
    await result;

    expect(deeds.all).toHaveLength(12);
    const counts = new Map<string, number>();
    for (const { key } of deeds.all) counts.set(key, (counts.get(key) ?? 0) + 1);
    expect([...counts.values()]).toEqual([2, 2, 2, 2, 2, 2]);
  });
});

describe('the retry of an item', () => {
  it('waits as its task says, alone: the others go on', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'flaky',
      version: 1,
      input: z.object({ list: z.array(z.number()) }),
      steps: (w) =>
        w.map('each', w.input.$.list, { concurrency: 2 }, (item) =>
          w.task(
            'work',
            deeds.task('work', {
              retry: {
                maxAttempts: 3,
                backoff: { kind: 'exponential', initial: '1m', factor: 2, max: '1h' },
              },
              run: ({ input, attempt }) => {
                if (input === 1 && attempt < 3) throw new TransientError('busy');
                return input;
              },
            }),
            { input: item },
          ),
        ),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const startedMs = clock.nowMs();
    const run = await engine.start(workflow, { list: [0, 1, 2, 3, 4, 5] });
    const tries = () => deeds.all.filter(({ input }) => input === 1).length;

    await until(() => deeds.all.length === 6);
    expect(tries()).toBe(1);
    await clock.advance(minute - 1);
    expect(tries()).toBe(1);
    await clock.advance(1);
    expect(tries()).toBe(2);
    await clock.advance(2 * minute - 1);
    expect(tries()).toBe(2);
    await clock.advance(1);

    expect(await run.result()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(deeds.all.filter(({ input }) => input === 1).map(({ attempt }) => attempt)).toEqual([
      1, 2, 3,
    ]);
    expect(clock.nowMs() - startedMs).toBe(3 * minute);
  });
});
