import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  PermanentError,
  type Store,
} from '../../../src/index.ts';
import { createDeathPoint } from '../../support/death-point.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { day, eventsOf, hour, minute, openBench, until } from '../../support/engine-bench.ts';
import { recorder } from '../../support/replayed.ts';
import { aDatabaseFile, openPair } from '../../support/sqlite-pair.ts';

const input = z.object({});
const paid = defineEvent({ name: 'paid', payload: z.object({}) });
const why = { actor: 'ann', reason: 'wrong mails' };

/** `first` waits for the gate, `second` follows. */
function working(name = 'working', options: { queue?: string } = {}) {
  const deeds = createDeeds();
  const gate = aGate<unknown>();
  const workflow = defineWorkflow({
    name,
    version: 1,
    input,
    steps(w) {
      const first = w.task('first', deeds.task('first', { run: () => gate.pass(), ...options }), {
        input: w.input,
      });
      return w.task('second', deeds.task('second'), { input: first });
    },
  });
  return { deeds, gate, workflow };
}

/** Sleeps for an hour, then does one thing. */
function sleeping(name = 'sleeping') {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name,
    version: 1,
    input,
    steps(w) {
      const slept = w.sleep('slept', { for: '1h' });
      return w.task('woken', deeds.task('woken'), { input: {}, after: [slept] });
    },
  });
  return { deeds, workflow };
}

const stores = {
  memory: async () => createMemoryStore(),
  async sqlite() {
    const store = await openSqliteStore(aDatabaseFile());
    onTestFinished(() => store.close());
    return store;
  },
};

describe.each(Object.entries(stores))('runs paused all at once, on %s', (_, openStore) => {
  /** A shared store is looked at again and again; here the clock makes long steps. */
  const settings = { pollMs: 10 * minute, leaseMs: hour };

  it('keep the result of what runs, begin nothing with it, and go on when resumed', async () => {
    const { deeds, gate, workflow } = working();
    const store = await openStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store, settings });
    const run = await engine.start(workflow, {});
    await gate.reached;

    expect(await engine.pauseRuns('all', why)).toBe(true);
    expect(await engine.pauseRuns('all', { reason: 'again', actor: 'bob' })).toBe(false);
    expect(await engine.pauses()).toEqual([
      { scope: 'all', since: new Date(clock.nowMs()).toISOString(), ...why },
    ]);
    gate.open('done');
    await clock.advance(day);

    expect(await eventsOf(engine, run.runId)).toContain('first.completed');
    expect(deeds.names).toEqual(['first']);
    expect(await engine.explain(run.runId)).toMatchObject({
      paused: false,
      heldBy: [{ scope: 'everything', ...why }],
      waitingOn: [
        { kind: 'pause', what: 'somebody to resume everything, which ann has paused: wrong mails' },
        { kind: 'attempt', step: 'second' },
      ],
    });

    expect(await engine.resumeRuns('all')).toBe(true);
    expect(await engine.resumeRuns('all')).toBe(false);
    expect(await run.result()).toBe('second done');
    expect(deeds.names).toEqual(['first', 'second']);
    expect(await engine.get(run.runId)).toMatchObject({ heldBy: [], status: 'complete' });
    expect(await engine.pauses()).toEqual([]);
  });

  it('are accepted and stay pending, over a crash as well, and children wait with their own workflow', async () => {
    const child = sleeping('child');
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input,
      steps: (w) => w.child('kid', child.workflow, { input: w.input }),
    });
    const bench = await openBench({
      workflows: [parent, child.workflow],
      store: await openStore(),
      settings,
    });
    await bench.engine.pauseRuns({ workflow: 'child' }, why);
    const started = await bench.engine.start(child.workflow, {}, { key: 'one' });
    const above = await bench.engine.start(parent, {});
    await bench.clock.advance(minute);

    const engine = await bench.crash();
    await bench.clock.advance(12 * hour);
    const waiting = await engine.list({ workflow: 'child' });
    expect(waiting.runs.map(({ status, heldBy }) => [status, heldBy[0]?.scope])).toEqual([
      ['pending', 'workflow'],
      ['pending', 'workflow'],
    ]);
    expect(await engine.get(above.runId)).toMatchObject({ status: 'processing', heldBy: [] });
    expect(await engine.start(child.workflow, {}, { key: 'one' })).toMatchObject({
      runId: started.runId,
      created: false,
    });

    await engine.resumeRuns({ workflow: 'child' });
    await bench.clock.advance(hour);
    await until(async () => (await engine.get(above.runId)).status === 'complete');
    expect(await engine.get(started.runId)).toMatchObject({ status: 'complete' });
    expect(child.deeds.names).toEqual(['woken', 'woken']);
  });

  it('have deadlines that stand still, whether they are touched meanwhile or not', async () => {
    const { deeds, workflow } = sleeping();
    const { store, expectReplays } = recorder(await openStore());
    const { engine, clock } = await openBench({ workflows: [workflow], store, settings });
    const untouched = await engine.start(workflow, {});
    await clock.advance(10 * minute);
    await engine.pauseRuns({ workflow: 'sleeping' }, why);
    const late = await engine.start(workflow, {});
    await clock.advance(20 * minute);
    expect((await engine.get(untouched.runId)).waitingOn).toMatchObject([
      { kind: 'pause', what: expect.stringContaining('workflow "sleeping"') },
      { kind: 'timer', until: null, remainingMs: 50 * minute },
    ]);
    // the hour is over, and the run is put to rest
    await clock.advance(day);
    expect((await engine.get(untouched.runId)).waitingOn).toMatchObject([
      { kind: 'pause' },
      { kind: 'timer', until: null, remainingMs: 50 * minute },
    ]);
    await engine.resumeRuns({ workflow: 'sleeping' });
    await clock.advance(0);
    expect((await engine.get(untouched.runId)).waitingOn).toMatchObject([
      { kind: 'timer', until: new Date(clock.nowMs() + 50 * minute).toISOString() },
    ]);

    await clock.advance(50 * minute - 1);
    expect(deeds.names).toEqual([]);
    await clock.advance(1);
    await until(() => deeds.names.length === 1);
    await clock.advance(10 * minute);
    expect(await late.result()).toBe('woken done');
    expect(await expectReplays(untouched.runId, [workflow])).toBeGreaterThan(2);
    expect(await expectReplays(late.runId, [workflow])).toBeGreaterThan(2);
  });
});

