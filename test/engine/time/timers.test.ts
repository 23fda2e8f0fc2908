import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, entryOf, eventsOf, hour, openBench, second } from '../../support/engine-bench.ts';

const year = 365 * day;
/** Longer sleeps than usual, so that years pass in few steps; the wall clock does not jump in these tests. */
const settings = { maxSleepMs: 10 * day };

function aNap(duration: number | string) {
  return defineWorkflow({
    name: 'nap',
    version: 1,
    input: z.object({}),
    steps: (w) => w.sleep('nap', { for: duration as number }),
  });
}

describe('C-05: a sleep', () => {
  it.each([
    ['of 30 days', '30d', 30 * day],
    ['of a year', '365d', year],
    ['of exactly 2^31 milliseconds', 2 ** 31, 2 ** 31],
    ['of a little less', 2 ** 31 - 1, 2 ** 31 - 1],
    ['of one millisecond', '1ms', 1],
  ] as const)('%s ends at its time and not before', async (_text, duration, delayMs) => {
    const nap = aNap(duration);
    const { engine, clock } = await openBench({ workflows: [nap], settings });
    const run = await engine.start(nap, {});
    const dueAt = new Date(clock.nowMs() + delayMs).toISOString();
    expect(await engine.drive(run.runId)).toMatchObject({
      waitingOn: [{ kind: 'timer', step: 'nap', until: dueAt }],
    });

    await clock.advance(delayMs - 1);
    expect(await engine.get(run.runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);

    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      status: 'complete',
      finishedAt: dueAt,
    });
  });

  it('of nothing ends at once', async () => {
    const nap = aNap(0);
    const { engine, clock } = await openBench({ workflows: [nap] });

    const run = await engine.start(nap, {});
    await clock.advance(0);

    expect(await run.result()).toBeNull();
  });

  it.each([
    ['NaN', Number.NaN],
    ['-1', -1],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['1.5', 1.5],
    ['the text "soon"', 'soon'],
    ['the text "-1s"', '-1s'],
    ['the text "NaNs"', 'NaNs'],
    ['1,000,000 days', '1000000d'],
  ])('of %s is refused when it is defined', (_text, duration) => {
    expect(() => aNap(duration)).toThrow(
      expect.objectContaining({
        code: 'DEFINITION_INVALID',
        message: expect.stringMatching(/step "nap".*"for"/),
      }),
    );
  });

  it.each([
    ['-1', -1],
    ['a text', 'soon'],
    ['2^60', 2 ** 60],
  ])('whose length turns out to be %s fails the run at that step', async (_text, value) => {
    const measured = defineTask({
      name: 'measure',
      input: z.object({}),
      output: z.union([z.number(), z.string()]),
      compensate: 'none',
      run: async () => value,
    });
    const workflow = defineWorkflow({
      name: 'measured',
      version: 1,
      input: z.object({}),
      steps(w) {
        const length = w.task('measure', measured, { input: w.input });
        return w.sleep('nap', { for: w.derive('length', length, (given) => given as number) });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(
      /Workflow failed at step 'nap': Step "nap" sleeps for .*, which is not a duration/,
    );
  });

  it('whose length is computed to a fraction is rounded up', async () => {
    const workflow = defineWorkflow({
      name: 'computed',
      version: 1,
      input: z.object({ ms: z.number() }),
      steps: (w) => w.sleep('nap', { for: w.input.$.ms }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { ms: 10.2 });
    await engine.drive(run.runId);

    await clock.advance(10);
    expect(await engine.get(run.runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);

    expect(await engine.get(run.runId)).toMatchObject({ status: 'complete' });
  });

  it('of a millisecond more than another one of the same run ends a millisecond later', async () => {
    const workflow = defineWorkflow({
      name: 'two-naps',
      version: 1,
      input: z.object({}),
      steps(w) {
        const short = w.sleep('short', { for: '10ms' });
        const long = w.sleep('long', { for: '11ms' });
        return w.derive('both', { short, long }, () => 'rested');
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);

    await clock.advance(10);

    expect(await eventsOf(engine, runId)).toEqual(expect.not.arrayContaining(['long.fired']));
    expect(await eventsOf(engine, runId)).toContain('short.fired');
    await clock.advance(1);
    expect(await engine.result(runId)).toBe('rested');
  });

  it('C-05: that fell due while nobody was there ends at once at the next start, exactly once', async () => {
    const nap = aNap('1h');
    const bench = await openBench({ workflows: [nap], settings });
    const { runId } = await bench.engine.start(nap, {});
    await bench.engine.drive(runId);
    bench.kill();
    await bench.clock.advance(3 * day);

    const engine = await bench.crash();

    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'complete' });
    expect((await eventsOf(engine, runId)).filter((event) => event === 'nap.fired')).toHaveLength(
      1,
    );
  });
});

describe('a start', () => {
  const deeds = createDeeds();
  const plain = defineWorkflow({
    name: 'plain',
    version: 1,
    input: z.object({}),
    steps: (w) => w.task('work', deeds.task('work', { compensate: 'none' }), { input: w.input }),
  });

  it('in the future keeps the run pending until then, also over a restart', async () => {
    const bench = await openBench({ workflows: [plain], settings });
    const startAt = bench.clock.nowMs() + 30 * day;
    const { runId } = await bench.engine.start(plain, {}, { startAt });
    await bench.clock.advance(29 * day);

    const engine = await bench.restart();

    expect(await engine.get(runId)).toMatchObject({
      status: 'pending',
      waitingOn: [
        { kind: 'start', what: 'its starting time', until: new Date(startAt).toISOString() },
      ],
    });
    await bench.clock.advance(day);
    expect(await engine.result(runId)).toBe('work done');
    expect(await entryOf(engine, runId, 'run.started')).toMatchObject({
      actor: 'clock',
      atMs: startAt,
    });
  });

  it.each([
    ['now', 0],
    ['a second ago', -second],
    ['a year ago', -year],
  ])('C-05: %s begins at once', async (_text, offsetMs) => {
    const { engine, clock } = await openBench({ workflows: [plain] });

    const run = await engine.start(plain, {}, { startAt: clock.nowMs() + offsetMs });

    expect(await run.result()).toBe('work done');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e17])(
    'C-05: at %d is refused',
    async (startAt) => {
      const { engine } = await openBench({ workflows: [plain] });

      const refused = engine.start(plain, {}, { startAt });

      await expect(refused).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('startAt'),
      });
      expect((await engine.list()).runs).toEqual([]);
    },
  );
});

describe('a jump of the wall clock', () => {
  it('C-01: forward fires what has become due within half a minute, and loses nothing', async () => {
    const [short, long] = [
      aNap('30m'),
      defineWorkflow({
        name: 'long',
        version: 1,
        input: z.object({}),
        steps: (w) => w.sleep('nap', { for: '2h' }),
      }),
    ];
    const { engine, clock } = await openBench({ workflows: [short, long] });
    const a = await engine.start(short, {});
    const b = await engine.start(long, {});
    await engine.drive(a.runId);
    await engine.drive(b.runId);

    clock.jump(hour);
    await clock.advance(30 * second);

    expect(await engine.get(a.runId)).toMatchObject({ status: 'complete' });
    expect(await engine.get(b.runId)).toMatchObject({ status: 'processing' });
    await clock.advance(hour);
    expect(await engine.get(b.runId)).toMatchObject({ status: 'complete' });
  });

  it('C-02: back makes a timer late by as much at most, and fires it once', async () => {
    const nap = aNap('30m');
    const { engine, clock } = await openBench({ workflows: [nap] });
    const { runId } = await engine.start(nap, {});
    await engine.drive(runId);

    clock.jump(-hour);
    await clock.advance(90 * 60 * second - 1);
    expect(await engine.get(runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);
    clock.jump(-2 * hour);
    await clock.advance(5 * hour);

    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
    expect((await eventsOf(engine, runId)).filter((event) => event === 'nap.fired')).toHaveLength(
      1,
    );
  });

  it('C-03: back between the due time and a restart keeps the history in order by number', async () => {
    const nap = aNap('30m');
    const bench = await openBench({ workflows: [nap] });
    const { runId } = await bench.engine.start(nap, {});
    await bench.engine.drive(runId);
    bench.kill();
    await bench.clock.advance(hour);
    bench.clock.jump(-2 * hour);

    const engine = await bench.crash();
    const early = await engine.get(runId);
    await bench.clock.advance(2 * hour);

    expect(early.status).toBe('processing');
    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
    const history = await engine.history(runId);
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('C-03: back after a retry was planned keeps the time that was planned', async () => {
    const nap = aNap('30m');
    const { engine, clock } = await openBench({ workflows: [nap] });
    const { runId } = await engine.start(nap, {});
    const planned = (await engine.drive(runId)).waitingOn[0]?.until;

    clock.jump(-hour);
    await clock.advance(30 * second);

    expect((await engine.get(runId)).waitingOn[0]?.until).toBe(planned);
  });
});

describe('C-06: a review with a limit of 24 hours', () => {
  const deeds = createDeeds();
  const reviewed = defineWorkflow({
    name: 'reviewed',
    version: 1,
    input: z.object({}),
    steps(w) {
      const review = w.review('approval', { expires: '24h', onExpired: 'reject' });
      return w.task(
        'report',
        deeds.task('report', { compensate: 'none', run: ({ input }) => input }),
        { input: review },
      );
    },
  });

  it('takes the timeout path once when the engine was down over the deadline', async () => {
    const bench = await openBench({ workflows: [reviewed] });
    const { runId } = await bench.engine.start(reviewed, {});
    await bench.engine.drive(runId);
    await bench.clock.advance(23 * hour);
    bench.kill();
    await bench.clock.advance(7 * hour);

    const engine = await bench.crash();
    const late = engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });

    await expect(late).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    expect(await engine.result(runId)).toEqual({ outcome: 'rejected', actor: 'policy:expired' });
    expect(
      (await eventsOf(engine, runId)).filter((event) => event === 'approval.expired'),
    ).toHaveLength(1);
    expect(deeds.of('report').filter((deed) => deed.runId === runId)).toHaveLength(1);
  });

  it('refuses a decision that comes after the deadline although nobody has looked at the clock yet', async () => {
    const bench = await openBench({ workflows: [reviewed] });
    const { runId } = await bench.engine.start(reviewed, {});
    await bench.engine.drive(runId);

    bench.clock.jump(25 * hour);
    const late = bench.engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });

    await expect(late).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    expect(await bench.engine.result(runId)).toEqual({
      outcome: 'rejected',
      actor: 'policy:expired',
    });
  });

  it('C-07: decided and expired in the same millisecond has exactly one outcome, both on record', async () => {
    const { engine, clock } = await openBench({ workflows: [reviewed] });
    const { runId } = await engine.start(reviewed, {});
    await engine.drive(runId);

    const [decided] = await Promise.allSettled([
      (async () => {
        await clock.advance(24 * hour - 1);
        const ticking = clock.advance(1);
        const decision = engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });
        await Promise.allSettled([ticking, decision]);
        return decision;
      })(),
    ]);
    await engine.drive(runId, 'finished');

    const events = await eventsOf(engine, runId);
    const won = events.filter(
      (event) => event === 'approval.decided' || event === 'approval.expired',
    );
    expect(won).toHaveLength(1);
    expect(decided.status).toBe(won[0] === 'approval.decided' ? 'fulfilled' : 'rejected');
    if (decided.status === 'rejected') expect(events).toContain('decision.refused');
  });

  it('C-07: at exactly its deadline the time-out wins', async () => {
    const { engine, clock } = await openBench({ workflows: [reviewed] });
    const { runId } = await engine.start(reviewed, {});
    await engine.drive(runId);

    clock.jump(24 * hour);
    const decision = engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });

    await expect(decision).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'complete' });
    expect(await eventsOf(engine, runId)).toEqual(
      expect.arrayContaining(['approval.expired', 'decision.refused']),
    );
  });

  it('one millisecond before its deadline the decision counts', async () => {
    const { engine, clock } = await openBench({ workflows: [reviewed] });
    const { runId } = await engine.start(reviewed, {});
    await engine.drive(runId);

    clock.jump(24 * hour - 1);
    await engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await clock.advance(hour);

    expect(await engine.result(runId)).toMatchObject({ outcome: 'approved', actor: 'ann' });
    expect(await eventsOf(engine, runId)).not.toContain('approval.expired');
  });
});

