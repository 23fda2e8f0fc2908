/* oxlint-disable unicorn/no-thenable, typescript/only-throw-error -- misbehaving functions are the subject */
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench, until } from '../../support/engine-bench.ts';

function unhandled(): readonly unknown[] {
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return seen;
}

const broken = () => {
  throw new Error('broken');
};

const answers: readonly (readonly [kind: string, make: () => unknown, text: string])[] = [
  ['throws an error', broken, 'broken'],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
    'undefined was thrown',
  ],
  ['returns a promise of true', () => Promise.resolve(true), 'not a promise'],
  ['returns a promise that is rejected', () => Promise.reject(new Error('late')), 'not a promise'],
  ['returns what pretends to be a promise', () => ({ then: () => broken() }), 'not a promise'],
];

const noBooleans: readonly (readonly [kind: string, make: () => unknown, text: string])[] = [
  ['returns undefined', () => undefined, 'not undefined'],
  ['returns null', () => null, 'not null'],
  ['returns a text', () => 'false', 'not string'],
  ['returns a number', () => 1, 'not number'],
  ['returns an object', () => ({}), 'not object'],
  ['returns a Boolean object', () => Object(true), 'not object'],
  [
    'returns an object whose then throws',
    () => ({
      get then() {
        return broken();
      },
    }),
    '',
  ],
];

describe('a guard', () => {
  it.each([...answers, ...noBooleans])(
    'H-05: that %s fails the run by its name, and neither branch is taken',
    async (_kind, make, text) => {
      const lost = unhandled();
      const deeds = createDeeds();
      const workflow = defineWorkflow({
        name: 'guarded',
        version: 1,
        input: z.object({ bad: z.boolean() }),
        steps(w) {
          const first = w.task('first', deeds.task('first', { compensate: 'none' }), {
            input: w.input,
          });
          const holds = w.is({ input: w.input, first }, 'is it so', ({ input }) =>
            input.bad ? (make() as boolean) : true,
          );
          w.task('yes', deeds.task('yes'), { input: w.input, when: holds });
          w.task('no', deeds.task('no'), { input: w.input, when: w.not(holds) });
          return first;
        },
      });
      const { engine } = await openBench({ workflows: [workflow] });

      const { runId } = await engine.start(workflow, { bad: true });
      const view = await engine.drive(runId, 'finished');

      expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: '?is it so' } } });
      expect(view.outcome?.failure?.message).toContain(text);
      expect(deeds.names).toEqual(['first']);
      const good = await engine.start(workflow, { bad: false });
      await good.result();
      expect(deeds.names).toEqual(['first', 'first', 'yes']);
      await new Promise((resolve) => setImmediate(resolve));
      expect(lost).toEqual([]);
    },
  );

  it.each(answers)(
    'H-05: that %s at the start fails the run before anything is done',
    async (_kind, make) => {
      const lost = unhandled();
      const deeds = createDeeds();
      const workflow = defineWorkflow({
        name: 'guarded',
        version: 1,
        input: z.object({}),
        steps(w) {
          const holds = w.is(w.input, 'is it so', () => make() as boolean);
          return w.task('yes', deeds.task('yes'), { input: w.input, when: holds });
        },
      });
      const { engine } = await openBench({ workflows: [workflow] });

      const { runId } = await engine.start(workflow, {});
      const view = await engine.drive(runId, 'finished');

      expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: '?is it so' } } });
      expect(deeds.names).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(lost).toEqual([]);
    },
  );

  it.each(answers)(
    'H-05: that %s as policy of a review does not approve it',
    async (_kind, make) => {
      const lost = unhandled();
      const deeds = createDeeds();
      const workflow = defineWorkflow({
        name: 'guarded',
        version: 1,
        input: z.object({}),
        steps(w) {
          const isSmall = w.is(w.input, 'small enough', () => make() as boolean);
          const review = w.review('approval', { approve: isSmall });
          return w.task('after', deeds.task('after'), { input: review });
        },
      });
      const { engine } = await openBench({ workflows: [workflow] });

      const { runId } = await engine.start(workflow, {});
      const view = await engine.drive(runId);

      expect(view).toMatchObject({
        status: 'failed',
        outcome: { failure: { step: '?small enough' } },
      });
      expect(deeds.names).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(lost).toEqual([]);
    },
  );
});

describe('a mapper', () => {
  it.each(answers)('H-05: that %s fails the run by its name', async (_kind, make, text) => {
    const lost = unhandled();
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'mapping',
      version: 1,
      input: z.object({}),
      steps(w) {
        const first = w.task('first', deeds.task('first', { compensate: 'none' }), {
          input: w.input,
        });
        const mapped = w.derive('mapped', first, () => make());
        return w.task('next', deeds.task('next'), { input: mapped });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const { runId } = await engine.start(workflow, {});
    const view = await engine.drive(runId, 'finished');

    expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'mapped' } } });
    expect(view.outcome?.failure?.message).toContain(text);
    expect(deeds.names).toEqual(['first']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(lost).toEqual([]);
  });

  it('H-05: a step whose value makes what reads it fail is undone with its output, after a crash as well', async () => {
    const deeds = createDeeds();
    let isHeld = true;
    const compensate = () => (isHeld ? new Promise<void>(() => {}) : undefined);
    const workflow = defineWorkflow({
      name: 'undone',
      version: 1,
      input: z.object({}),
      steps(w) {
        const first = w.task('first', deeds.task('first', { compensate }), { input: w.input });
        return w.derive('sum', first, broken);
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await until(() => deeds.of('undo first').length === 1);

    isHeld = false;
    const engine = await bench.crash();
    const view = await engine.drive(runId, 'finished');

    expect(view).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'sum' }, compensation: 'complete', undone: ['first'] },
    });
    expect(deeds.of('undo first')).toMatchObject([
      { output: 'first done' },
      { output: 'first done' },
    ]);
    expect((await engine.verify(runId)).fault).toBeNull();
  });
});
