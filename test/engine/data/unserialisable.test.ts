import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { entryOf, openBench } from '../../support/engine-bench.ts';

class Money {
  amount = 7;
}

function aCycle(): object {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}

/** What JSON cannot carry, and how people are told. */
const lossy: readonly (readonly [name: string, make: () => unknown, told: string])[] = [
  ['BigInt', () => 7n, 'a BigInt'],
  ['function', () => () => 7, 'a function'],
  ['symbol', () => Symbol('s'), 'a symbol'],
  ['cycle', aCycle, 'cycle'],
  ['NaN', () => Number.NaN, 'NaN'],
  ['Infinity', () => Number.NEGATIVE_INFINITY, '-Infinity'],
  ['Date', () => new Date(0), 'a Date'],
  ['Map', () => new Map([['a', 1]]), 'a Map'],
  ['Set', () => new Set([1]), 'a Set'],
  ['Buffer', () => Buffer.from('x'), 'Buffer'],
  ['typed array', () => new Uint8Array(2), 'Uint8Array'],
  ['class instance', () => new Money(), 'an instance of Money'],
  ['Error', () => new Error('x', { cause: new Error('y') }), 'an Error'],
  ['RegExp', () => /x/, 'a RegExp'],
  ['promise', () => Promise.resolve(1), 'a Promise'],
  ['hole in a list', () => Array(2), 'hole'],
  ['undefined in a list', () => [undefined], 'undefined'],
  ['symbol as a key', () => ({ [Symbol('k')]: 1 }), 'symbol'],
  ['key __proto__', () => JSON.parse('{ "__proto__": 1 }') as unknown, '__proto__'],
  ['toJSON', () => ({ toJSON: () => 'sneaky' }), 'a function'],
];

describe('G-03: an output JSON cannot carry', () => {
  it.each(lossy)(
    '%s fails the step that made it, with its path, and is passed to nobody',
    async (_, make, told) => {
      const deeds = createDeeds();
      const workflow = twoSteps(
        deeds.task('make', { run: () => ({ deep: [{ value: make() }] }) }),
        deeds.task('read'),
      );
      const { engine } = await openBench({ workflows: [workflow] });

      const run = await engine.start(workflow, null);

      const view = await engine.drive(run.runId, 'finished');
      const message = view.outcome?.failure?.message ?? '';
      expect(view).toMatchObject({
        status: 'failed',
        outcome: { failure: { step: 'make', name: 'OutputInvalid' } },
      });
      expect(message).toContain('deep.0.value');
      expect(message).toContain(told);
      expect(message).toContain('task "make"');
      expect(deeds.names).toEqual(['make']);
      const { output } = await entryOf(engine, run.runId, 'make.failed');
      expect(output).toBeUndefined();
    },
  );

  it.each([
    ['-0', -0, 0],
    ['undefined as a property', { a: undefined, b: 1 }, { b: 1 }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a frozen object', Object.freeze({ a: Object.freeze([1]) }), { a: [1] }],
    ['the same object twice', ((twin) => [twin, twin])({ a: 1 }), [{ a: 1 }, { a: 1 }]],
    ['null', null, null],
    ['an empty text', '', ''],
    ['a large number', Number.MAX_VALUE, Number.MAX_VALUE],
    ['a text with NUL', '\u0000', '\u0000'],
  ])('%s arrives as JSON carries it', async (_, value, expected) => {
    const deeds = createDeeds();
    const workflow = twoSteps(deeds.task('make', { run: () => value }), deeds.task('read'));
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, null);

    expect((await engine.drive(run.runId, 'finished')).status).toBe('complete');
    expect(deeds.of('read')[0]?.input).toEqual(expected);
    expect(Object.is(deeds.of('read')[0]?.input, -0)).toBe(false);
  });

  it('undefined is the value of a task that yields nothing, and an error of one that promises something', async () => {
    const deeds = createDeeds();
    const nothing = defineTask({
      name: 'nothing',
      input: z.unknown(),
      compensate: 'none',
      run: async () => {},
    });
    const something = defineTask({
      name: 'something',
      input: z.unknown(),
      output: z.object({ a: z.number() }),
      compensate: 'none',
      run: async () => undefined as never,
    });
    const workflow = (task: typeof nothing | typeof something) =>
      defineWorkflow({
        name: task.name,
        version: 1,
        input: z.unknown(),
        steps(w) {
          const made = w.task('make', task as typeof nothing, { input: w.input });
          return w.task('read', deeds.task('read'), { input: { made } });
        },
      });
    const workflows = [workflow(nothing), workflow(something)] as const;
    const { engine } = await openBench({ workflows });

    const first = await engine.start(workflows[0], null);
    const second = await engine.start(workflows[1], null);

    expect((await engine.drive(first.runId, 'finished')).status).toBe('complete');
    expect(deeds.of('read').map(({ input }) => input)).toEqual([{}]);
    expect(await engine.drive(second.runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'make', name: 'OutputInvalid' } },
    });
  });
});

