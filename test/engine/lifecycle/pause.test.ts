import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import {
  day,
  entryOf,
  eventsOf,
  hour,
  minute,
  openBench,
  second,
  until,
} from '../../support/engine-bench.ts';

const input = z.object({});
const paid = defineEvent({ name: 'paid', payload: z.object({}) });

/** `first` waits for the gate, `second` follows. */
function working() {
  const deeds = createDeeds();
  const gate = aGate<unknown>();
  const workflow = defineWorkflow({
    name: 'working',
    version: 1,
    input,
    steps(w) {
      const first = w.task('first', deeds.task('first', { run: () => gate.pass() }), {
        input: w.input,
      });
      return w.task('second', deeds.task('second'), { input: first });
    },
  });
  return { deeds, gate, workflow };
}

async function paused() {
  const made = working();
  const bench = await openBench({ workflows: [made.workflow] });
  const run = await bench.engine.start(made.workflow, {});
  await made.gate.reached;
  await bench.engine.pause(run.runId, { actor: 'ann', reason: 'month end' });
  return { ...bench, ...made, bench, run, runId: run.runId };
}

describe('a paused run', () => {
  it('says so, and since when; pausing is on record', async () => {
    const { engine, clock, runId } = await paused();

    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      paused: true,
      waitingOn: [
        {
          kind: 'pause',
          what: 'somebody to resume it',
          since: new Date(clock.nowMs()).toISOString(),
        },
        { kind: 'attempt' },
      ],
    });
    expect(await entryOf(engine, runId, 'run.paused')).toMatchObject({
      actor: 'ann',
      from: 'processing',
      to: 'processing',
      data: { reason: 'month end' },
    });
  });

  it('still takes the result of the attempt that runs, and starts nothing with it', async () => {
    const { engine, clock, deeds, gate, runId } = await paused();

    gate.open('done');
    await clock.advance(day);

    expect(await eventsOf(engine, runId)).toContain('first.completed');
    expect(deeds.names).toEqual(['first']);
    expect(await engine.get(runId)).toMatchObject({
      paused: true,
      waitingOn: [{ kind: 'pause' }, { kind: 'attempt', step: 'second' }],
    });
  });

  it('goes on where it stood when it is resumed', async () => {
    const { engine, clock, deeds, gate, run, runId } = await paused();
    gate.open('done');
    await clock.advance(day);

    await engine.resume(runId, { actor: 'ben' });

    expect(await run.result()).toBe('second done');
    expect(deeds.names).toEqual(['first', 'second']);
    expect(await entryOf(engine, runId, 'run.resumed')).toMatchObject({ actor: 'ben' });
    expect(await engine.get(runId)).toMatchObject({ paused: false, waitingOn: [] });
  });

  it('stays paused over a crash, its attempt is not handed out again before it is resumed', async () => {
    const { bench, deeds, runId } = await paused();

    const engine = await bench.crash();
    await bench.clock.advance(day);
    const before = deeds.names.length;
    await engine.resume(runId);
    await bench.clock.advance(0);
    await until(() => deeds.of('first').length === 2);

    expect(before).toBe(1);
    expect(await engine.get(runId)).toMatchObject({ paused: false });
  });

  it('paused twice and resumed twice is paused and resumed once', async () => {
    const { engine, runId } = await paused();

    await engine.pause(runId);
    await engine.resume(runId);
    await engine.resume(runId);

    const events = await eventsOf(engine, runId);
    expect(events.filter((event) => event === 'run.paused')).toHaveLength(1);
    expect(events.filter((event) => event === 'run.resumed')).toHaveLength(1);
  });

  it('takes signals and decisions; what they lead to is held', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'asked',
      version: 1,
      input,
      steps(w) {
        const look = w.review('look');
        const payment = w.waitFor('payment', paid);
        return w.task('after', deeds.task('after'), { input: { look, payment } });
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.pause(run.runId);

    await engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann' });
    expect(await engine.signal(run.runId, paid, {})).toEqual({ delivered: true });
    await clock.advance(hour);
    const before = [...deeds.names];
    await engine.resume(run.runId);

    expect(before).toEqual([]);
    expect(await run.result()).toBe('after done');
    expect(await eventsOf(engine, run.runId)).toEqual(
      expect.arrayContaining(['look.decided', 'payment.received']),
    );
  });

  it('sends no event and starts no child before it is resumed', async () => {
    const deeds = createDeeds();
    const told = defineEvent({ name: 'told', payload: z.object({}) });
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('inner', deeds.task('inner'), { input: w.input }),
    });
    const listener = defineWorkflow({
      name: 'listener',
      version: 1,
      input,
      startOn: [told],
      steps: (w) => w.derive('d', w.input, () => 1),
    });
    const workflow = defineWorkflow({
      name: 'parent',
      version: 1,
      input,
      steps(w) {
        const look = w.review('look');
        w.emit('tell', told, { payload: {}, after: [look] });
        return w.child('sub', child, { input: { look } });
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow, listener] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.pause(run.runId);

    await engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann' });
    await clock.advance(hour);
    const before = await engine.list();
    await engine.resume(run.runId);

    expect(before.runs.map(({ workflow: name }) => name)).toEqual(['parent']);
    expect(await run.result()).toBe('inner done');
    await until(async () => (await engine.list({ workflow: 'listener' })).runs.length === 1);
    expect(deeds.names).toEqual(['inner']);
  });

  it('does not undo before it is resumed', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'failing',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        return w.task('bad', deeds.task('bad', { run: () => gate.pass() }), { input: first });
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await gate.reached;
    await engine.pause(run.runId);

    gate.fail(new PermanentError('no'));
    await clock.advance(hour);
    const before = await engine.get(run.runId);
    await engine.resume(run.runId);

    expect(before).toMatchObject({ status: 'compensating', paused: true });
    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { undone: ['first'] },
    });
    expect(deeds.names).toEqual(['first', 'bad', 'undo first']);
  });
});

