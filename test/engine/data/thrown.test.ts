/* oxlint-disable typescript/prefer-promise-reject-errors -- throwing what is no error is the subject */
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { openBench } from '../../support/engine-bench.ts';

const circular = new Error('the outer');
circular.cause = new Error('the inner', { cause: circular });

class Unreadable extends Error {
  override get message(): string {
    throw new Error('cannot be read');
  }
}

class Nameless extends Error {
  override get name(): string {
    throw new Error('cannot be read');
  }
}

const causeThrows = new Error('with a cause');
Object.defineProperty(causeThrows, 'cause', {
  get() {
    throw new Error('cannot be read');
  },
});

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const thrown: readonly (readonly [kind: string, value: unknown, text: string])[] = [
  ['undefined', undefined, '(undefined was thrown)'],
  ['null', null, '(null was thrown)'],
  ['a string', 'out of paper', 'out of paper'],
  ['an empty string', '', '(an empty string was thrown)'],
  ['a number', 42, '(number was thrown)'],
  ['a symbol', Symbol('s'), '(symbol was thrown)'],
  ['a function', () => 1, '(function was thrown)'],
  ['an object', { code: 1 }, '(object was thrown)'],
  ['an error without message', new Error(''), '(no message)'],
  ['an error with itself as cause', circular, 'the outer'],
  ['an error whose cause throws', causeThrows, 'with a cause'],
  [
    'an AggregateError',
    new AggregateError([new Error('one'), 'two', null], 'both'),
    'both; one; two',
  ],
  ['an AggregateError within itself', selfAggregate(), 'all'],
  ['an error whose message throws', new Unreadable(), '(the error cannot be read)'],
  ['an error whose name throws', new Nameless('fine'), '(the error cannot be read)'],
  ['a revoked proxy', revoked(), ''],
  ['an error with a text of a million characters', new Error('x'.repeat(1_000_000)), 'xxx'],
  ['an error whose message is an object', Object.assign(new Error(), { message: { a: 1 } }), ''],
  ['an error whose cause is no error', new Error('why', { cause: { a: 1n } }), 'why'],
];

function selfAggregate(): AggregateError {
  const error = new AggregateError([], 'all');
  error.errors.push(error);
  return error;
}

/** Three runs side by side, one of which throws. */
function throwing(value: unknown, how: 'at once' | 'later') {
  const task = defineTask({
    name: 'throw',
    input: z.object({ bad: z.boolean() }),
    output: z.string(),
    compensate: 'none',
    run: ({ input }: { input: { bad: boolean } }) => {
      if (!input.bad) return Promise.resolve('fine');
      if (how === 'at once') throw value;
      return Promise.reject(value);
    },
  });
  return defineWorkflow({
    name: 'throwing',
    version: 1,
    input: z.object({ bad: z.boolean() }),
    steps: (w) => w.task('throw', task, { input: w.input }),
  });
}

function unhandled(): readonly unknown[] {
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return seen;
}

describe.each(['at once', 'later'] as const)('a task that throws %s', (how) => {
  it.each(thrown)(
    'G-11: %s fails its run with a usable text, and no other',
    async (_kind, value, text) => {
      const lost = unhandled();
      const workflow = throwing(value, how);
      const { engine } = await openBench({ workflows: [workflow] });

      const before = await engine.start(workflow, { bad: false });
      const bad = await engine.start(workflow, { bad: true });
      const after = await engine.start(workflow, { bad: false });

      const view = await engine.drive(bad.runId, 'finished');
      expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'throw' } } });
      const message = view.outcome?.failure?.message ?? '';
      expect(message).toContain(text);
      expect(message.length).toBeGreaterThan(0);
      expect(message.length).toBeLessThan(3_000);
      expect(view.outcome?.failure?.name).toMatch(/./);
      await expect(bad.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
      expect(JSON.stringify(await engine.history(bad.runId)).length).toBeLessThan(20_000);
      expect(await before.result()).toBe('fine');
      expect(await after.result()).toBe('fine');
      await new Promise((resolve) => setImmediate(resolve));
      expect(lost).toEqual([]);
    },
  );
});

describe('an undo that throws', () => {
  it.each(thrown)('G-11: %s ends as not undone, with a text', async (_kind, value) => {
    const lost = unhandled();
    const done = defineTask({
      name: 'do',
      input: z.unknown(),
      output: z.void(),
      compensate: () => Promise.reject(value),
      run: async () => {},
    });
    const fails = defineTask({
      name: 'fail',
      input: z.unknown(),
      output: z.void(),
      compensate: 'none',
      run: () => Promise.reject(new Error('no')),
    });
    const workflow = defineWorkflow({
      name: 'undoing',
      version: 1,
      input: z.object({}),
      steps(w) {
        const first = w.task('do', done, { input: w.input });
        return w.task('fail', fails, { input: w.input, after: [first] });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const { runId } = await engine.start(workflow, {});
    const view = await engine.drive(runId, 'finished');

    expect(view.status).toBe('failed');
    expect(view.outcome?.notUndone).toMatchObject([
      { step: 'do', reason: expect.stringMatching(/./) },
    ]);
    expect(lost).toEqual([]);
  });
});