describe('G-03: a value JSON cannot carry', () => {
  const Anything = z.object({ value: z.unknown() });
  const posted = defineEvent({ name: 'posted', payload: Anything });
  const workflow = defineWorkflow({
    name: 'doors',
    version: 1,
    input: Anything,
    steps(w) {
      const got = w.waitFor('got', posted);
      return w.review('look', { form: Anything, after: [got] });
    },
  });

  it.each(lossy)('%s is refused as input, with its path', async (_, make, told) => {
    const { engine } = await openBench({ workflows: [workflow] });

    const starting = engine.start(workflow, { value: make() });

    await expect(starting).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(starting).rejects.toThrow(told);
    await expect(starting).rejects.toThrow('value');
    expect((await engine.list()).runs).toEqual([]);
  });

  it.each(lossy)(
    '%s is refused as payload of a signal, of an event and as a form',
    async (_, make) => {
      const { engine } = await openBench({ workflows: [workflow] });
      const run = await engine.start(workflow, { value: 1 });
      const before = await engine.get(run.runId);

      await expect(engine.signal(run.runId, posted, { value: make() })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      await expect(engine.publish(posted, { value: make() })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      expect(await engine.get(run.runId)).toEqual(before);
      await engine.signal(run.runId, posted, { value: 1 });
      await engine.drive(run.runId);
      const form = { value: make() };
      await expect(
        engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann', form }),
      ).rejects.toMatchObject({ code: 'FORM_INVALID' });
      expect((await engine.get(run.runId)).waitingOn).toMatchObject([
        { kind: 'review', step: 'look' },
      ]);
    },
  );

  it.each(lossy)('%s fails a mapper by its name', async (_, make, told) => {
    const mapped = defineWorkflow({
      name: 'mapped',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.derive('made', w.input, () => ({ deep: make() })),
    });
    const { engine } = await openBench({ workflows: [mapped] });

    const run = await engine.start(mapped, null);

    const view = await engine.get(run.runId);
    expect(view.outcome?.failure).toMatchObject({ step: 'made' });
    expect(view.outcome?.failure?.message).toContain(told);
  });

  it.each(lossy)('%s is refused as a checkpoint', async (_, make) => {
    const deeds = createDeeds();
    const task = deeds.task('check', {
      run: ({ checkpoint }) => checkpoint('part', async () => ({ deep: make() })),
    });
    const checked = twoSteps(task, deeds.task('read'));
    const { engine } = await openBench({ workflows: [checked] });

    const run = await engine.start(checked, null);

    const view = await engine.drive(run.runId, 'finished');
    expect(view.outcome?.failure).toMatchObject({ step: 'make' });
    expect(view.outcome?.failure?.message).toContain('part');
  });
});

function twoSteps(make: ReturnType<ReturnType<typeof createDeeds>['task']>, read: typeof make) {
  return defineWorkflow({
    name: 'two-steps',
    version: 1,
    input: z.unknown(),
    steps: (w) => w.task('read', read, { input: w.task('make', make, { input: w.input }) }),
  });
}