describe('the clock of the system', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['2^31 - 1 ms', 2 ** 31 - 1],
    ['exactly 2^31 ms', 2 ** 31],
    ['30 days', 30 * day],
    ['a year', year],
  ])('wakes after %s and not at once', (_text, delayMs) => {
    const woken: number[] = [];
    const startedMs = systemClock.nowMs();
    systemClock.after(delayMs, () => woken.push(systemClock.nowMs() - startedMs));

    vi.advanceTimersByTime(delayMs - 1);
    expect(woken).toEqual([]);
    vi.advanceTimersByTime(1);

    expect(woken).toEqual([delayMs]);
  });

  it('wakes at once for nothing, or less', () => {
    const wake = vi.fn<() => void>();
    systemClock.after(0, wake);
    systemClock.after(-5, wake);

    vi.advanceTimersByTime(1);

    expect(wake).toHaveBeenCalledTimes(2);
  });

  it('does not wake whoever has cancelled, also after the first stretch of a long wait', () => {
    const wake = vi.fn<() => void>();
    const cancel = systemClock.after(year, wake);

    vi.advanceTimersByTime(40 * day);
    cancel();
    vi.advanceTimersByTime(2 * year);

    expect(wake).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a clock that stands still', () => {
  it('wakes in order of time, and what wakes may wait again', async () => {
    const clock = new ManualClock(0);
    const woken: string[] = [];
    clock.after(20, () => woken.push(`b ${clock.nowMs()}`));
    clock.after(10, () => {
      woken.push(`a ${clock.nowMs()}`);
      clock.after(5, () => woken.push(`c ${clock.nowMs()}`));
    });

    await clock.advance(100);

    expect(woken).toEqual(['a 10', 'c 15', 'b 20']);
    expect(clock.nowMs()).toBe(100);
  });
});
