/** Small workflows for real processes, around everything the two machines do not do. Their effects are logged by the executor of the child. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  PermanentError,
  TransientError,
} from '../../../src/index.ts';

interface StepOptions {
  readonly takesMs?: number;
  readonly goodAt?: number;
  readonly isBroken?: boolean;
  readonly undo?: 'works' | 'fails' | 'irreversible' | 'none';
}

function step(name: string, options: StepOptions = {}) {
  const { takesMs = 5, goodAt = 1, isBroken = false, undo = 'works' } = options;
  return defineTask({
    name,
    input: z.string(),
    output: z.string(),
    retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '20ms' } },
    compensate:
      undo === 'none' || undo === 'irreversible'
        ? undo
        : async () => {
            await delay(takesMs);
            if (undo === 'fails') throw new PermanentError(`"${name}" stays done`);
          },
    async run({ input, attempt }) {
      await delay(takesMs);
      if (attempt < goodAt) throw new TransientError(`Attempt ${attempt} failed`);
      if (isBroken) throw new PermanentError('Broken');
      return `${name}(${input})`;
    },
  });
}

const Item = z.object({ index: z.number(), value: z.string() });
const sew = defineTask({
  name: 'sew',
  input: Item,
  output: z.string(),
  compensate: async () => {
    await delay(2);
  },
  async run({ input: { index, value } }) {
    await delay(2 + index);
    return `${value}${index}`;
  },
});

/** Fork and join, retries, a map, run context. */
export const sideBySide = defineWorkflow({
  name: 'side-by-side',
  version: 1,
  input: z.string(),
  context: { count: { schema: z.number(), initial: 0, reduce: 'sum' } },
  steps(w) {
    const left = w.task('left', step('left', { takesMs: 15 }), { input: w.input });
    const right = w.task('right', step('right', { goodAt: 2 }), { input: w.input });
    w.update(
      'count',
      w.derive('two', [left, right], () => 2),
    );
    const list = w.derive('list', [left, right], (all) => [...all, 'c', 'd']);
    const sewn = w.map('sewn', list, { concurrency: 2 }, (value, index) =>
      w.task('sew', sew, { input: { index, value } }),
    );
    const text = w.derive('text', sewn, (all) => all.join('+'));
    return w.task('after', step('after'), { input: text });
  },
});

const called = defineWorkflow({
  name: 'called',
  version: 1,
  input: z.string(),
  steps(w) {
    const one = w.task('one', step('one'), { input: w.input });
    const nap = w.sleep('nap', { for: '30ms', after: [one] });
    return w.task('two', step('two'), { input: one, after: [nap] });
  },
});

/** A child, and compensation of everything once the last step has failed. */
export const undoing = defineWorkflow({
  name: 'undoing',
  version: 1,
  input: z.string(),
  steps(w) {
    const a = w.task('a', step('a'), { input: w.input });
    const child = w.child('child', called, { input: a });
    const list = w.derive('list', child, (value) => [value, value]);
    const sewn = w.map('sewn', list, { concurrency: 1 }, (value, index) =>
      w.task('sew', sew, { input: { index, value } }),
    );
    const text = w.derive('text', sewn, (all) => all.join('+'));
    const b = w.task('b', step('b', { undo: 'fails' }), { input: text });
    const c = w.task('c', step('c', { undo: 'irreversible' }), { input: b });
    const d = w.task('d', step('d'), { input: c });
    return w.task('last', step('last', { isBroken: true }), { input: d });
  },
});

export const Go = defineEvent({ name: 'go', payload: z.object({ by: z.string() }) });
const Done = defineEvent({ name: 'done', payload: z.object({ who: z.string() }) });

/** Waits for a person, for a signal and for time; tells others when it is done. */
export const waiting = defineWorkflow({
  name: 'waiting',
  version: 1,
  input: z.string(),
  steps(w) {
    const before = w.task('before', step('before'), { input: w.input });
    const approval = w.review('approval', { show: before });
    const go = w.waitFor('go', Go, { after: [approval] });
    const nap = w.sleep('nap', { for: '50ms', after: [go] });
    const text = w.derive('text', [before, go], ([of, { by }]) => `${of} by ${by}`);
    const after = w.task('after', step('after'), { input: text, after: [nap] });
    w.emit('tell', Done, { payload: { who: w.input }, after: [after] });
    return w.finish(after, { approve: 'person' });
  },
});

/** Started by what `waiting` tells. */
export const told = defineWorkflow({
  name: 'told',
  version: 1,
  input: z.object({ who: z.string() }),
  startOn: [Done],
  steps(w) {
    const who = w.derive('text', w.input, (input) => input.who);
    return w.task('noted', step('noted'), { input: who });
  },
});

/** Whether the runs beside the deadly one have ended, as the process knows. */
export const others = { haveEnded: false };

/**
 * The process that runs it dies: amid the work of the others, or, with `DEADLY_ALONE`, once they have ended. A step that is cut off as often as the
 * deadly one counts as deadly too.
 */
export const deadly = defineWorkflow({
  name: 'deadly',
  version: 1,
  input: z.string(),
  steps(w) {
    const before = w.task('before', step('before'), { input: w.input });
    const kill = defineTask({
      name: 'kill',
      input: z.string(),
      output: z.string(),
      compensate: 'none',
      async run() {
        const mayDie = () => process.env['DEADLY_ALONE'] === undefined || others.haveEnded;
        await delay(100);
        while (!mayDie()) await delay(10);
        process.kill(process.pid, 'SIGKILL');
        return delay(60_000, 'unreachable');
      },
    });
    return w.task('kill', kill, { input: before });
  },
});

/** Takes until a file is there; some listen to their signal. */
export const slow = defineWorkflow({
  name: 'slow',
  version: 1,
  input: z.object({ until: z.string(), obeys: z.boolean() }),
  steps(w) {
    const take = defineTask({
      name: 'take',
      input: z.object({ until: z.string(), obeys: z.boolean() }),
      output: z.string(),
      compensate: 'none',
      async run({ input: { until, obeys }, signal }) {
        while (!existsSync(until)) await delay(10, undefined, obeys ? { signal } : {});
        return 'took';
      },
    });
    const took = w.task('take', take, { input: w.input });
    return w.task('next', step('next'), { input: took });
  },
});

export const smallWorkflows = [sideBySide, undoing, called, waiting, told, deadly, slow];
