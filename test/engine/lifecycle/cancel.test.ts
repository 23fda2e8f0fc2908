import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import {
  day,
  entryOf,
  eventsOf,
  hour,
  openBench,
  second,
  statusesOf,
  until,
} from '../../support/engine-bench.ts';

const input = z.object({});
const paid = defineEvent({ name: 'paid', payload: z.object({}) });

/** One step that was done, one that waits for the gate, whatever its signal says. */
function working(
  options: { obeys?: boolean; repeat?: 'unsafe'; stopping?: 'abort'; abortGrace?: '5s' } = {},
) {
  const deeds = createDeeds();
  const gate = aGate<unknown>();
  const signals: AbortSignal[] = [];
  const { obeys, repeat, ...rest } = options;
  const workflow = defineWorkflow({
    name: 'working',
    version: 1,
    input,
    ...rest,
    steps(w) {
      const first = w.task('first', deeds.task('first'), { input: w.input });
      const slow = deeds.task('slow', {
        ...(repeat === undefined ? {} : { repeat }),
        retry: { maxAttempts: 3 },
        run({ signal }) {
          signals.push(signal);
          if (obeys !== true) return gate.pass();
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
          });
        },
      });
      const second_ = w.task('slow', slow, { input: first });
      return w.task('last', deeds.task('last'), { input: second_ });
    },
  });
  return { deeds, gate, signals, workflow };
}

async function cancelled(options: Parameters<typeof working>[0], mode?: 'drain' | 'abort') {
  const { deeds, gate, signals, workflow } = working(options);
  const bench = await openBench({ workflows: [workflow] });
  const { runId } = await bench.engine.start(workflow, {});
  await until(() => deeds.of('slow').length === 1);
  await bench.engine.cancel(runId, {
    actor: 'ann',
    reason: 'not needed',
    ...(mode === undefined ? {} : { mode }),
  });
  await bench.clock.advance(0);
  return { ...bench, bench, deeds, gate, signals, runId };
}

describe('cancelling with drain', () => {
  it('lets the running attempt finish, starts nothing more, undoes it with the rest', async () => {
    const { engine, deeds, gate, signals, runId } = await cancelled({});

    const draining = await engine.get(runId);
    gate.open('done');

    expect(draining.status).toBe('processing');
    expect(signals[0]?.aborted).toBe(false);
    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: {
        cancelled: { reason: 'not needed' },
        failure: null,
        undone: ['slow', 'first'],
        compensation: 'complete',
      },
    });
    expect(deeds.names).toEqual(['first', 'slow', 'undo slow', 'undo first']);
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'compensating',
      'cancelled',
    ]);
    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_CANCELLED',
      message: expect.stringContaining('not needed'),
    });
  });

  it('does not try a failed attempt again', async () => {
    const { engine, clock, deeds, gate, runId } = await cancelled({});

    gate.fail(new TransientError('busy'));
    await clock.advance(hour);

    expect(await engine.get(runId)).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'] },
    });
    expect(deeds.of('slow')).toHaveLength(1);
  });

  it('records who asked, how and why', async () => {
    const { engine, gate, runId } = await cancelled({});
    gate.open('done');
    await engine.drive(runId, 'finished');

    expect(await entryOf(engine, runId, 'run.cancelled')).toMatchObject({
      actor: 'ann',
      data: { mode: 'drain', reason: 'not needed' },
    });
  });
});

describe('an attempt that still waits for its place', () => {
  it.each(['drain', 'abort'] as const)(
    'never begins once the run is cancelled with %s',
    async (mode) => {
      const deeds = createDeeds();
      const gate = aGate();
      const workflow = defineWorkflow({
        name: 'queued',
        version: 1,
        input,
        steps(w) {
          const running = deeds.task('running', { queue: 'narrow', run: () => gate.pass() });
          const a = w.task('a', running, { input: w.input });
          const b = w.task('b', deeds.task('queued', { queue: 'narrow' }), { input: w.input });
          return w.derive('both', { a, b }, () => null);
        },
      });
      const { engine } = await openBench({
        workflows: [workflow],
        dispatcher: { queues: { narrow: 1 } },
      });
      const { runId } = await engine.start(workflow, {});
      await gate.reached;

      await engine.cancel(runId, { mode });
      gate.open();

      expect(await engine.drive(runId, 'finished')).toMatchObject({
        status: 'cancelled',
        outcome: { undone: ['a'], notUndone: [], compensation: 'complete' },
      });
      expect(deeds.names).toEqual(['running', 'undo running']);
    },
  );
});