describe('the timers of a paused run', () => {
  it.each([
    ['a sleep', (w: never) => sleeping(w), 'timer'],
    ['a review', (w: never) => reviewing(w), 'review'],
    ['a wait', (w: never) => listening(w), 'event'],
  ] as const)('%s keeps its remaining time', async (_text, declare, kind) => {
    const workflow = defineWorkflow({
      name: 'timed',
      version: 1,
      input,
      steps: (w) => declare(w as never) as never,
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await clock.advance(20 * minute);
    await engine.pause(run.runId);

    await clock.advance(day);
    const held = await engine.get(run.runId);
    await engine.resume(run.runId);
    const resumed = await engine.get(run.runId);
    await clock.advance(40 * minute - 1);
    const justBefore = await engine.get(run.runId);
    await clock.advance(1);

    expect(held.waitingOn).toMatchObject([{ kind: 'pause' }, { kind, until: null }]);
    expect(resumed.waitingOn).toMatchObject([
      { kind, until: new Date(clock.nowMs()).toISOString() },
    ]);
    expect(justBefore.status).toBe('processing');
    expect(await engine.drive(run.runId, 'finished')).toMatchObject({ status: 'complete' });
  });

  it('the time limit of the run and the wait before a retry keep theirs, over a crash as well', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'limited',
      version: 1,
      input,
      timeout: '1h',
      steps: (w) =>
        w.task(
          'busy',
          deeds.task('busy', {
            retry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '30m' } },
            run: ({ attempt }) =>
              attempt === 1 ? Promise.reject(new TransientError('busy')) : 'done',
          }),
          { input: w.input },
        ),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await until(async () => (await eventsOf(bench.engine, runId)).includes('busy.failed'));
    await bench.clock.advance(10 * minute);
    await bench.engine.pause(runId);
    await bench.clock.advance(day);

    const engine = await bench.crash();
    await bench.clock.advance(day);
    await engine.resume(runId);
    const dues = (await engine.get(runId)).waitingOn
      .map(({ until: at }) => at ?? '')
      .toSorted((x, y) => x.localeCompare(y));
    await bench.clock.advance(20 * minute);

    expect(dues).toEqual([
      new Date(bench.clock.nowMs()).toISOString(),
      new Date(bench.clock.nowMs() + 30 * minute).toISOString(),
    ]);
    expect(await engine.result(runId)).toBe('done');
  });

  it('a pending start waits for as long as it still had to', async () => {
    const { workflow, gate } = working();
    gate.open('at once');
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {}, { startAt: clock.nowMs() + hour });
    await clock.advance(30 * minute);

    await engine.pause(run.runId);
    await clock.advance(hour);
    expect(await engine.get(run.runId)).toMatchObject({ status: 'pending', paused: true });
    await engine.resume(run.runId);
    await clock.advance(30 * minute);

    expect(await run.result()).toBe('second done');
  });

  it('reminders do not go out, and come in their rhythm afterwards', async () => {
    const deeds = createDeeds();
    const remind = deeds.task('remind', { compensate: 'none' });
    const workflow = defineWorkflow({
      name: 'reminded',
      version: 1,
      input,
      steps: (w) => w.review('look', { remind: { every: '1h', run: remind } }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await clock.advance(30 * minute);
    await engine.pause(run.runId);

    await clock.advance(5 * hour);
    const during = deeds.names.length;
    await engine.resume(run.runId);
    await clock.advance(30 * minute - 1);
    const before = deeds.names.length;
    await clock.advance(1);

    expect([during, before]).toEqual([0, 0]);
    expect(deeds.names).toHaveLength(1);
  });
});

describe('cancelling a paused run', () => {
  it('works: what waits is withdrawn, what was done is undone', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'asked',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        return w.review('look', { show: first, expires: '1d' });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);
    await engine.pause(runId);

    await engine.cancel(runId, { actor: 'ann' });

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      paused: false,
      waitingOn: [],
      outcome: { undone: ['first'], compensation: 'complete' },
    });
    expect(deeds.names).toEqual(['first', 'undo first']);
  });

  it('does not start what was held', async () => {
    const { engine, clock, deeds, gate, runId } = await paused();
    gate.open('done');
    await clock.advance(second);
    expect(await engine.get(runId)).toMatchObject({
      waitingOn: [{ kind: 'pause' }, { kind: 'attempt', step: 'second' }],
    });

    await engine.cancel(runId);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'], notUndone: [] },
    });
    expect(deeds.names).toEqual(['first', 'undo first']);
  });

  it('whose attempt still runs waits for that', async () => {
    const { engine, clock, deeds, gate, runId } = await paused();

    await engine.cancel(runId);
    await clock.advance(second);
    const draining = await engine.get(runId);
    gate.open('done');

    expect(draining.status).toBe('processing');
    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'] },
    });
    expect(deeds.names).toEqual(['first', 'undo first']);
  });

  it('while it compensates lets that go on', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'failing',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        return w.task('bad', deeds.task('bad', { run: () => gate.pass() }), { input: first });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await gate.reached;
    await engine.pause(runId);
    gate.fail(new PermanentError('no'));
    await until(async () => (await engine.get(runId)).status === 'compensating');

    await engine.cancel(runId);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { undone: ['first'] },
    });
  });
});

describe('a run that ends while it is paused', () => {
  it('has ended, and is not paused any more', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'closing',
      version: 1,
      input,
      steps: (w) =>
        w.finish(w.task('only', deeds.task('only'), { input: w.input }), { approve: 'person' }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.pause(run.runId);

    await engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toBe('only done');
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'complete',
      paused: false,
      waitingOn: [],
    });
    await expect(engine.pause(run.runId)).rejects.toMatchObject({ code: 'RUN_FINISHED' });
    await expect(engine.resume(run.runId)).rejects.toMatchObject({ code: 'RUN_FINISHED' });
  });
});

type W = {
  sleep(id: string, options: object): unknown;
  review(id: string, options: object): unknown;
  waitFor(id: string, event: object, options: object): unknown;
};
const sleeping = (w: W) => w.sleep('it', { for: '1h' });
const reviewing = (w: W) => w.review('it', { expires: '1h' });
const listening = (w: W) => w.waitFor('it', paid, { within: '1h', onTimeout: 'continue' });
