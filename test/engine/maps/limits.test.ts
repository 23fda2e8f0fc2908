import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { defineWorkflow, type Store } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { openBench, until } from '../../support/engine-bench.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const input = z.object({ list: z.array(z.number()) });

function aMap(
  run: (item: number) => unknown,
  options: { batch?: number; concurrency?: number } = {},
) {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'limits',
    version: 1,
    input,
    steps(w) {
      const first = w.task('first', deeds.task('first'), { input: {} });
      const list = w.derive('list', { first, list: w.input.$.list }, (of) => of.list);
      const each = w.map('each', list, options, (item) =>
        w.task('work', deeds.task('work', { run: (context) => run(context.input as number) }), {
          input: item,
        }),
      );
      return w.task('last', deeds.task('last', { run: (context) => context.input }), {
        input: each,
      });
    },
  });
  return { deeds, workflow, worked: () => deeds.of('work').map((deed) => deed.input) };
}

/** A memory store with room for ten items a map. */
function aSmallStore(): Store {
  return new Proxy(createMemoryStore(), {
    get(target, name, receiver) {
      if (name === 'limits') return { mapItems: 10 };
      return Reflect.get(target, name, receiver);
    },
  });
}

describe('B-03: a map with more items than its store keeps', () => {
  it('is refused before the first item, with the limit; what was done is undone', async () => {
    const { deeds, workflow } = aMap((item) => item);
    const { engine } = await openBench({ workflows: [workflow], store: aSmallStore() });

    const run = await engine.start(workflow, { list: numbers(11) });

    await expect(run.result()).rejects.toThrow(
      `Map "each" has 11 items; the memory store keeps at most 10`,
    );
    expect(deeds.names).toEqual(['first', 'undo first']);
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'each' } },
    });
  });

  it('runs if it has exactly as many', async () => {
    const { workflow } = aMap((item) => item);
    const { engine } = await openBench({ workflows: [workflow], store: aSmallStore() });

    const run = await engine.start(workflow, { list: numbers(10) });

    expect(await run.result()).toEqual(numbers(10));
  });

  it('runs in batches, of which each counts as one', async () => {
    const { workflow, worked } = aMap((items) => items, { batch: 10 });
    const { engine } = await openBench({ workflows: [workflow], store: aSmallStore() });

    const run = await engine.start(workflow, { list: numbers(100) });

    expect(await run.result()).toHaveLength(10);
    expect(worked()).toHaveLength(10);
  });
});

describe('the results of a map', () => {
  it('that are too large together fail the step with a text that says how large they may be', async () => {
    const { workflow, deeds } = aMap(() => 'x'.repeat(300));
    const { engine } = await openBench({
      workflows: [workflow],
      settings: { maxPayloadBytes: 1_000 },
    });

    const run = await engine.start(workflow, { list: numbers(4) });

    await expect(run.result()).rejects.toThrow(
      /The results of map "each" have \d+ bytes; at most 1000 are kept/,
    );
    expect(deeds.of('undo work')).toHaveLength(4);
    expect(deeds.of('last')).toEqual([]);
  });
});

describe('pausing a run', () => {
  it('stops no map half-way, and starts nothing after it', async () => {
    const gate = aGate();
    const { deeds, workflow, worked } = aMap((item) => (item === 1 ? gate.pass() : item), {
      concurrency: 1,
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(4) });
    await gate.reached;

    await engine.pause(run.runId, { actor: 'ann', reason: 'month end' });
    gate.open();
    await until(() => worked().length === 4);
    await clock.advance(0);
    expect(deeds.of('last')).toEqual([]);
    expect((await engine.get(run.runId)).status).toBe('processing');
    await engine.resume(run.runId, { actor: 'ann' });

    expect(await run.result()).toEqual([0, null, 2, 3]);
    expect(worked()).toEqual([0, 1, 2, 3]);
  });

  it('starts no new map; it starts when the run goes on', async () => {
    const gate = aGate();
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'pausing',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first', { run: () => gate.pass() }), {
          input: {},
        });
        const list = w.derive('list', { first, list: w.input.$.list }, (of) => of.list);
        return w.map('each', list, {}, (item) =>
          w.task('work', deeds.task('work', { run: (context) => context.input }), { input: item }),
        );
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: [1, 2] });
    await gate.reached;
    await bench.engine.pause(runId, { actor: 'ann', reason: 'month end' });

    gate.open();
    await bench.clock.advance(0);
    expect(deeds.of('work')).toEqual([]);
    const next = await bench.crash();
    await bench.clock.advance(0);
    expect(deeds.of('work')).toEqual([]);
    await next.resume(runId, { actor: 'ann' });

    expect(await next.result(runId)).toEqual([1, 2]);
    expect(deeds.of('work')).toHaveLength(2);
  });
});

describe('a map of 5,000 items', () => {
  it('finishes, each item once', async () => {
    const { workflow, worked } = aMap((item) => item * 2, { concurrency: 50 });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(5_000) });

    expect(await run.result()).toEqual(numbers(5_000).map((item) => item * 2));
    expect(worked()).toHaveLength(5_000);
  });
});
