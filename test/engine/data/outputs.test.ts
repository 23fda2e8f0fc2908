import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { entryOf, eventsOf, openBench } from '../../support/engine-bench.ts';

/** Task `make` returns what `make` gives; `follow` runs on it. */
function yielding(make: () => unknown, output: z.ZodType = z.unknown()) {
  const deeds = createDeeds();
  const task = defineTask({
    name: 'make',
    input: z.unknown(),
    output,
    compensate: 'none',
    run: async () => make(),
  });
  const workflow = defineWorkflow({
    name: 'making',
    version: 1,
    input: z.object({}),
    steps(w) {
      const made = w.task('make', task, { input: w.input });
      return w.task('follow', deeds.task('follow'), { input: made });
    },
  });
  return { workflow, deeds };
}

async function outcomeOf(make: () => unknown, output?: z.ZodType) {
  const { workflow, deeds } = yielding(make, output);
  const { engine } = await openBench({ workflows: [workflow] });
  const { runId } = await engine.start(workflow, {});
  return { engine, runId, deeds, view: await engine.drive(runId, 'finished') };
}

class Point {
  readonly x = 1;
}

const cycle: Record<string, unknown> = { name: 'ring' };
cycle['self'] = cycle;

describe('an output that JSON cannot carry', () => {
  const at = (value: unknown) => ({ items: [{ at: value }] });

  it.each<[string, unknown, string]>([
    ['a BigInt', at(1n), 'items.0.at: is a BigInt'],
    ['a function', at(() => 1), 'items.0.at: is a function'],
    ['a symbol', at(Symbol('s')), 'items.0.at: is a symbol'],
    ['NaN', at(Number.NaN), 'items.0.at: is NaN'],
    ['Infinity', at(Number.POSITIVE_INFINITY), 'items.0.at: is Infinity'],
    ['a Date', at(new Date(0)), 'items.0.at: is a Date'],
    ['a Map', at(new Map([['a', 1]])), 'items.0.at: is a Map'],
    ['a Set', at(new Set([1])), 'items.0.at: is a Set'],
    ['a Buffer', at(Buffer.from('a')), 'items.0.at: is a Buffer'],
    ['a class instance', at(new Point()), 'items.0.at: is an instance of Point'],
    ['an Error', at(new Error('x', { cause: new Error('y') })), 'items.0.at: is an Error'],
    ['undefined in a list', { items: [1, undefined] }, 'items.1: is undefined inside a list'],
    ['a cycle', cycle, 'self: refers back to a value it is part of'],
    ['a BigInt alone', 1n, 'value: is a BigInt'],
    ['a key that is a symbol', { [Symbol('s')]: 1 }, 'value: has a symbol as a key'],
  ])('G-03: %s fails the step, which names path and kind', async (_kind, value, text) => {
    const { view, engine, runId, deeds } = await outcomeOf(() => value);

    expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'make' } } });
    expect(view.outcome?.failure?.message).toContain(`Output of task "make" in step "make"`);
    expect(view.outcome?.failure?.message).toContain(text);
    expect(deeds.names).toEqual([]);
    expect(await eventsOf(engine, runId)).not.toContain('make.completed');
    expect(await entryOf(engine, runId, 'make.failed')).not.toHaveProperty('output');
  });
});

describe('an output that is almost JSON', () => {
  it('G-03: loses properties that are undefined, and −0 is 0', async () => {
    const { view, engine, runId, deeds } = await outcomeOf(() => ({
      gone: undefined,
      kept: null,
      zero: -0,
    }));

    expect(view.status).toBe('complete');
    const { output } = await entryOf(engine, runId, 'make.completed');
    expect(output).toStrictEqual({ kept: null, zero: 0 });
    expect(deeds.of('follow')[0]?.input).toStrictEqual({ kept: null, zero: 0 });
  });

  it('G-03: is undefined where the task yields nothing', async () => {
    const { view, deeds } = await outcomeOf(() => undefined, z.void());

    expect(view.status).toBe('complete');
    expect(deeds.of('follow')[0]?.input).toBeUndefined();
  });

  it('G-03: an object without a prototype is an object', async () => {
    const { view, deeds } = await outcomeOf(() => Object.assign(Object.create(null), { a: 1 }));

    expect(view.status).toBe('complete');
    expect(deeds.of('follow')[0]?.input).toStrictEqual({ a: 1 });
  });
});