describe('cancelling with abort', () => {
  it('signals the running attempt at once; one that obeys leaves nothing to wait for', async () => {
    const { engine, deeds, signals, runId } = await cancelled({ obeys: true }, 'abort');

    expect(signals[0]?.aborted).toBe(true);
    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'], compensation: 'complete' },
    });
    expect(deeds.names).toEqual(['first', 'slow', 'undo first']);
  });

  it('gives an attempt that does not obey 10 seconds, then revokes it; the outcome is partial', async () => {
    const { engine, clock, deeds, runId } = await cancelled({}, 'abort');

    await clock.advance(10 * second - 1);
    const before = await engine.get(runId);
    await clock.advance(1);

    expect(before.status).toBe('processing');
    expect(before.waitingOn).toContainEqual(
      expect.objectContaining({ step: 'stop', what: 'running attempts to stop' }),
    );
    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'], notUndone: [{ step: 'slow' }], compensation: 'partial' },
    });
    expect(deeds.names).toEqual(['first', 'slow', 'undo first']);
  });

  it('keeps to the grace of the workflow', async () => {
    const { engine, clock, runId } = await cancelled({ abortGrace: '5s' }, 'abort');

    await clock.advance(5 * second);

    expect(await engine.get(runId)).toMatchObject({ status: 'cancelled' });
  });

  it('takes a result within the grace as one that counts, and undoes it', async () => {
    const { engine, clock, deeds, gate, runId } = await cancelled({}, 'abort');

    await clock.advance(9 * second);
    gate.open('just in time');

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      outcome: { undone: ['slow', 'first'], compensation: 'complete' },
    });
    expect(deeds.names).toEqual(['first', 'slow', 'undo slow', 'undo first']);
  });

  it('notes the result that comes after the grace; the run stays as it is', async () => {
    const { engine, clock, log, deeds, gate, runId } = await cancelled({}, 'abort');
    await clock.advance(10 * second);
    const before = await engine.drive(runId, 'finished');

    gate.open('too late');
    await clock.advance(0);

    const after = await engine.get(runId);
    expect(after).toMatchObject({
      status: 'cancelled',
      outcome: {
        ...before.outcome,
        notUndone: expect.arrayContaining([expect.objectContaining({ step: 'slow' })]),
      },
    });
    expect(await entryOf(engine, runId, 'slow.late')).toMatchObject({
      output: 'too late',
      from: 'cancelled',
      to: 'cancelled',
    });
    expect(deeds.names).toEqual(['first', 'slow', 'undo first']);
    expect(log.at('error')).toEqual([]);
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('does not hand the revoked attempt out again after a crash in the middle of compensation', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const undoing = aGate();
    const workflow = defineWorkflow({
      name: 'revoked',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first', { compensate: () => undoing.pass() }), {
          input: w.input,
        });
        return w.task('slow', deeds.task('slow', { run: () => gate.pass() }), { input: first });
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await until(() => deeds.of('slow').length === 1);
    await bench.engine.cancel(runId, { mode: 'abort' });
    await bench.clock.advance(10 * second);
    await undoing.reached;

    await bench.crash();
    undoing.open();

    expect(await bench.engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'] },
    });
    expect(deeds.names).toEqual(['first', 'slow', 'undo first', 'undo first']);
  });

  it('asks nobody about an unsafe attempt that was cut off; the outcome says that nobody knows', async () => {
    const { engine, runId } = await cancelled({ obeys: true, repeat: 'unsafe' }, 'abort');

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: {
        undone: ['first'],
        notUndone: [{ step: 'slow', reason: expect.stringContaining('Nobody knows') }],
        compensation: 'partial',
      },
    });
  });

  it('can follow a drain that takes too long', async () => {
    const { engine, clock, signals, runId } = await cancelled({});
    expect(signals[0]?.aborted).toBe(false);

    await engine.cancel(runId, { mode: 'abort' });
    await clock.advance(10 * second);

    expect(signals[0]?.aborted).toBe(true);
    expect(await engine.get(runId)).toMatchObject({
      status: 'cancelled',
      outcome: { compensation: 'partial' },
    });
  });

  it('is what a failure does to the other branches of a workflow that says `stopping: abort`', async () => {
    const deeds = createDeeds();
    const aborted: boolean[] = [];
    const workflow = defineWorkflow({
      name: 'strict',
      version: 1,
      input,
      stopping: 'abort',
      steps(w) {
        const slow = deeds.task('slow', {
          run: ({ signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                aborted.push(signal.aborted);
                reject(new Error('stopped'));
              });
            }),
        });
        const a = w.task('a', slow, { input: w.input });
        const b = w.task(
          'b',
          deeds.task('bad', { run: () => Promise.reject(new PermanentError('no')) }),
          { input: w.input },
        );
        return w.derive('both', { a, b }, () => null);
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow("step 'b': no");
    expect(aborted).toEqual([true]);
  });
});

