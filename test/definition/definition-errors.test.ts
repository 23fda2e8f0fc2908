/** What must be refused when a workflow is defined, each with workflow, step and the way out. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  forwardWorkflow,
} from '../../src/definition/index.ts';
import { SignalboxError } from '../../src/errors.ts';
import { echo, flow, mistake, type Untyped, untypedFlow } from './support/fixtures.ts';

const anyTask = (rest: object) =>
  defineTask({
    name: 'work',
    input: z.string(),
    compensate: 'none',
    run: async () => {},
    ...rest,
  } as never);

describe('order', () => {
  it('H-01: refuses a cycle and prints its path', () => {
    const define = () =>
      untypedFlow((w) => {
        w['task']!('a', echo, { input: 'x', after: ['c'] });
        w['task']!('b', echo, { input: 'x', after: ['a'] });
        return w['task']!('c', echo, { input: 'x', after: ['b'] });
      });

    expect(mistake(define)).toBe(
      'Workflow "order", step "a": steps wait for each other: a → b → c → a; remove one of these dependencies',
    );
  });

  it('H-01: refuses a cycle of data and order', () => {
    const define = () =>
      untypedFlow((w) => {
        const a = w['task']!('a', echo, { input: 'x', after: ['b'] });
        return w['task']!('b', echo, { input: a });
      });

    expect(mistake(define)).toContain('a → b → a');
  });

  it('H-01: refuses a step that waits for itself', () => {
    const define = () => untypedFlow((w) => w['task']!('a', echo, { input: 'x', after: ['a'] }));

    expect(mistake(define)).toBe(
      'Workflow "order", step "a": it waits for itself (a → a); remove it from "after"',
    );
  });

  it('finds no cycle in a chain of 10,000 steps, and does not overflow', () => {
    const define = () =>
      flow((w) => {
        let last = w.input.$.id;
        for (let n = 0; n < 10_000; n++) last = w.task(`s${n}`, echo, { input: last });
        return last;
      });

    expect(define().plan.nodes).toHaveLength(10_000);
  });

  it('refuses more steps side by side than the chart can hold', () => {
    const define = () =>
      flow((w) => {
        for (let n = 0; n < 200; n++) w.task(`s${n}`, echo, { input: w.input.$.id });
        return w.input;
      });

    expect(mistake(define)).toMatch(/at most 128 are supported/);
  });
});

describe('names', () => {
  it('H-02: refuses an unknown step and proposes the nearest', () => {
    const define = () =>
      untypedFlow((w) => {
        w['task']!('enrich', echo, { input: 'x' });
        return w['task']!('b', echo, { input: 'x', after: ['enirch'] });
      });

    expect(mistake(define)).toBe(
      'Workflow "order", step "b": "after" names "enirch", which does not exist; did you mean "enrich"?',
    );
  });

  it('H-02: refuses an id that is used twice', () => {
    const define = () =>
      flow((w) => [w.task('a', echo, { input: 'x' }), w.task('a', echo, { input: 'x' })]);

    expect(mistake(define)).toMatch(
      /^Workflow "order", step "a": the id is used twice, first in the workflow itself; ids are unique/,
    );
  });

  it('H-02: refuses an id that is used in two branches', () => {
    const define = () =>
      flow((w) =>
        w.when(
          'route',
          w.is(w.input, 'p', () => true),
          () => w.task('a', echo, { input: 'x' }),
          () => w.task('a', echo, { input: 'x' }),
        ),
      );

    expect(mistake(define)).toContain(
      'step "a": the id is used twice, first in branch "then" of "route"',
    );
  });

  it('H-02: refuses an id that is used in the body of a map and outside', () => {
    const define = () =>
      flow((w) => {
        const items = w.derive('items', w.input, () => ['x']);
        w.map('each', items, {}, (item) => w.task('a', echo, { input: item }));
        return w.task('a', echo, { input: 'x' });
      });

    expect(mistake(define)).toContain(
      'step "a": the id is used twice, first in the body of map "each"',
    );
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'completion',
    'run',
    'stop',
    'undo',
    'onFailed',
    '',
    '1a',
    'a b',
    'a.b',
    'a/b',
    'ä',
    'x'.repeat(65),
  ])('H-02: refuses the unsafe id %j', (id) => {
    expect(mistake(() => flow((w) => w.task(id, echo, { input: 'x' })))).toMatch(
      /^Workflow "order": /,
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['toString', 'hasOwnProperty', 'valueOf', 'then'])(
    'H-02: accepts the id %j of a built-in',
    (id) => {
      expect(flow((w) => w.task(id, echo, { input: 'x' })).plan.nodes[0]?.id).toBe(id);
    },
  );

  it('refuses an id that is no text', () => {
    expect(mistake(() => untypedFlow((w) => w['task']!(7, echo, { input: 'x' })))).toContain(
      'an id must be a text',
    );
  });

  it('refuses two tasks of one name', () => {
    const define = () =>
      flow((w) => [
        w.task('a', anyTask({}), { input: 'x' }),
        w.task('b', anyTask({}), { input: 'x' }),
      ]);

    expect(mistake(define)).toContain('step "b": two different tasks are named "work"');
  });

  it('refuses two events of one name', () => {
    const event = () => defineEvent({ name: 'paid', payload: z.string() });
    const define = () => flow((w) => [w.waitFor('a', event()), w.waitFor('b', event())]);

    expect(mistake(define)).toContain('two different events are named "paid"');
  });

  it('refuses two versions of one child', () => {
    const child = (version: number) =>
      defineWorkflow({ name: 'child', version, input: z.string(), steps: (w) => w.input });
    const define = () =>
      flow((w) => [w.child('a', child(1), { input: '' }), w.child('b', child(2), { input: '' })]);

    expect(mistake(define)).toContain('child "child" is called in version 2 and in version 1');
  });

  it('refuses a workflow, task or event of no usable name', () => {
    expect(mistake(() => flow((w) => w.input, { name: 'a b' }))).toContain('"a b" is no id');
    expect(mistake(() => anyTask({ name: 'a b' }))).toContain('"a b" is no name');
    expect(mistake(() => defineEvent({ name: '', payload: z.string() }))).toContain(
      '"" is no name',
    );
    expect(mistake(() => defineEvent(undefined as never))).toContain('options must be an object');
  });
});

describe('what a step protects', () => {
  const protecting = (name: string) =>
    mistake(() =>
      flow((w) => {
        const look = w.review('look', { protects: [name] });
        const good = w.is(look, 'good', (review) => review.outcome === 'approved');
        w.task('pay', echo, { input: w.input.$.id, when: good });
        const items = w.derive('items', w.input.$.id, (id) => [id]);
        const each = w.map('each', items, {}, (item) => w.task('inner', echo, { input: item }));
        return w.derive('count', each, (items) => items.length);
      }),
    );

  it.each([
    [
      'pya',
      'names "pya", which does not exist; name a step, or "completion" for the end of the run; did you mean "pay"?',
    ],
    ['look', 'it cannot protect itself'],
    ['inner', 'names "inner"; name its map, "each"'],
    ['count', 'names "count", which is no step but a derive; name the steps that read it'],
  ])('is refused if it is %j', (name, message) => {
    expect(protecting(name)).toContain(message);
  });

  it('may be a step, or the completion of the run', () => {
    const define = () =>
      flow((w) => {
        w.review('look', { protects: ['pay', 'completion'] });
        return w.task('pay', echo, { input: w.input.$.id });
      });

    expect(define().plan.nodes[0]).toMatchObject({ protects: ['pay', 'completion'] });
  });

  it('is refused in the body of a map', () => {
    const define = () =>
      flow((w) => {
        w.task('pay', echo, { input: w.input.$.id });
        const items = w.derive('items', w.input.$.id, (id) => [id]);
        return w.map('each', items, {}, (item) =>
          w.task('inner', echo, { input: item, protects: ['pay'] }),
        );
      });

    expect(mistake(define)).toContain('nothing in the body of a map can protect a step');
  });
});

describe('options', () => {
  it('M058: refuses a task without a word about compensation', () => {
    const define = () =>
      defineTask({ name: 'pay', input: z.string(), run: async () => {} } as never);

    expect(mistake(define)).toBe(
      'Task "pay": option "compensate" is missing: it must be declared: \'none\' if there is nothing to undo (it only reads), \'irreversible\' if it cannot be undone, or the function that undoes it',
    );
  });

  it.each([['nothing'], [null], [{}], [{ run: 3 }]])(
    'M058: refuses the compensation %j',
    (compensate) => {
      expect(mistake(() => anyTask({ compensate }))).toContain('Task "work": option "compensate');
    },
  );

  it.each([
    [
      'a task',
      () => anyTask({ retries: 3 }),
      'Task "work": unknown option "retries"; did you mean "retry"?',
    ],
    [
      'a retry policy',
      () => anyTask({ retry: { maxAttempts: 3, backof: {} } }),
      'Task "work": unknown option "retry.backof"; did you mean "backoff"?',
    ],
    [
      'a compensation',
      () => anyTask({ compensate: { run: async () => {}, retires: 1 } }),
      'Task "work": unknown option "compensate.retires"',
    ],
    [
      'a workflow',
      () => flow((w) => w.input, { onFailuer: 'keep' }),
      'Workflow "order": unknown option "onFailuer"; did you mean "onFailure"?',
    ],
    [
      'a step',
      () => untypedFlow((w) => w['task']!('a', echo, { input: 'x', wen: 1 })),
      'Workflow "order", step "a": unknown option "wen"; did you mean "when"?',
    ],
    [
      'a review',
      () => untypedFlow((w) => w['review']!('a', { expire: '1h' })),
      'Workflow "order", step "a": unknown option "expire"; did you mean "expires"?',
    ],
    [
      'a finish',
      () => untypedFlow((w) => w['finish']!(w.input, { aprove: 'person', approve: 'person' })),
      'Workflow "order", step "completion": unknown option "aprove"; did you mean "approve"?',
    ],
    [
      'a context key',
      () =>
        flow((w) => w.input, {
          context: { n: { schema: z.number(), initial: 0, reduce: 'sum', start: 1 } },
        }),
      'Workflow "order", step "context.n": unknown option "start"',
    ],
  ])('refuses a misspelt option of %s', (_, define, message) => {
    expect(mistake(define)).toContain(message);
  });

  it.each([
    ['NaN', Number.NaN],
    ['a number', 5_000],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a negative duration', '-5s'],
    ['zero', '0s'],
    ['no unit', '30'],
    ['an unknown unit', '3 weeks'],
    ['an exponent', '1e3s'],
    ['a fraction of a millisecond', '0.5ms'],
    ['more than 100 years', '36501d'],
    ['a long text', `${'9'.repeat(100_000)}s`],
  ])('refuses %s as a duration', (_, timeout) => {
    const message = mistake(() => anyTask({ timeout }));

    expect(message).toContain('Task "work": option "timeout" must be a duration such as "250ms"');
    expect(message.length).toBeLessThan(300);
  });

  it('accepts a duration of a year', () => {
    expect(() => anyTask({ timeout: '365d' })).not.toThrow();
  });

  it.each([
    [{ maxAttempts: 0 }, 'option "retry.maxAttempts" must be a whole number from 1'],
    [{ maxAttempts: 1.5 }, 'option "retry.maxAttempts" must be a whole number from 1'],
    [
      { maxAttempts: Number.POSITIVE_INFINITY },
      'option "retry.maxAttempts" must be a whole number from 1',
    ],
    [
      { maxAttempts: 2, backoff: { kind: 'exponential', initial: '1s', factor: 0.5 } },
      'option "retry.backoff.factor" must be a number from 1',
    ],
    [
      { maxAttempts: 2, backoff: { kind: 'exponential', initial: '10s', max: '1s' } },
      'option "retry.backoff" has a "max" below its "initial"',
    ],
    [
      { maxAttempts: 2, backoff: { kind: 'linear', initial: '1s' } },
      'option "retry.backoff.kind" must be "fixed" or "exponential", got "linear"',
    ],
  ])('refuses the retry policy %j', (retry, message) => {
    expect(mistake(() => anyTask({ retry }))).toContain(message);
  });

  it('refuses a map without a worker', () => {
    const define = () =>
      flow((w) =>
        w.map(
          'm',
          w.derive('d', w.input, () => [1]),
          { concurrency: 0 },
          (item) => item,
        ),
      );

    expect(mistake(define)).toContain(
      'step "m": option "concurrency" must be a whole number from 1',
    );
  });

  it('refuses `remember` without `key`', () => {
    expect(mistake(() => anyTask({ remember: '24h' }))).toContain('option "remember" needs "key"');
  });

  it.each(['complete', 'failed', 'any', 'a b', '__proto__'])(
    'refuses %j as the code of a failure',
    (code) => {
      expect(
        mistake(() => anyTask({ failures: Object.fromEntries([[code, z.string()]]) })),
      ).toContain('Task "work": ');
    },
  );

  it.each([
    ['a schema that is none', { input: {} }, 'option "input" must be a zod 4 schema'],
    ['no handler', { run: undefined }, 'option "run" is missing: it must be a function'],
    [
      'two schemas of one id',
      {
        input: z.object({ a: z.string().meta({ id: 'Same' }), b: z.number().meta({ id: 'Same' }) }),
      },
      'Task "work": A schema has no JSON Schema: Duplicate schema id "Same"',
    ],
    [
      'a codec beside a transform',
      { output: z.object({ at: z.stringbool(), n: z.string().transform(Number) }) },
      'its transform at "n" cannot be run backwards',
    ],
  ])('refuses %s', (_, rest, message) => {
    expect(mistake(() => anyTask(rest))).toContain(message);
  });

  it('refuses what is no task, event, workflow or guard', () => {
    expect(mistake(() => untypedFlow((w) => w['task']!('a', {}, {})))).toContain(
      'must be a task made by defineTask',
    );
    expect(mistake(() => untypedFlow((w) => w['waitFor']!('a', echo)))).toContain(
      'must be an event made by defineEvent',
    );
    expect(mistake(() => untypedFlow((w) => w['child']!('a', echo, {})))).toContain(
      'must be a workflow made by defineWorkflow',
    );
    expect(
      mistake(() => untypedFlow((w) => w['task']!('a', echo, { input: 'x', when: true }))),
    ).toContain('must be a guard');
    expect(mistake(() => untypedFlow((w) => w['task']!('a', echo, w.input)))).toContain(
      'options must be an object',
    );
    expect(mistake(() => untypedFlow((w) => w['map']!('a', [1], {}, () => {})))).toContain(
      'must be a reference',
    );
    expect(mistake(() => flow((w) => w.input, { startOn: ['x'] }))).toContain(
      'each of "startOn" must be an event',
    );
  });

  it('refuses a failure to tolerate that the task does not declare', () => {
    const task = anyTask({ failures: { sold_out: z.string() } });
    const define = (code: string) => () =>
      untypedFlow((w) => w['task']!('a', task, { input: 'x', tolerate: [code] }));

    expect(mistake(define('sold_uot'))).toBe(
      'Workflow "order", step "a": option "tolerate" names the failure "sold_uot", but task "work" declares "sold_out"; did you mean "sold_out"?',
    );
    expect(
      mistake(() => untypedFlow((w) => w['task']!('a', echo, { input: 'x', tolerate: ['full'] }))),
    ).toContain('task "echo" declares none');
  });

  it('refuses a time-out policy without a time limit', () => {
    const paid = defineEvent({ name: 'paid', payload: z.string() });

    expect(mistake(() => flow((w) => w.waitFor('a', paid, { onTimeout: 'continue' })))).toContain(
      'option "onTimeout" needs "within"',
    );
  });

  it.each(['soon', -1, Number.NaN, 1.5, {}, undefined])('refuses to sleep for %j', (length) => {
    expect(mistake(() => untypedFlow((w) => w['sleep']!('a', { for: length })))).toContain(
      'option "for" ',
    );
  });
});

describe('functions inside the transition', () => {
  it('H-05: refuses a predicate that is asynchronous', () => {
    const define = () => untypedFlow((w) => w['is']!(w.input, 'p', async () => true));

    expect(mistake(define)).toContain(
      'step "?p": a predicate is computed inside a transition, so its function must be synchronous',
    );
  });

  it('H-05: refuses a mapper that is asynchronous or a generator', () => {
    expect(mistake(() => untypedFlow((w) => w['derive']!('d', w.input, async () => 1)))).toContain(
      'a derive is computed inside',
    );
    expect(
      mistake(() => untypedFlow((w) => w['derive']!('d', w.input, function* () {}))),
    ).toContain('must be synchronous');
  });

  it('refuses two conditions of one label', () => {
    const define = () =>
      flow((w) => [w.is(w.input, 'p', () => true), w.is(w.input, 'p', () => false)]);

    expect(mistake(define)).toContain('step "?p": two different conditions are labelled "p"');
  });

  it('refuses one condition over two values', () => {
    const test = () => true;
    const define = () =>
      flow((w) => [w.is(w.input.$.id, 'p', test), w.is(w.input.$.kind, 'p', test)]);

    expect(mistake(define)).toContain('two different conditions are labelled "p"');
  });

  it.each(['', '  ', 7, 'x'.repeat(201)])('refuses the label %j', (label) => {
    expect(mistake(() => untypedFlow((w) => w['is']!(w.input, label, () => true)))).toContain(
      'the label of a guard must be a text',
    );
  });

  it('refuses no guards to combine', () => {
    expect(mistake(() => flow((w) => w.all()))).toContain('w.all needs at least one guard');
  });
});

describe('arguments of a wrong kind', () => {
  it.each<[string, (w: Untyped) => unknown, string]>([
    [
      'a sequence that is asynchronous',
      (w) => w['sequence']!(async () => {}),
      'the argument of w.sequence is asynchronous',
    ],
    [
      'a sequence that returns a promise',
      (w) => w['sequence']!(() => Promise.resolve()),
      'the argument of w.sequence returns a promise',
    ],
    [
      'a predicate that is no function',
      (w) => w['is']!(w.input, 'p', true),
      'a predicate needs a function that computes it',
    ],
    [
      'a failure without a message',
      (w) => w['fail']!('f', ' '),
      'the message must be a text that is not empty',
    ],
    ['a milestone without a name', (w) => w['milestone']!(undefined), 'an id must be a text'],
    [
      'an update without a run context',
      (w) => w['update']!('total', 1),
      'which is no key of the run context; the workflow declares none',
    ],
    [
      'tolerance of a number',
      (w) => w['task']!('a', echo, { input: 'x', tolerate: 3 }),
      'option "tolerate" must be "any" or a list of codes',
    ],
    [
      'a reference where branches are wanted',
      (w) => w['choose']!('c', w.input, 'kind', w.input),
      'must be an object with a branch for each value',
    ],
    [
      'people who are no references',
      (w) => w['review']!('a', { notBy: ['x'] }),
      'each of "notBy" must be a reference',
    ],
    [
      'an approval by anybody',
      (w) => w['review']!('a', { approve: 'anybody' }),
      'option "approve" must be "person", "automatic" or a guard',
    ],
    [
      'a list where options are wanted',
      (w) => w['review']!('a', []),
      'options must be an object, got a list',
    ],
    [
      'an order that is no list',
      (w) => w['task']!('a', echo, { input: 'x', after: 'b' }),
      'option "after" must be a list of steps',
    ],
  ])('%s is refused', (_, declare, message) => {
    expect(mistake(() => untypedFlow(declare))).toContain(message);
  });

  it('names that are no texts are refused', () => {
    expect(mistake(() => anyTask({ name: 7 }))).toContain('Task "": option "name" must be a text');
    expect(mistake(() => anyTask({ failures: [z.string()] }))).toContain(
      'option "failures" must be an object of codes',
    );
    expect(mistake(() => anyTask({ failures: { x: 'y' } }))).toContain(
      'option "failures" must be an object of codes',
    );
    expect(mistake(() => defineTask(null as never))).toContain(
      'options must be an object, got null',
    );
  });
});

describe('`steps`', () => {
  it.each([
    [
      'nothing',
      () => undefined,
      '`steps` returns undefined; return the reference of a step, or w.finish',
    ],
    [
      'an object of references',
      (w: { input: unknown }) => ({ a: w.input }),
      '`steps` returns an object',
    ],
    ['a promise', () => Promise.resolve(), '`steps` is asynchronous; a definition is synchronous'],
  ])('may not return %s', (_, steps, message) => {
    expect(mistake(() => flow(steps as never))).toContain(`Workflow "order": ${message}`);
  });

  it('may not be asynchronous', () => {
    expect(mistake(() => flow(async (w) => w.input))).toContain('`steps` is asynchronous');
  });

  it('may not leave `w` behind', () => {
    let leaked: { task: (...args: never) => unknown } | null = null;
    flow((w) => {
      leaked = w;
      return w.input;
    });

    expect(mistake(() => leaked?.task(...(['a', echo, { input: 'x' }] as never)))).toContain(
      '`w` is used after `steps` has returned',
    );
  });

  it('may not return the finish of another workflow', () => {
    let other: unknown;
    flow((w) => (other = w.finish(w.input, { approve: 'person' })));

    expect(mistake(() => flow(() => other))).toContain(
      '`steps` returns the finish of another workflow',
    );
  });
});

describe('references', () => {
  it('may not leave their branch', () => {
    let inside: never;
    const define = () =>
      flow((w) => {
        w.when(
          'route',
          w.is(w.input, 'p', () => true),
          () => {
            inside = w.task('a', echo, { input: 'x' }) as never;
          },
        );
        return w.task('b', echo, { input: inside });
      });

    expect(mistake(define)).toBe(
      'Workflow "order", step "b": the reference "a" has left branch "then" of "route", where alone it exists; return it from the branch and read the result of the choice',
    );
  });

  it('may not leave their branch by name either', () => {
    const define = () =>
      untypedFlow((w) => {
        w['when']!(
          'route',
          w['is']!(w.input, 'p', () => true),
          () => {
            w['task']!('a', echo, { input: 'x' });
          },
        );
        return w['task']!('b', echo, { input: 'x', after: ['a'] });
      });

    expect(mistake(define)).toContain(
      'step "b": "after" names "a", which exists in branch "then" of "route" only',
    );
  });

  it('may not leave the body of a map', () => {
    let inside: never;
    const define = () =>
      flow((w) => {
        w.map(
          'each',
          w.derive('items', w.input, () => ['x']),
          {},
          (item) => {
            inside = item as never;
          },
        );
        return w.task('b', echo, { input: inside });
      });

    expect(mistake(define)).toContain(
      'step "b": the reference "$item" has left the body of map "each"',
    );
  });

  it('of another workflow are refused', () => {
    let foreign: never;
    flow((w) => (foreign = w.input.$.id as never), { name: 'other' });

    expect(mistake(() => flow((w) => w.task('a', echo, { input: foreign })))).toContain(
      'step "a": the reference "$input.id" belongs to another workflow ("other")',
    );
  });

  it('include guards: one of another branch is refused', () => {
    let inside: never;
    const define = () =>
      flow((w) => {
        w.when(
          'route',
          w.is(w.input, 'p', () => true),
          () => {
            inside = w.is(w.input, 'q', () => true) as never;
          },
        );
        return w.task('b', echo, { input: 'x', when: inside });
      });

    expect(mistake(define)).toContain('step "b": the guard "q" has left branch "then" of "route"');
  });

  it('to the input are no steps to wait for', () => {
    expect(
      mistake(() => flow((w) => w.task('a', echo, { input: 'x', after: [w.input] }))),
    ).toContain('"after" names "$input", which is there from the start');
  });

  it('to a missing field are refused, with the nearest one', () => {
    const define = () => untypedFlow((w) => w['task']!('a', echo, { input: w.input.$['knid'] }));

    expect(mistake(define)).toContain(
      'step "a": it reads "$input.knid", but the input of the workflow has no "knid" there: it delivers an object with id, amount, kind, note?; did you mean "kind"?',
    );
  });

  it('to an undeclared key of the run context are refused', () => {
    const context = { total: { schema: z.number(), initial: 0, reduce: 'sum' } };

    expect(mistake(() => flow((w) => (w.context as { totl: never }).totl, { context }))).toContain(
      '"totl" is no key of the run context; declare it in `context`; did you mean "total"?',
    );
    expect(mistake(() => untypedFlow((w) => w['update']!('totl', 1), { context }))).toContain(
      'w.update names "totl"',
    );
  });
});

describe('values in a wiring', () => {
  it.each([
    ['a function', () => 1, '"input.a[1]" is a function; compute a value in a run with w.derive'],
    ['a promise', Promise.resolve(), '"input.a[1]" is a promise'],
    ['a Date', new Date(0), '"input.a[1]" is a Date, which a plan cannot carry'],
    ['NaN', Number.NaN, '"input.a[1]" is NaN'],
    ['a BigInt', 1n, '"input.a[1]" is a BigInt'],
    ['a symbol', Symbol('x'), '"input.a[1]" is a symbol'],
  ])('may not be %s', (_, value, message) => {
    const task = anyTask({ input: z.unknown() });

    expect(
      mistake(() => untypedFlow((w) => w['task']!('a', task, { input: { a: [1, value] } }))),
    ).toContain(message);
  });

  it('may not be guards', () => {
    const define = () =>
      untypedFlow((w) => w['task']!('a', echo, { input: w['is']!(w.input, 'p', () => true) }));

    expect(mistake(define)).toContain('"input" is a guard, which is not a value');
  });

  it('may not contain themselves', () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;

    expect(
      mistake(() =>
        untypedFlow((w) => w['task']!('a', anyTask({ input: z.unknown() }), { input: loop })),
      ),
    ).toContain('or part of itself');
  });
});

describe('schemas of connected steps', () => {
  const produce = defineTask({
    name: 'produce',
    input: z.string(),
    output: z.object({
      id: z.string(),
      size: z.number(),
      tags: z.array(z.string()),
      kind: z.enum(['a', 'b']),
    }),
    compensate: 'none',
    run: async () => ({ id: '', size: 1, tags: [], kind: 'a' }),
  });
  const consume = (input: z.ZodType) => anyTask({ name: 'consume', input });
  const connect = (input: z.ZodType, wire: (produced: never) => unknown = (produced) => produced) =>
    mistake(() =>
      untypedFlow((w) => {
        const produced = w['task']!('first', produce, { input: 'x' });
        return w['task']!('second', consume(input), { input: wire(produced) });
      }),
    );

  it('G-06, M203, M244: that never fit are refused with both steps, the path and both sides', () => {
    expect(connect(z.object({ id: z.number() }))).toBe(
      'Workflow "order", step "second": "input.id" cannot fit: step "first" delivers a string at "first.id", and task "consume" wants a number',
    );
  });

  it.each([
    [
      'another type',
      z.string(),
      'delivers an object with id, size, tags, kind at "first", and task "consume" wants a string',
    ],
    [
      'a field the producer never has',
      z.object({ ids: z.string() }),
      '"input.ids" cannot fit: step "first" delivers no such field at "first.ids", and task "consume" wants a string',
    ],
    [
      'a field a strict consumer refuses',
      z.strictObject({ id: z.string() }),
      '"input.size" cannot fit: step "first" delivers a number at "first.size", and task "consume" wants no such field',
    ],
    [
      'other literals',
      z.object({ kind: z.literal('c') }),
      'delivers "a" or "b" at "first.kind", and task "consume" wants "c"',
    ],
    [
      'other items',
      z.object({ tags: z.array(z.number()) }),
      '"input.tags[0]" cannot fit: step "first" delivers a string',
    ],
    [
      'none of the options',
      z.object({ id: z.union([z.number(), z.boolean()]) }),
      'wants a number or a boolean',
    ],
  ])('G-06: refuses %s', (_, input, message) => {
    expect(connect(input)).toContain(message);
  });

  it('G-06: names the part of an object that does not fit', () => {
    const message = connect(
      z.object({ deep: z.object({ n: z.number() }) }),
      (produced: { $: { id: never } }) => ({
        deep: { n: produced.$.id },
      }),
    );

    expect(message).toContain(
      '"input.deep.n" cannot fit: step "first" delivers a string at "first.id"',
    );
  });

  it('G-06: compares constants as well', () => {
    expect(connect(z.object({ n: z.number() }), () => ({ n: 'x' }))).toContain(
      '"input.n" cannot fit: the definition delivers "x", and task "consume" wants a number',
    );
  });

  it.each([
    [
      'whatever depends on the value',
      z.object({ id: z.email(), size: z.int(), kind: z.literal('a') }),
    ],
    ['coercion', z.object({ id: z.coerce.number() })],
    ['preprocessing', z.object({ id: z.preprocess(Number, z.number()) })],
    ['catching', z.object({ id: z.number().catch(0) })],
    ['anything', z.unknown()],
    ['fewer fields', z.object({ id: z.string() })],
    ['a union with the right option', z.object({ id: z.union([z.number(), z.string()]) })],
    [
      'optional fields the producer lacks',
      z.object({ id: z.string(), more: z.string().optional() }),
    ],
    ['a record', z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))],
    ['recursive JSON', z.json()],
  ])('leaves to parsing %s', (_, input) => {
    expect(() => connect(input)).toThrow('Expected a definition error, and there was none');
  });

  it('compares recursive schemas without end', () => {
    const Tree: z.ZodType = z.object({
      value: z.string(),
      get children(): z.ZodType {
        return z.array(Tree);
      },
    });
    const Other: z.ZodType = z.object({
      value: z.string(),
      get children(): z.ZodType {
        return z.array(Other);
      },
    });
    const grow = defineTask({
      name: 'grow',
      input: z.string(),
      output: Tree as never,
      compensate: 'none',
      run: async () => ({}) as never,
    });

    const define = () =>
      untypedFlow((w) => {
        const grown = w['task']!('grow', grow, { input: 'x' });
        w['task']!('json', anyTask({ name: 'json', input: z.json() }), { input: grown });
        return w['task']!('second', consume(Other), { input: grown });
      });

    expect(define).not.toThrow();
  });

  it('refuses a fallback that wants something else', () => {
    const define = () =>
      untypedFlow((w) =>
        w['task']!('a', echo, { input: 'x', fallback: anyTask({ input: z.number() }) }),
      );

    expect(mistake(define)).toContain(
      'step "a": "input" cannot fit: the definition delivers "x", and task "work" wants a number',
    );
  });

  it('refuses an input that is left out', () => {
    expect(mistake(() => untypedFlow((w) => w['task']!('a', echo, {})))).toContain(
      'option "input" is missing, and task "echo" needs one',
    );
  });

  it('compares children, events, forms, waits, people and reminders', () => {
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.object({ n: z.number() }),
      steps: (w) => w.input.$.n,
    });
    const paid = defineEvent({ name: 'paid', payload: z.object({ id: z.string() }) });
    const nudge = anyTask({ name: 'nudge', input: z.object({ review: z.string() }) });

    expect(
      mistake(() => untypedFlow((w) => w['child']!('a', child, { input: { n: 'x' } }))),
    ).toContain('and workflow "child" wants a number');
    expect(
      mistake(() =>
        untypedFlow((w) =>
          w['task']!('b', echo, { input: w['child']!('a', child, { input: { n: 1 } }) }),
        ),
      ),
    ).toContain('step "b": "input" cannot fit: step "a" delivers a number');
    expect(
      mistake(() => untypedFlow((w) => w['emit']!('a', paid, { payload: { id: 1 } }))),
    ).toContain('and event "paid" wants a string');
    expect(
      mistake(() => untypedFlow((w) => w['waitFor']!('a', paid, { where: { di: 'x' } }))),
    ).toContain(
      '"where" names the field "di", and event "paid" carries an object with id; did you mean "id"?',
    );
    expect(
      mistake(() => untypedFlow((w) => w['waitFor']!('a', paid, { where: { id: 3 } }))),
    ).toContain('"where.id" cannot fit');
    expect(
      mistake(() => untypedFlow((w) => w['task']!('b', echo, { input: w['waitFor']!('a', paid) }))),
    ).toContain('step "a" delivers an object with id');
    expect(
      mistake(() => untypedFlow((w) => w['review']!('a', { assignTo: w.input.$['amount'] }))),
    ).toContain('"assignTo" cannot fit');
    expect(
      mistake(() => untypedFlow((w) => w['review']!('a', { remind: { every: '1h', run: nudge } }))),
    ).toContain('"input.review" of task "nudge" gets no such field');
    expect(mistake(() => flow((w) => w.input, { startOn: [paid] }))).toContain(
      '"startOn" names event "paid"',
    );
    expect(
      mistake(() =>
        untypedFlow((w) => {
          const review = w['review']!('a', { form: z.object({ n: z.number() }) }) as {
            $: { form: { $: { n: never } } };
          };
          return w['task']!('b', echo, { input: review.$.form.$.n });
        }),
      ),
    ).toContain('step "b": "input" cannot fit: step "a" delivers a number at "a.form.n"');
  });

  it('compares what a map takes and yields', () => {
    expect(
      mistake(() => untypedFlow((w) => w['map']!('m', w.input.$['id'], {}, () => {}))),
    ).toContain(
      '"items" cannot fit: the input of the workflow delivers a string at "$input.id", and the map wants a list',
    );
    expect(
      mistake(() =>
        defineWorkflow({
          name: 'orders',
          version: 1,
          input: z.object({ ns: z.array(z.number()) }),
          steps: (w) =>
            w.map('m', w.input.$.ns, {}, (n) => w.task('inner', echo, { input: n as never })),
        }),
      ),
    ).toContain('step "inner": "input" cannot fit: the item of the map delivers a number');
  });

  it('compares what updates the run context', () => {
    const context = {
      total: { schema: z.number(), initial: 0, reduce: 'sum' },
      log: { schema: z.array(z.number()), initial: [], reduce: 'append' },
      state: {
        schema: z.object({ a: z.string(), b: z.number() }),
        initial: { a: '', b: 0 },
        reduce: 'merge',
      },
    };
    const update = (key: string, value: unknown) => () =>
      untypedFlow((w) => w['update']!(key, value) ?? w.input, { context });

    expect(mistake(update('total', 'x'))).toContain('and context key "total" wants a number');
    expect(mistake(update('log', [1]))).toContain('and context key "log" wants a number');
    expect(mistake(update('state', { b: 'x' }))).toContain(
      'and context key "state" wants a number',
    );
  });
});

describe('what the engine puts around values', () => {
  const failing = defineTask({
    name: 'failing',
    input: z.string(),
    output: z.number(),
    failures: { full: z.object({ left: z.number() }) },
    compensate: 'none',
    run: async () => 1,
  });
  const paid = defineEvent({ name: 'paid', payload: z.object({ id: z.string() }) });
  const child = defineWorkflow({
    name: 'child',
    version: 1,
    input: z.string(),
    steps: (w) => w.input,
  });
  const readAs = (path: string, make: (w: Untyped) => unknown) =>
    mistake(() =>
      untypedFlow((w) => {
        // oxlint-disable-next-line typescript/no-explicit-any -- plain JavaScript
        let read: any = make(w);
        for (const key of path.split('.').filter((part) => part !== '')) read = read.$[key];
        return w['task']!('next', echo, { input: read });
      }),
    );

  it.each<[string, string, (w: Untyped) => unknown, string]>([
    [
      'a tolerant task',
      '',
      (w) => w['task']!('a', failing, { input: 'x', tolerate: 'any' }),
      'delivers an object with status, value or an object with status, failure at "a"',
    ],
    [
      'its value',
      'value',
      (w) => w['task']!('a', failing, { input: 'x', tolerate: ['full'] }),
      'delivers a number at "a.value"',
    ],
    [
      'its detail',
      'detail.left',
      (w) => w['task']!('a', failing, { input: 'x', tolerate: ['full'] }),
      'delivers a number at "a.detail.left"',
    ],
    [
      'its failure',
      'failure.attempts',
      (w) => w['task']!('a', failing, { input: 'x', tolerate: 'any' }),
      'delivers a whole number at "a.failure.attempts"',
    ],
    [
      'a tolerant child',
      '',
      (w) => w['child']!('a', child, { input: 'x', tolerate: 'any' }),
      'delivers an object with status, value',
    ],
    [
      'a wait that may time out',
      '',
      (w) => w['waitFor']!('a', paid, { within: '1h', onTimeout: 'continue' }),
      'delivers an object with status, value or an object with status at "a"',
    ],
    [
      'a review',
      '',
      (w) => w['review']!('a'),
      'delivers an object with outcome, actor, form or an object with outcome, actor, form? at "a"',
    ],
    ['w.run', 'startedAtMs', (w) => w['run'], 'w.run delivers a number at "$run.startedAtMs"'],
    [
      'a map',
      '',
      (w) =>
        w['map']!(
          'a',
          w['derive']!('d', 1, () => []),
          {},
          (item: unknown) => item,
        ),
      'delivers a list at "a"',
    ],
    [
      'a batched map that collects',
      'failed.0.index',
      (w) =>
        w['map']!(
          'a',
          w['derive']!('d', 1, () => []),
          { batch: 3, onItemFailure: 'collect' },
          (item: unknown) => item,
        ),
      'delivers a whole number at "a.failed[0].index"',
    ],
    [
      'an item that is collected',
      'complete.0.item',
      (w) =>
        w['map']!(
          'a',
          w['map']!(
            'b',
            w['derive']!('d', 1, () => []),
            {},
            (_: unknown, index: unknown) => index,
          ),
          { onItemFailure: 'collect' },
          () => {},
        ),
      'delivers a whole number at "a.complete[0].item"',
    ],
    [
      'a choice',
      '',
      (w) =>
        w['when']!(
          'a',
          w['is']!(w.input, 'p', () => true),
          () => w['task']!('b', failing, { input: 'x' }),
          () => w['task']!('c', failing, { input: 'x' }),
        ),
      'step "a" delivers a number',
    ],
  ])('of %s is known', (_, path, make, message) => {
    expect(readAs(path, make)).toContain(message);
  });

  it('of a failed run is known to `onFailed`', () => {
    const tell = anyTask({
      name: 'tell',
      input: z.object({ input: z.object({ id: z.number() }) }),
    });

    expect(mistake(() => flow((w) => w.input, { onFailed: tell }))).toContain(
      'step "onFailed": "input.input.id" of task "tell" gets a string, and the task wants a number',
    );
  });

  it('of a workflow that is only promised is left to the run', () => {
    const promised = forwardWorkflow({ name: 'later', version: 1, workflow: () => child as never });

    expect(() =>
      untypedFlow((w) =>
        w['task']!('next', echo, { input: w['child']!('a', promised, { input: 1 }) }),
      ),
    ).not.toThrow();
  });
});

describe('steps that may be skipped', () => {
  const pair = anyTask({
    name: 'pair',
    input: z.object({ a: z.string(), b: z.string().optional() }),
  });

  it('may not be the only source of what must be there', () => {
    const define = (field: string) => () =>
      untypedFlow((w) => {
        const maybe = w['task']!('maybe', echo, {
          input: 'x',
          when: w['is']!(w.input, 'p', () => true),
        });
        return w['task']!('next', pair, { input: { a: 'x', [field]: maybe } });
      });

    expect(mistake(define('a'))).toBe(
      'Workflow "order", step "next": "input.a" is required by task "pair", but step "maybe" may be skipped or yields nothing; make it optional there, or use w.ifRan or w.when',
    );
    expect(define('b')).not.toThrow();
  });

  it('may not be a whole input that must be there', () => {
    const define = () =>
      untypedFlow((w) =>
        w['task']!('next', echo, {
          input: w['task']!('maybe', echo, {
            input: 'x',
            when: w['is']!(w.input, 'p', () => true),
          }),
        }),
      );

    expect(mistake(define)).toContain(
      '"input" is required by task "echo", but step "maybe" may be skipped',
    );
  });

  it('are certain under the same condition, and inside ifRan', () => {
    const define = () =>
      untypedFlow((w) => {
        const guard = w['is']!(w.input, 'p', () => true);
        const maybe = w['task']!('maybe', echo, { input: 'x', when: guard });
        w['task']!('same', echo, {
          input: maybe,
          when: w['all']!(
            guard,
            w['is']!(w.input, 'q', () => true),
          ),
        });
        w['when']!('same-branch', guard, () => w['task']!('there', echo, { input: maybe }));
        const one = w['when']!('one', guard, () => w['task']!('in', echo, { input: 'y' }));
        w['ifRan']!('of-merge', one, (value: never) => w['task']!('x', echo, { input: value }));
        return w['ifRan']!('of-step', maybe, (value: never) =>
          w['task']!('y', echo, { input: value }),
        );
      });

    expect(define).not.toThrow();
  });

  it('are steps: ifRan refuses anything else', () => {
    expect(mistake(() => untypedFlow((w) => w['ifRan']!('r', w.input, () => {})))).toContain(
      '"$input" is not a step',
    );
    expect(
      mistake(() =>
        untypedFlow((w) =>
          w['ifRan']!(
            'r',
            w['derive']!('d', 1, () => 1),
            () => {},
          ),
        ),
      ),
    ).toContain('"d" is a derive, which always runs');
  });
});

describe('choices', () => {
  const choose = (field: string, cases: readonly string[], otherwise?: () => void) => () =>
    untypedFlow((w) => {
      w['choose']!(
        'c',
        w.input,
        field,
        Object.fromEntries(cases.map((name) => [name, () => {}])),
        otherwise,
      );
      return w.input;
    });

  it('H-03: are refused without a branch for every value', () => {
    expect(mistake(choose('kind', ['book']))).toBe(
      'Workflow "order", step "c": it has no branch for "toy" of "$input.kind"; add it, or a branch for all others as last argument',
    );
    expect(choose('kind', ['book', 'toy'])).not.toThrow();
    expect(choose('kind', ['book'], () => {})).not.toThrow();
  });

  it('H-03: are refused without a default where there is no end to the values', () => {
    expect(mistake(choose('id', ['vip']))).toContain(
      '"$input.id" is a string, without an end to its values',
    );
    expect(choose('id', ['vip'], () => {})).not.toThrow();
  });

  it('H-03: count absence as a value', () => {
    expect(mistake(choose('note', ['x'], undefined))).toContain('without an end to its values');
    const Flag = z.object({ on: z.boolean().optional() });
    const define = (cases: object) => () =>
      defineWorkflow({
        name: 'flag',
        version: 1,
        input: Flag,
        steps: (w) => w.choose('c', w.input, 'on', cases as never),
      });

    expect(mistake(define({ true: () => {}, false: () => {} }))).toContain(
      'it has no branch for "undefined"',
    );
    expect(define({ true: () => {}, false: () => {}, undefined: () => {} })).not.toThrow();
  });

  it('are refused with a branch that is never taken', () => {
    expect(mistake(choose('kind', ['book', 'tyo', 'toy']))).toContain(
      'it has a branch "tyo", which "$input.kind" never is; did you mean "toy"?',
    );
  });

  it('are refused with branches that are no synchronous functions', () => {
    expect(
      mistake(() => untypedFlow((w) => w['choose']!('c', w.input, 'kind', { book: 1 }))),
    ).toContain('branch "book" must be a function');
    expect(
      mistake(() =>
        untypedFlow((w) => w['choose']!('c', w.input, 'kind', { book: async () => {} })),
      ),
    ).toContain('branch "book" is asynchronous');
    expect(mistake(() => untypedFlow((w) => w['choose']!('c', w.input, 'kind', {})))).toContain(
      'a branch for each value',
    );
    expect(mistake(() => untypedFlow((w) => w['choose']!('c', w.input, undefined, {})))).toContain(
      'the name of a field',
    );
    expect(
      mistake(() =>
        untypedFlow((w) =>
          w['when']!(
            'c',
            w['is']!(w.input, 'p', () => true),
            () => 7,
          ),
        ),
      ),
    ).toContain('branch "then" returns a number; return a reference');
  });

  it('decided in code have no known values, and are left to the run', () => {
    const define = () =>
      flow((w) =>
        w.choose(
          'c',
          w.derive('d', w.input, (order) => ({
            size: order.amount > 1 ? ('l' as const) : ('s' as const),
          })),
          'size',
          { l: () => {}, s: () => {} },
        ),
      );

    expect(define).not.toThrow();
  });
});

describe('the body of a map', () => {
  const inBody = (declare: (w: never) => unknown) => () =>
    flow((w) =>
      w.map(
        'm',
        w.derive('items', w.input, () => ['x']),
        {},
        () => declare(w as never) as never,
      ),
    );

  it.each([
    ['a review', (w: { review: (id: string) => void }) => w.review('r')],
    ['a sleep', (w: { sleep: (id: string, o: object) => void }) => w.sleep('s', { for: '1s' })],
    ['a fail', (w: { fail: (id: string, m: string) => void }) => w.fail('f', 'no')],
    ['a milestone', (w: { milestone: (n: string) => void }) => w.milestone('x')],
    ['a branch', (w: { when: (id: string) => void }) => w.when('b')],
    [
      'a map',
      (w: { map: (id: string, items: unknown, o: object) => void }) => w.map('n', null, {}),
    ],
    ['a wait', (w: { waitFor: (id: string) => void }) => w.waitFor('w')],
    [
      'an emit',
      (w: { emit: (id: string, event: null, o: object) => void }) =>
        w.emit('e', null, { payload: 1 }),
    ],
  ])('refuses %s and shows the way out', (_, declare) => {
    expect(mistake(inBody(declare as never))).toContain(
      'cannot stand in the body of a map, which holds tasks and derives only; put it into a workflow of its own and call it as a child with w.child',
    );
  });

  it('refuses a child, and a condition, with ways out of their own', () => {
    const child = flow((w) => w.input, { name: 'child' });

    expect(mistake(inBody((w: Untyped) => w['child']!('c', child, {})))).toContain(
      'hand the whole list to one child that halves it and calls itself',
    );
    expect(mistake(inBody((w: Untyped) => w['is']!(w.input, 'p', () => true)))).toContain(
      'a condition cannot stand in the body of a map, which holds tasks and derives only; decide before the map',
    );
  });

  it('refuses steps with a condition', () => {
    const define = () =>
      flow((w) => {
        const guard = w.is(w.input, 'p', () => true);
        return w.map(
          'm',
          w.derive('items', w.input, () => ['x']),
          {},
          (item) => w.task('a', echo, { input: item, when: guard }),
        );
      });

    expect(mistake(define)).toContain('step "a": option "when" cannot stand in the body of a map');
  });

  it.each([
    ['fallback', { fallback: echo }, 'try the other way inside the task'],
    ['tolerate', { tolerate: 'any' as const }, 'onItemFailure'],
    ['within', { within: '1m' as const }, 'limit the attempts'],
  ])('refuses steps with the option "%s", which needs a state of its own', (option, given, way) => {
    const define = () =>
      flow((w) =>
        w.map(
          'm',
          w.derive('items', w.input, () => ['x']),
          {},
          (item) => w.derive('last', w.task('a', echo, { input: item, ...given }), () => 1),
        ),
      );

    expect(mistake(define)).toContain(`step "a": option "${option}" cannot stand`);
    expect(mistake(define)).toContain(way);
  });

  it('refuses tasks that remember their results', () => {
    const remembering = defineTask({
      name: 'remembering',
      input: z.string(),
      output: z.string(),
      compensate: 'none',
      key: (text) => text,
      remember: '1h',
      run: ({ input }) => Promise.resolve(input),
    });

    expect(
      mistake(() =>
        flow((w) =>
          w.map(
            'm',
            w.derive('items', w.input, () => ['x']),
            {},
            (item) => w.task('a', remembering, { input: item }),
          ),
        ),
      ),
    ).toContain('task "remembering" remembers its results');
  });

  it('must be synchronous', () => {
    expect(
      mistake(() => untypedFlow((w) => w['map']!('m', w.input, {}, async () => {}))),
    ).toContain('must be a synchronous function');
  });
});

describe('updates of the run context', () => {
  const context = { last: { schema: z.string(), initial: '', reduce: 'replace' } };
  const writers = (declare: (w: never, a: never, b: never) => void) => () =>
    untypedFlow(
      (w) => {
        const a = w['task']!('a', echo, { input: 'a' });
        const b = w['task']!('b', echo, { input: 'b', after: [] });
        declare(w as never, a, b);
        return w.input;
      },
      { context },
    );
  type W = {
    update: (...args: unknown[]) => void;
    task: (...args: unknown[]) => unknown;
    when: (...args: unknown[]) => void;
    is: (...args: unknown[]) => never;
    not: (...args: unknown[]) => never;
  };

  it('that replace are refused when nothing puts them in order', () => {
    expect(mistake(writers((w: W, a, b) => [w.update('last', a), w.update('last', b)]))).toBe(
      'Workflow "order", step "last.updated.2": "last" is replaced by two updates that nothing puts in order ("last.updated" from "a" and "last.updated.2" from "b"); order their steps with "after" or w.sequence, or reduce "last" in another way',
    );
  });

  it.each([
    [
      'one step waits for the other',
      (w: W, a: never) => [
        w.update('last', a),
        w.update('last', w.task('c', echo, { input: 'c', after: [a] })),
      ],
    ],
    ['they follow the same step', (w: W, a: never) => [w.update('last', a), w.update('last', a)]],
    [
      'they stand in branches that exclude each other',
      (w: W, a: never, b: never) =>
        w.when(
          'r',
          w.is('x', 'p', () => true),
          () => w.update('last', a),
          () => w.update('last', b),
        ),
    ],
    [
      'their conditions exclude each other',
      (w: W, a: never, b: never) => {
        const guard = w.is('x', 'p', () => true);
        w.update('last', a, { when: guard });
        w.update('last', b, { when: w.not(guard) });
      },
    ],
  ])('that replace are accepted when %s', (_, declare) => {
    expect(writers(declare as never)).not.toThrow();
  });

  it.each([
    [{ schema: z.number(), initial: 'x', reduce: 'sum' }, '"initial" does not fit its schema'],
    [{ schema: z.string(), initial: 'x', reduce: 'sum' }, 'needs a number to start from'],
    [{ schema: z.number(), initial: 0, reduce: 'append' }, 'needs a list to start from'],
    [
      { schema: z.number(), initial: 0, reduce: 'plus' },
      'option "reduce" must be "replace", "sum"',
    ],
    [
      { schema: z.unknown(), initial: new Map(), reduce: 'replace' },
      '"initial" is a Map, which JSON cannot carry',
    ],
    [{ schema: z.number(), initial: 0, reduce: 'merge' }, 'needs an object to start from'],
    [
      { schema: z.object({ a: z.string() }), initial: [], reduce: 'merge' },
      '"initial" does not fit',
    ],
    [{ schema: z.string(), initial: 'x', reduce: 'max' }, 'needs a number to start from'],
    [{ schema: z.string(), initial: 'x', reduce: 'min' }, 'needs a number to start from'],
    [{ schema: z.number(), initial: 0, reduce: { name: 'a b', run: () => 1 } }, '"a b" is no id'],
    [
      { schema: z.number(), initial: 0, reduce: { name: 'r', run: async () => 1 } },
      'a reducer must be synchronous',
    ],
  ])('refuse the key %j', (key, message) => {
    expect(mistake(() => flow((w) => w.input, { context: { key } }))).toContain(message);
  });
});

describe('reducers', () => {
  it('of one name must be one function', () => {
    const key = (run: (current: number) => number) => ({
      schema: z.number(),
      initial: 0,
      reduce: { name: 'same', run },
    });
    const same = (current: number) => current;
    const define = (other: (current: number) => number) => () =>
      flow((w) => w.input, { context: { a: key(same), b: key(other) } });

    expect(mistake(define(() => 1))).toContain('two different reducers are named "same"');
    expect(define(same)).not.toThrow();
  });

  it('may take whatever they understand', () => {
    const reduce = {
      name: 'add-text',
      run: (current: number, next: string) => current + next.length,
    };
    const define = () =>
      flow((w) => w.update('a' as never, 'text' as never) ?? w.input, {
        context: { a: { schema: z.number(), initial: 0, reduce } },
      });

    expect(define).not.toThrow();
  });
});

describe('a definition error', () => {
  it('names workflow and step in its details', () => {
    try {
      flow((w) => w.task('a', echo, { input: 3 as never }));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SignalboxError);
      expect((error as SignalboxError).details).toEqual({ workflow: 'order', step: 'a', path: [] });
    }
  });
});