describe('runs paused all at once', () => {
  it('catch up exactly with a pause that was over before their deadline came', async () => {
    const { deeds, workflow } = sleeping();
    const bench = await openBench({ workflows: [workflow] });
    const run = await bench.engine.start(workflow, {});
    await bench.engine.pauseRuns('all', why);
    await bench.clock.advance(5 * minute);
    await bench.engine.pauseRuns({ workflow: 'sleeping' }, why);
    await bench.clock.advance(5 * minute);
    await bench.engine.resumeRuns('all');
    await bench.clock.advance(5 * minute);
    const engine = await bench.restart();
    await engine.resumeRuns({ workflow: 'sleeping' });

    expect((await engine.get(run.runId)).waitingOn).toMatchObject([
      { until: new Date(bench.clock.nowMs() + hour).toISOString() },
    ]);
    await bench.clock.advance(hour - 1);
    expect(deeds.names).toEqual([]);
    await bench.clock.advance(1);
    await until(async () => (await engine.get(run.runId)).status === 'complete');
  });

  it('C-02: are put off once by a pause during which the clock goes back', async () => {
    const { workflow } = sleeping();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    const touched = async (jumpMs: number) => {
      clock.jump(jumpMs);
      await engine.pause(runId);
      await engine.resume(runId);
    };
    await engine.pauseRuns('all', why);

    await clock.advance(hour);
    await touched(0);
    await touched(-30 * minute);
    await touched(30 * minute);
    await engine.resumeRuns('all');
    await clock.advance(0);

    const [waiting] = (await engine.get(runId)).waitingOn;
    expect(Date.parse(waiting?.until ?? '') - clock.nowMs()).toBe(hour);
  });

  it('stay paused if they were paused by themselves, and stay held if only that pause ends', async () => {
    const { deeds, gate, workflow } = working();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const [one, other] = [await engine.start(workflow, {}), await engine.start(workflow, {})];
    await until(() => deeds.names.length === 2);
    await engine.pause(one.runId);
    await engine.pause(other.runId);
    await engine.pauseRuns('all', why);
    gate.open('done');
    await clock.advance(hour);
    await engine.resume(one.runId);
    await clock.advance(hour);
    expect(deeds.of('second')).toHaveLength(0);
    expect(await engine.get(one.runId)).toMatchObject({ paused: false, heldBy: [{}] });

    await engine.resumeRuns('all');
    expect(await one.result()).toBe('second done');
    await clock.advance(hour);
    expect(await engine.get(other.runId)).toMatchObject({ paused: true, heldBy: [] });
    await engine.resume(other.runId);
    expect(await other.result()).toBe('second done');
  });

  it('take signals and decisions, whose effects wait', async () => {
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
    await engine.pauseRuns('all', why);
    await clock.advance(minute);
    await engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann' });
    await engine.signal(run.runId, paid, {});
    await clock.advance(minute);
    expect(deeds.names).toEqual([]);

    await engine.resumeRuns('all');
    expect(await run.result()).toBe('after done');
  });

  it('take what is queued back from the queue, and hand it out once when resumed', async () => {
    const { deeds, gate, workflow } = working('queued', { queue: 'narrow' });
    const { engine, clock } = await openBench({
      workflows: [workflow],
      dispatcher: { queues: { narrow: 1 } },
    });
    const runs = [await engine.start(workflow, {}), await engine.start(workflow, {})];
    await gate.reached;
    await engine.pauseRuns({ workflow: 'queued' }, why);
    gate.open('done');
    await clock.advance(minute);
    expect(deeds.names).toEqual(['first']);
    expect(engine.depth).toEqual({ waiting: 0, running: 0 });

    await engine.resumeRuns({ workflow: 'queued' });
    for (const run of runs) expect(await run.result()).toBe('second done');
    expect(deeds.of('first')).toHaveLength(2);
  });

  it('begin no further item of a map, and do the rest once when resumed', async () => {
    const deeds = createDeeds();
    const gate = aGate<unknown>();
    const work = deeds.task('work', { run: () => gate.pass() });
    const workflow = defineWorkflow({
      name: 'mapping',
      version: 1,
      input: z.object({ list: z.array(z.number()) }),
      steps: (w) =>
        w.map('each', w.input.$.list, { concurrency: 1 }, (item) =>
          w.task('work', work, { input: item }),
        ),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: [1, 2, 3] });
    await gate.reached;
    await engine.pauseRuns('all', why);
    gate.open('done');
    await clock.advance(hour);
    expect(deeds.of('work').map((deed) => deed.input)).toEqual([1]);

    await engine.resumeRuns('all');
    expect(await run.result()).toEqual(['done', 'done', 'done']);
    expect(deeds.of('work').map((deed) => deed.input)).toEqual([1, 2, 3]);
  });

  it('can be cancelled; what is to be undone is undone when resumed', async () => {
    const { deeds, gate, workflow } = working();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await gate.reached;
    await engine.pauseRuns('all', why);
    const pending = await engine.start(workflow, {});
    gate.open('done');
    await clock.advance(minute);
    await engine.cancel(run.runId);
    await engine.cancel(pending.runId);
    await clock.advance(minute);
    expect(await engine.get(pending.runId)).toMatchObject({ status: 'cancelled', heldBy: [] });
    expect(await engine.get(run.runId)).toMatchObject({ status: 'compensating' });
    expect(deeds.names).toEqual(['first']);

    await engine.resumeRuns('all');
    await until(async () => (await engine.get(run.runId)).status === 'cancelled');
    expect(deeds.names).toEqual(['first', 'undo first']);
  });

  it('tell nobody of a failure, remind nobody and let no review expire before they are resumed', async () => {
    const deeds = createDeeds();
    const gate = aGate<unknown>();
    const workflow = defineWorkflow({
      name: 'told',
      version: 1,
      input,
      onFailed: deeds.task('told'),
      steps: (w) =>
        w.task('breaks', deeds.task('breaks', { run: () => gate.pass() }), { input: w.input }),
    });
    const rounds: number[] = [];
    const remind = defineTask({
      name: 'remind',
      input: z.object({ reviewId: z.string(), round: z.number() }),
      compensate: 'none',
      run: async ({ input: { round } }) => void rounds.push(round),
    });
    const asking = defineWorkflow({
      name: 'asking',
      version: 1,
      input,
      steps: (w) =>
        w.review('look', {
          expires: '2h',
          onExpired: 'reject',
          onRejected: 'continue',
          remind: { every: '1h', run: remind },
        }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow, asking] });
    const broken = await engine.start(workflow, {});
    const asked = await engine.start(asking, {});
    await gate.reached;
    await clock.advance(10 * minute);
    await engine.pauseRuns('all', why);
    gate.fail(new PermanentError('broken'));
    await clock.advance(day);
    expect(deeds.names).toEqual(['breaks']);
    expect(await engine.get(broken.runId)).toMatchObject({ status: 'failed', heldBy: [{}] });

    await engine.resumeRuns('all');
    await until(() => deeds.names.includes('told'));
    await clock.advance(50 * minute - 1);
    expect([deeds.names, rounds]).toEqual([['breaks', 'told'], []]);
    await clock.advance(1);
    await until(() => rounds.length === 1);
    await clock.advance(hour - 1);
    expect((await engine.get(asked.runId)).status).not.toBe('complete');
    await clock.advance(1);
    await until(async () => (await engine.get(asked.runId)).status === 'complete');
  });

  it('go on at once when they are resumed while it is being written that they wait', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'asked',
      version: 1,
      input,
      steps(w) {
        const look = w.review('look');
        return w.task('after', deeds.task('after'), { input: look });
      },
    });
    const inner = createMemoryStore();
    const writing = aGate();
    let isSlow = false;
    const store: Store = {
      ...inner,
      async commit(batch) {
        if (isSlow) await writing.pass();
        return inner.commit(batch);
      },
    };
    const { engine, clock } = await openBench({ workflows: [workflow], store });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.pauseRuns('all', why);
    isSlow = true;
    const deciding = engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann' });
    await writing.reached;

    await engine.resumeRuns('all');
    await clock.advance(0);
    writing.open();
    await deciding;
    await clock.advance(0);
    await until(() => deeds.names.includes('after'));
  });

  it('refuses a workflow nobody has registered', async () => {
    const { engine } = await openBench({ workflows: [sleeping().workflow] });

    await expect(engine.pauseRuns({ workflow: 'slepping' }, why)).rejects.toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
    });
    expect(await engine.pauses()).toEqual([]);
  });

  it('obey in every process on the store', async () => {
    const sides = { a: working(), b: working() };
    const { a, b, advance, settled } = await openPair({
      workflows: (side) => [sides[side].workflow],
    });
    await b.engine.pauseRuns('all', why);
    await advance(1_000);
    const run = await a.engine.start('working', {});
    await advance(1_000);
    expect([...sides.a.deeds.names, ...sides.b.deeds.names]).toEqual([]);

    sides.a.gate.open('done');
    sides.b.gate.open('done');
    await b.engine.resumeRuns('all');
    expect(await settled(run.result())).toBe('second done');
  });

  it('are not lost, and stay paused or not, wherever the process dies around the switch', async () => {
    const { count } = await play(null);

    for (let at = 1; at <= count; at += 1)
      for (const when of ['before', 'after'] as const) await play({ at, when });
    expect(count).toBeGreaterThan(8);
  });
});