describe('an output that is not what its schema says', () => {
  it('G-05: fails the run at that step, with the path, and its follower never runs', async () => {
    const output = z.object({ items: z.array(z.object({ price: z.number() })) });

    const { view, deeds, engine, runId } = await outcomeOf(
      () => ({ items: [{ price: 1 }, { price: 'much' }] }),
      output,
    );

    expect(view).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'make', name: 'OutputInvalid' } },
    });
    expect(view.outcome?.failure?.message).toContain('items.1.price: ');
    expect(deeds.names).toEqual([]);
    expect(JSON.stringify(await engine.history(runId))).not.toContain('much');
  });

  it('G-05: is not tried again', async () => {
    let attempts = 0;
    const task = defineTask({
      name: 'make',
      input: z.unknown(),
      output: z.number(),
      compensate: 'none',
      retry: { maxAttempts: 3 },
      run: async () => {
        attempts += 1;
        return 'one' as unknown as number;
      },
    });
    const workflow = defineWorkflow({
      name: 'making',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('make', task, { input: w.input }),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow('Output of task "make" in step "make" is invalid');
    expect(attempts).toBe(1);
  });
});

describe('an output that fights back', () => {
  it('G-07: a getter that throws fails the step', async () => {
    const { view } = await outcomeOf(() => ({
      get trap() {
        throw new Error('sprung');
      },
    }));

    expect(view.status).toBe('failed');
    expect(view.outcome?.failure?.message).toContain('trap: cannot be read: sprung');
  });

  it.each<[string, ProxyHandler<object>]>([
    [
      'ownKeys',
      {
        ownKeys: () => {
          throw new Error('sprung');
        },
      },
    ],
    [
      'get',
      {
        get: () => {
          throw new Error('sprung');
        },
      },
    ],
    [
      'getPrototypeOf',
      {
        getPrototypeOf: () => {
          throw new Error('sprung');
        },
      },
    ],
  ])('G-07: a proxy that throws at %s fails the step', async (_trap, handler) => {
    const { view, engine } = await outcomeOf(() => ({ inner: new Proxy({ a: 1 }, handler) }));

    expect(view.status).toBe('failed');
    expect(view.outcome?.failure).toMatchObject({ step: 'make' });
    expect(await engine.list()).toMatchObject({ runs: [{ status: 'failed' }] });
  });

  it('G-07: a revoked proxy fails the step', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();

    const { view } = await outcomeOf(() => ({ inner: proxy }));

    expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'make' } } });
  });

  it('G-07: what the task does to it afterwards is not seen', async () => {
    const given = { list: [1], name: 'before' };

    const { engine, runId, deeds, view } = await outcomeOf(() => {
      setImmediate(() => Object.assign(given, { name: 'after', list: [2] }));
      queueMicrotask(() => given.list.push(3));
      return given;
    });
    given.name = 'much later';

    expect(view.status).toBe('complete');
    const { output } = await entryOf(engine, runId, 'make.completed');
    expect(output).toMatchObject({ name: 'before' });
    expect(deeds.of('follow')[0]?.input).toEqual(output);
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });
});

describe('an input that a task changes', () => {
  it('G-07: is not seen changed by the task beside it, by the next attempt, or by the engine', async () => {
    const seen: unknown[] = [];
    const Input = z.object({ list: z.array(z.number()) });
    const vandal = (name: string) =>
      defineTask({
        name,
        input: Input,
        output: z.void(),
        compensate: 'none',
        async run({ input }) {
          const isFirst = seen.push(structuredClone(input)) === 1;
          input.list.push(666);
          await Promise.resolve();
          if (isFirst) throw new Error('the first attempt fails');
        },
      });
    const workflow = defineWorkflow({
      name: 'vandals',
      version: 1,
      input: Input,
      onFailure: 'keep',
      steps(w) {
        const source = w.derive('source', w.input, ({ list }) => ({ list: [...list] }));
        w.task('one', vandal('one'), { input: w.input });
        w.task('two', vandal('two'), { input: w.input });
        w.task('three', vandal('three'), { input: source });
        w.task('four', vandal('four'), { input: source });
        return source;
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const given = { list: [1] };

    const { runId } = await engine.start(workflow, given);
    given.list.push(777);
    await engine.drive(runId, 'finished');
    await engine.retry(runId);
    await engine.drive(runId, 'finished');

    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
    expect(await engine.result(runId)).toEqual({ list: [1] });
    expect(seen).toEqual(seen.map(() => ({ list: [1] })));
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });

  it('G-07: a result that the caller changes is not changed for the next reader', async () => {
    const { engine, runId } = await outcomeOf(() => ({ list: [1] }));
    const history = await engine.history(runId);
    const made = history.find(({ event }) => event === 'make.completed');
    expect(made?.output).toEqual({ list: [1] });

    const { list } = (made?.output ?? { list: [] }) as { list: number[] };
    list.push(2);

    expect((await entryOf(engine, runId, 'make.completed')).output).toEqual({ list: [1] });
  });
});