describe('cancelling a run that waits', () => {
  function waiting() {
    const deeds = createDeeds();
    const busy = deeds.task('busy', {
      retry: { maxAttempts: 5, backoff: { kind: 'fixed', initial: '1h' } },
      run: () => Promise.reject(new TransientError('busy')),
    });
    const workflow = defineWorkflow({
      name: 'waiting',
      version: 1,
      input,
      timeout: '2d',
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        const after = { after: [first] };
        w.sleep('nap', { for: '1d', ...after });
        w.waitFor('payment', paid, { within: '1d', ...after });
        w.review('look', { expires: '1d', ...after });
        w.task('busy', busy, { input: first, within: '2d' });
        return first;
      },
    });
    return { deeds, workflow };
  }

  it('withdraws reviews, waits, sleeps, backoffs and the time limit at once', async () => {
    const { deeds, workflow } = waiting();
    const { engine, clock, store } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await until(async () => (await eventsOf(engine, runId)).includes('busy.failed'));
    const kinds = (await engine.get(runId)).waitingOn.map(({ kind }) => kind);

    await engine.cancel(runId);
    const view = await engine.drive(runId, 'finished');

    expect(kinds.toSorted()).toEqual(['event', 'retry', 'review', 'timer', 'timer', 'timer']);
    expect(view).toMatchObject({
      status: 'cancelled',
      waitingOn: [],
      outcome: { undone: ['first'] },
    });
    expect(await store.nextDueAtMs()).toBeNull();
    const entries = view.entries;
    await clock.advance(3 * day);
    expect(await engine.get(runId)).toMatchObject({ status: 'cancelled', entries });
    expect(deeds.names).toEqual(['first', 'busy', 'undo first']);
    await expect(
      engine.decide(runId, 'look', { outcome: 'approved', actor: 'ann' }),
    ).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    await expect(engine.signal(runId, paid, {})).rejects.toMatchObject({ code: 'RUN_FINISHED' });
  });

  it('for its starting time never starts it', async () => {
    const { deeds, workflow } = waiting();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {}, { startAt: clock.nowMs() + day });
    expect(await engine.get(runId)).toMatchObject({
      status: 'pending',
      waitingOn: [{ kind: 'start' }],
    });

    await engine.cancel(runId);
    await clock.advance(2 * day);

    expect(await engine.get(runId)).toMatchObject({ status: 'cancelled', waitingOn: [] });
    expect(await statusesOf(engine, runId)).toEqual(['pending', 'cancelled']);
    expect(deeds.names).toEqual([]);
  });

  it('in its closing review undoes what was done', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'closing',
      version: 1,
      input,
      steps: (w) =>
        w.finish(w.task('first', deeds.task('first'), { input: w.input }), {
          approve: 'person',
          expires: '24h',
        }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);

    await engine.cancel(runId, { reason: 'changed my mind' });

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { cancelled: { reason: 'changed my mind' }, undone: ['first'] },
    });
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'compensating',
      'cancelled',
    ]);
  });
});