/** A run that sleeps is paused, another is accepted meanwhile, both are resumed. The process dies at a write of it, or not at all. */
async function play(death: { at: number; when: 'before' | 'after' } | null) {
  const { deeds, workflow } = sleeping();
  const point = createDeathPoint();
  const bench = await openBench({ workflows: [workflow], store: point.store });
  const died = Promise.withResolvers<void>();
  if (death !== null) {
    point.arm(death.at, death.when, () => {
      bench.kill();
      died.resolve();
    });
  }
  const story = async () => {
    const { engine, clock } = bench;
    await engine.start(workflow, {}, { key: 'before' });
    await clock.advance(10 * minute);
    await engine.pauseRuns('all', why);
    await engine.start(workflow, {}, { key: 'meanwhile' });
    await clock.advance(2 * hour);
    await engine.resumeRuns('all');
    await clock.advance(3 * hour);
  };
  await Promise.race([story(), died.promise]);
  const { count } = point;
  point.disarm();

  const engine = await bench.crash();
  const isPaused = (await engine.pauses()).length > 0;
  const before = deeds.names.length;
  if (isPaused) {
    await bench.clock.advance(12 * hour);
    expect(deeds.names).toHaveLength(before);
    await engine.resumeRuns('all');
  }
  for (const key of ['before', 'meanwhile']) await engine.start(workflow, {}, { key });
  await bench.clock.advance(2 * hour);
  await until(async () => (await engine.list({ status: ['complete'] })).runs.length === 2);
  expect((await engine.list()).runs).toHaveLength(2);
  return { count };
}