describe('D-09: cancelling at the same instant as completion', () => {
  function closing() {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'closing',
      version: 1,
      input,
      steps: (w) =>
        w.finish(w.task('first', deeds.task('first'), { input: w.input }), { approve: 'person' }),
    });
    return { deeds, workflow };
  }

  it.each(['cancel first', 'approval first'])('gives one final state, %s', async (order) => {
    const { deeds, workflow } = closing();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);
    const cancel = () => engine.cancel(runId);
    const approve = () => engine.decide(runId, 'completion', { outcome: 'approved', actor: 'ann' });

    const answers = await Promise.allSettled(
      order === 'cancel first' ? [cancel(), approve()] : [approve(), cancel()],
    );
    const { status } = await engine.drive(runId, 'finished');

    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected']);
    expect(answers[1]).toMatchObject({
      reason: { code: order === 'cancel first' ? 'REVIEW_NOT_OPEN' : 'RUN_FINISHED' },
    });
    expect(status).toBe(order === 'cancel first' ? 'cancelled' : 'complete');
    expect(deeds.names).toEqual(order === 'cancel first' ? ['first', 'undo first'] : ['first']);
  });

  it('of the last task leaves either a complete or a cancelled run, never both', async () => {
    const deeds = createDeeds();
    const gate = aGate<unknown>();
    const workflow = defineWorkflow({
      name: 'last-task',
      version: 1,
      input,
      steps: (w) =>
        w.task('only', deeds.task('only', { run: () => gate.pass() }), { input: w.input }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await gate.reached;

    gate.open('done');
    await engine.cancel(runId);

    const { status } = await engine.drive(runId, 'finished');
    expect(status).toBe('cancelled');
    expect(deeds.names).toEqual(['only', 'undo only']);
    expect(
      (await statusesOf(engine, runId)).filter((each) =>
        ['complete', 'cancelled', 'failed'].includes(each),
      ),
    ).toEqual(['cancelled']);
  });
});

describe('D-10: cancelling', () => {
  it('twice is a no-op the second time, noted', async () => {
    const { engine, gate, runId } = await cancelled({});

    await engine.cancel(runId, { actor: 'ben' });
    gate.open('done');
    await engine.drive(runId, 'finished');

    const events = await eventsOf(engine, runId);
    expect(events.filter((event) => event === 'run.cancelled')).toHaveLength(1);
    expect(await entryOf(engine, runId, 'run.cancel_repeated')).toMatchObject({
      actor: 'ben',
      from: 'processing',
      to: 'processing',
    });
    expect(await engine.get(runId)).toMatchObject({
      outcome: { cancelled: { reason: 'not needed' } },
    });
  });

  it('in the middle of compensation lets it go on; a failed run stays failed', async () => {
    const deeds = createDeeds();
    const undoing = aGate();
    const workflow = defineWorkflow({
      name: 'undoing',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        const second_ = w.task(
          'second',
          deeds.task('second', { compensate: () => undoing.pass() }),
          { input: first },
        );
        return w.task(
          'bad',
          deeds.task('bad', { run: () => Promise.reject(new PermanentError('no')) }),
          { input: second_ },
        );
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await undoing.reached;
    expect(await engine.get(runId)).toMatchObject({
      status: 'compensating',
      waitingOn: [{ kind: 'undo' }],
    });

    await engine.cancel(runId, { mode: 'abort' });
    undoing.open();

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { undone: ['second', 'first'], compensation: 'complete' },
    });
  });

  it('a run that is cancelled already is a no-op; a complete one is refused as already finished', async () => {
    const { engine, gate, runId } = await cancelled({});
    gate.open('done');
    const before = await engine.drive(runId, 'finished');
    const { workflow } = working();
    const done = defineWorkflow({
      name: 'done',
      version: 1,
      input,
      steps: (w) => w.derive('d', w.input, () => 1),
    });
    const other = await openBench({ workflows: [workflow, done] });
    const complete = await other.engine.start(done, {});
    await complete.result();

    await engine.cancel(runId);

    expect(await engine.get(runId)).toMatchObject({
      status: 'cancelled',
      outcome: before.outcome,
      finishedAt: before.finishedAt,
    });
    await expect(other.engine.cancel(complete.runId)).rejects.toMatchObject({
      code: 'RUN_FINISHED',
      message: expect.stringContaining('already complete'),
    });
  });

  it('an unknown run is refused as unknown', async () => {
    const { engine } = await cancelled({});

    await expect(engine.cancel('no-such-run')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('a failed run is refused too', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'failing',
      version: 1,
      input,
      steps: (w) =>
        w.task('bad', deeds.task('bad', { run: () => Promise.reject(new PermanentError('no')) }), {
          input: w.input,
        }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId, 'finished');

    await expect(engine.cancel(runId)).rejects.toMatchObject({ code: 'RUN_FINISHED' });
  });
});
