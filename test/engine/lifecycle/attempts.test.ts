import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineTask,
  defineWorkflow,
  failureOfStatus,
  OutcomeUnknownError,
  PermanentError,
  TransientError,
} from '../../../src/index.ts';
import { nextDelayMs } from '../../../src/plan/retry-policy.ts';
import { aGate, createDeeds, type DeedOptions } from '../../support/deeds.ts';
import {
  entryOf,
  eventsOf,
  hour,
  minute,
  openBench,
  second,
  until,
} from '../../support/engine-bench.ts';

const input = z.object({});

/** One task that fails as often as told, then yields `done`. */
function flaky(
  failures: number,
  options: DeedOptions = {},
  error: () => unknown = () => new TransientError('busy'),
) {
  const deeds = createDeeds();
  let left = failures;
  const task = deeds.task('call', {
    run: () => {
      if (left-- > 0) throw error();
      return 'done';
    },
    ...options,
  });
  const workflow = defineWorkflow({
    name: 'flaky',
    version: 1,
    input,
    steps: (w) => w.task('call', task, { input: w.input }),
  });
  return { deeds, workflow };
}

async function started(
  { deeds, workflow }: ReturnType<typeof flaky>,
  options: Partial<Parameters<typeof openBench>[0]> = {},
) {
  const bench = await openBench({ workflows: [workflow], ...options });
  const run = await bench.engine.start(workflow, {});
  await until(() => deeds.of('call').length === 1);
  await bench.clock.advance(0);
  return { ...bench, bench, deeds, run, runId: run.runId };
}

describe('retrying', () => {
  it('M027: waits 1, 2 and 4 seconds before the attempts that follow', async () => {
    const { clock, deeds, run } = await started(flaky(3, { retry: { maxAttempts: 4 } }));
    const startedMs = clock.nowMs();
    const times: number[] = [0];

    for (const delayMs of [1_000, 2_000, 4_000]) {
      await clock.advance(delayMs - 1);
      const before = deeds.of('call').length;
      await clock.advance(1);
      expect(deeds.of('call')).toHaveLength(before + 1);
      times.push(clock.nowMs() - startedMs);
    }

    expect(await run.result()).toBe('done');
    expect(times).toEqual([0, 1_000, 3_000, 7_000]);
    expect(deeds.of('call').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  it('M032: grows by its factor up to its cap', () => {
    const policy = {
      maxAttempts: 20,
      backoff: { kind: 'exponential', initialMs: 1_000, factor: 3, maxMs: 60_000, jitter: 'none' },
    } as const;

    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => nextDelayMs(policy, attempt, 0.5));

    expect(delays).toEqual([1_000, 3_000, 9_000, 27_000, 60_000, 60_000]);
    expect(nextDelayMs(policy, 20, 0.5)).toBeNull();
  });

  it('M207: a fixed backoff waits the same each time; without a policy nothing is retried', async () => {
    const { clock, deeds, run } = await started(
      flaky(2, { retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '5s' } } }),
    );
    await clock.advance(5 * second);
    await clock.advance(5 * second);
    expect(await run.result()).toBe('done');
    expect(deeds.of('call')).toHaveLength(3);

    const once = await started(flaky(1));
    await expect(once.run.result()).rejects.toThrow("step 'call': busy");
    expect(once.deeds.of('call')).toHaveLength(1);
  });

  it('draws the wait of full jitter between zero and the computed wait, and records it', async () => {
    const draws = [0, 0.25, 0.999];
    const ids = {
      runId: () => 'run-1',
      token: () => Math.random().toString(36),
      random: () => draws.shift() ?? 0,
    };
    const policy: DeedOptions = {
      retry: { maxAttempts: 4, backoff: { kind: 'exponential', initial: '1s', jitter: 'full' } },
    };
    const { engine, clock, run, runId } = await started(flaky(3, policy), { ids });

    for (let step = 0; step < 4; step += 1) await clock.advance(4 * second);

    expect(await run.result()).toBe('done');
    const waits = (await engine.history(runId)).flatMap(({ data }) => data?.['delayMs'] ?? []);
    expect(waits).toEqual([0, 500, 3_996]);
  });

  it('M033, M036: stops after its last attempt; the original error surfaces', async () => {
    const { clock, deeds, run } = await started(flaky(99, { retry: { maxAttempts: 5 } }));

    await clock.advance(hour);

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'call': busy");
    expect(deeds.of('call')).toHaveLength(5);
  });

  it.each([
    ['M034, M075: a permanent error', () => new PermanentError('no')],
    ['an error nobody classified', () => new Error('undefined is not a function')],
    ['a text', () => 'oops'],
    ['nothing', () => undefined],
  ])('%s is not retried', async (_text, error) => {
    const { clock, deeds, run } = await started(flaky(1, { retry: { maxAttempts: 5 } }, error));

    await clock.advance(hour);

    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringMatching(/^Workflow failed at step 'call': ./),
    });
    expect(deeds.of('call')).toHaveLength(1);
  });

  it('M165: of HTTP answers, 503 and 429 are tried again, 404 is not', async () => {
    const unavailable = await started(
      flaky(1, { retry: { maxAttempts: 3 } }, () => failureOfStatus(503)),
    );
    await unavailable.clock.advance(second);
    const missing = await started(
      flaky(1, { retry: { maxAttempts: 3 } }, () => failureOfStatus(404)),
    );
    await missing.clock.advance(hour);

    expect(await unavailable.run.result()).toBe('done');
    await expect(missing.run.result()).rejects.toThrow('HTTP status 404');
    expect(missing.deeds.of('call')).toHaveLength(1);
  });

  it('never asks a service before the time it named', async () => {
    const asked = () => failureOfStatus(429, 'slow down', { retryAfter: '30' });
    const { clock, deeds, run } = await started(flaky(1, { retry: { maxAttempts: 3 } }, asked));

    await clock.advance(29_999);
    expect(deeds.of('call')).toHaveLength(1);
    await clock.advance(1);

    expect(await run.result()).toBe('done');
  });

  it.each([Number.NaN, -5, Number.POSITIVE_INFINITY, 0.5, 1e300])(
    'takes a nonsensical Retry-After of %d for none, or for the longest possible',
    async (retryAfterMs) => {
      const { engine, clock, run, runId } = await started(
        flaky(1, { retry: { maxAttempts: 3 } }, () => new TransientError('busy', { retryAfterMs })),
      );

      const [waiting] = (await engine.get(runId)).waitingOn;
      const isLong = retryAfterMs > 1e6;
      if (!isLong) await clock.advance(2 * second);

      expect(waiting).toMatchObject({ kind: 'retry', until: expect.stringMatching(/^\d{4}-/) });
      if (!isLong) expect(await run.result()).toBe('done');
    },
  );

  it('M035, M208: logs a warning before each wait, with attempt and delay, and the success after it', async () => {
    const { clock, log, run, runId } = await started(flaky(2, { retry: { maxAttempts: 3 } }));
    const before = log.at('warn').length;

    await clock.advance(second);
    await clock.advance(2 * second);
    await run.result();

    expect(before).toBe(1);
    expect(log.at('warn')).toMatchObject([
      { runId, step: 'call', attempt: 1, delayMs: 1_000, message: 'retrying in 1s (attempt 2/3)' },
      { runId, step: 'call', attempt: 2, delayMs: 2_000, message: 'retrying in 2s (attempt 3/3)' },
    ]);
    expect(log.saying('succeeded on retry')).toMatchObject([
      { level: 'info', step: 'call', attempt: 3 },
    ]);
  });

  it('M209: says after how many attempts it gave up', async () => {
    const { clock, log, run } = await started(flaky(9, { retry: { maxAttempts: 3 } }));
    await clock.advance(hour);
    await run.result().catch(() => {});

    expect(log.at('error')).toMatchObject([
      { step: 'call', message: expect.stringContaining('failed after 3 attempt(s)') },
    ]);
  });

  it('J-08: offers the same idempotency key on every attempt', async () => {
    const { clock, deeds } = await started(flaky(2, { retry: { maxAttempts: 3 } }));
    await clock.advance(second);
    await clock.advance(2 * second);

    const keys = deeds.of('call').map(({ key }) => key);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('shows while it waits what comes next and when', async () => {
    const { engine, clock, runId } = await started(flaky(1, { retry: { maxAttempts: 3 } }));

    expect((await engine.get(runId)).waitingOn).toMatchObject([
      {
        kind: 'retry',
        step: 'call',
        what: 'the next attempt of "call"',
        until: new Date(clock.nowMs() + second).toISOString(),
      },
    ]);
  });
});

describe('C-11: a restart while a retry waits', () => {
  const policy: DeedOptions = {
    retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1h' } },
  };

  it.each(['restart', 'crash'] as const)(
    'keeps the planned time and the number of the attempt (%s)',
    async (how) => {
      const { bench, clock, deeds, runId } = await started(flaky(1, policy));
      const planned = (await bench.engine.get(runId)).waitingOn[0]?.until;
      await clock.advance(20 * minute);

      const engine = await bench[how]();

      expect((await engine.get(runId)).waitingOn).toMatchObject([
        { kind: 'retry', until: planned },
      ]);
      await clock.advance(40 * minute - 1);
      expect(deeds.of('call')).toHaveLength(1);
      await clock.advance(1);
      expect(await engine.result(runId)).toBe('done');
      expect(deeds.of('call').map(({ attempt }) => attempt)).toEqual([1, 2]);
    },
  );

  it('makes up at once for a time that passed while nobody was there', async () => {
    const { bench, clock, deeds, runId } = await started(flaky(1, policy));
    bench.kill();
    await clock.advance(5 * hour);

    const engine = await bench.crash();

    expect(await engine.result(runId)).toBe('done');
    expect(deeds.of('call')).toHaveLength(2);
  });
});

describe('a limit of time', () => {
  function slow(options: DeedOptions, step: { within?: '1m' } = {}) {
    const deeds = createDeeds();
    const gate = aGate<unknown>();
    const signals: AbortSignal[] = [];
    const task = deeds.task('call', {
      run: ({ signal }) => {
        signals.push(signal);
        return gate.pass();
      },
      ...options,
    });
    const workflow = defineWorkflow({
      name: 'slow',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        return w.task('call', task, { input: first, ...step });
      },
    });
    return { deeds, gate, signals, workflow };
  }

  async function running(
    made: ReturnType<typeof slow>,
    options: Partial<Parameters<typeof openBench>[0]> = {},
  ) {
    const bench = await openBench({ workflows: [made.workflow], ...options });
    const run = await bench.engine.start(made.workflow, {});
    await until(() => made.deeds.of('call').length === 1);
    return { ...bench, ...made, bench, run, runId: run.runId };
  }

  it('of an attempt aborts it and counts as a transient failure', async () => {
    const { engine, clock, deeds, signals, runId } = await running(
      slow({ timeout: '30s', retry: { maxAttempts: 2 } }),
    );

    await clock.advance(30 * second - 1);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);

    expect(signals[0]?.aborted).toBe(true);
    expect(await entryOf(engine, runId, 'call.failed')).toMatchObject({
      attempt: 1,
      error: { name: 'AttemptTimeout', retryable: true },
    });
    await clock.advance(second);
    expect(deeds.of('call').map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('C-01: of an attempt is measured by the monotonic clock: a jump of the wall clock does not end it', async () => {
    const { clock, signals, gate, run } = await running(slow({ timeout: '30s' }));

    clock.jump(hour);
    await clock.advance(29 * second);
    clock.jump(-2 * hour);
    await clock.advance(0);

    expect(signals[0]?.aborted).toBe(false);
    gate.open('done');
    expect(await run.result()).toBe('done');
  });

  it('of a step covers all its attempts and waits', async () => {
    const { engine, clock, deeds, run, runId } = await running(
      slow(
        { timeout: '20s', retry: { maxAttempts: 99, backoff: { kind: 'fixed', initial: '5s' } } },
        { within: '1m' },
      ),
    );

    await clock.advance(minute - 1);
    expect(await engine.get(runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);

    await expect(run.result()).rejects.toThrow(
      `Workflow failed at step 'call': Step "call" took longer than 60000 ms`,
    );
    expect(deeds.of('call')).toHaveLength(3);
    expect(deeds.names.at(-1)).toBe('undo first');
  });

  it('of a step does not run while the step waits for others', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'patient',
      version: 1,
      input,
      steps(w) {
        const review = w.review('approval');
        // Beside the review, so that both begin in the same stage.
        const beside = w.sleep('nap', { for: '1ms' });
        const limited = w.task('call', deeds.task('call'), {
          input: {},
          after: [review],
          within: '1m',
        });
        return w.derive('end', { limited, beside }, () => 'end');
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await clock.advance(hour);
    const view = await engine.get(run.runId);
    await engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });

    expect(view.waitingOn).toMatchObject([{ kind: 'review', step: 'approval' }]);
    expect(await run.result()).toBe('end');
    expect(deeds.names).toEqual(['call']);
  });

  it('of a step that is tolerated becomes data', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'tolerant',
      version: 1,
      input,
      steps: (w) =>
        w.task('call', deeds.task('call', { run: () => gate.pass() }), {
          input: w.input,
          within: '1m',
          tolerate: 'any',
        }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await gate.reached;

    await clock.advance(minute);

    expect(await run.result()).toMatchObject({
      status: 'failed',
      failure: { name: 'StepTimedOut' },
    });
  });

  it('M098: of the run is 1800 seconds; then what was done is undone and the run has failed', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'limited',
      version: 1,
      input,
      timeout: '30m',
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        const nap = w.sleep('nap', { for: '1h', after: [first] });
        return w.task('second', deeds.task('second'), { input: first, after: [nap] });
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await clock.advance(1_800 * second - 1);
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'processing',
      waitingOn: expect.arrayContaining([expect.objectContaining({ what: 'its time limit' })]),
    });
    await clock.advance(1);

    await expect(run.result()).rejects.toThrow(
      "Workflow failed at step 'run': The run took longer than 1800000 ms",
    );
    expect(deeds.names).toEqual(['first', 'undo first']);
  });

  it('of the run also ends a closing review nobody answers', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'unanswered',
      version: 1,
      input,
      timeout: '30m',
      steps: (w) =>
        w.finish(w.task('first', deeds.task('first'), { input: w.input }), { approve: 'person' }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await clock.advance(30 * minute);

    await expect(run.result()).rejects.toThrow(/step 'run'/);
    expect(deeds.names).toEqual(['first', 'undo first']);
  });

  it('on signs of life ends an attempt that gives none', async () => {
    const beats: unknown[] = [];
    const task = defineTask({
      name: 'beating',
      input,
      heartbeatTimeout: '10s',
      retry: { maxAttempts: 1 },
      compensate: 'none',
      async run({ heartbeat, signal }) {
        for (let beat = 1; beat <= 3; beat += 1) {
          await new Promise<void>((resolve) => clock.after(8 * second, resolve));
          heartbeat({ beat });
          beats.push(beat);
        }
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      },
    });
    const workflow = defineWorkflow({
      name: 'beating',
      version: 1,
      input,
      steps: (w) => w.task('call', task, { input: w.input }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await clock.advance(24 * second);

    await clock.advance(10 * second - 1);
    expect(await engine.get(run.runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);

    expect(beats).toEqual([1, 2, 3]);
    await expect(run.result()).rejects.toThrow('gave no sign of life for 10000 ms');
  });

  it('H-07: frees the place of a task that never settles and ignores its signal', async () => {
    const made = slow({ timeout: '10s', queue: 'narrow' });
    const { engine, clock, deeds, runId } = await running(made, {
      dispatcher: { queues: { narrow: 1 } },
    });
    const next = await engine.start(made.workflow, {});
    await clock.advance(0);
    expect(deeds.of('call')).toHaveLength(1);

    await clock.advance(10 * second);

    expect(await engine.get(runId)).toMatchObject({ status: 'failed' });
    await until(() => deeds.of('call').length === 2);
    expect(await engine.get(next.runId)).toMatchObject({
      waitingOn: [{ kind: 'attempt', step: 'call' }],
    });
  });

  it('H-07: a result that comes after the limit is noted and does not count', async () => {
    const { engine, clock, gate, deeds, runId } = await running(
      slow({ timeout: '10s', retry: { maxAttempts: 2 } }),
    );
    await clock.advance(10 * second);
    const waiting = await engine.get(runId);

    gate.open('late');
    await clock.advance(0);

    expect(waiting.waitingOn).toMatchObject([{ kind: 'retry' }]);
    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'retry' }],
    });
    expect(await entryOf(engine, runId, 'call.late')).toMatchObject({ attempt: 1, output: 'late' });
    await clock.advance(second);
    expect(await engine.result(runId)).toBe('late');
    expect(deeds.of('call')).toHaveLength(2);
    expect(
      (await eventsOf(engine, runId)).filter((event) => event === 'call.completed'),
    ).toHaveLength(1);
  });

  it('H-07: a result that comes while the next attempt runs does not stand for that one', async () => {
    const gates = [aGate<unknown>(), aGate<unknown>()];
    const made = slow({
      timeout: '10s',
      retry: { maxAttempts: 2 },
      run: ({ attempt }) => gates[attempt - 1]?.pass(),
    });
    const { engine, clock, run, runId } = await running(made);
    await clock.advance(11 * second);
    await until(() => made.deeds.of('call').length === 2);

    gates[0]?.open('late');
    await clock.advance(0);

    expect(await engine.get(runId)).toMatchObject({
      waitingOn: [{ kind: 'attempt', step: 'call', attempt: 2 }],
    });
    expect(await entryOf(engine, runId, 'call.late')).toMatchObject({ attempt: 1, output: 'late' });
    gates[1]?.open('in time');
    expect(await run.result()).toBe('in time');
    expect(await engine.get(runId)).toMatchObject({ status: 'complete', outcome: null });
  });

  it('a late success of an attempt that was given up for good makes the outcome partial', async () => {
    const { engine, clock, gate, runId } = await running(slow({ timeout: '10s' }));
    await clock.advance(10 * second);
    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { compensation: 'complete' },
    });

    gate.open('late');
    await clock.advance(0);

    expect(await engine.get(runId)).toMatchObject({
      status: 'failed',
      outcome: {
        undone: ['first'],
        notUndone: [{ step: 'call', reason: expect.stringContaining('given up') }],
        compensation: 'partial',
      },
    });
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });
});

describe('an attempt of an unsafe task that ended without a verdict', () => {
  function unsafe(run: DeedOptions['run'], compensate: DeedOptions['compensate'] = () => {}) {
    const deeds = createDeeds();
    const pay = deeds.task('pay', {
      repeat: 'unsafe',
      timeout: '30s',
      retry: { maxAttempts: 3 },
      compensate,
      ...(run === undefined ? {} : { run }),
    });
    const workflow = defineWorkflow({
      name: 'unsafe',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        const paid = w.task('pay', pay, { input: first });
        return w.task('last', deeds.task('last', { run: ({ input: from }) => from }), {
          input: paid,
        });
      },
    });
    return { deeds, workflow };
  }

  async function doubtful(times = 1) {
    let left = times;
    const made = unsafe(() => {
      if (left-- > 0) throw new OutcomeUnknownError('the answer was lost');
      return 'paid';
    });
    const bench = await openBench({ workflows: [made.workflow] });
    const run = await bench.engine.start(made.workflow, {});
    await bench.engine.drive(run.runId);
    return { ...bench, ...made, bench, run, runId: run.runId };
  }

  it('asks a person instead of running it again', async () => {
    const { engine, clock, deeds, runId } = await doubtful();

    await clock.advance(hour);

    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      waitingOn: [
        {
          kind: 'review',
          step: 'pay',
          what: 'a person to say whether the last attempt took effect',
        },
      ],
    });
    expect(deeds.of('pay')).toHaveLength(1);
  });

  it('`happened` goes on with the output the person gives, and can be undone with it', async () => {
    const { engine, run, runId, deeds } = await doubtful();

    await engine.decide(runId, 'pay', {
      outcome: 'happened',
      actor: 'ann',
      output: 'receipt 7',
      comment: 'seen in the bank',
    });

    expect(await run.result()).toBe('receipt 7');
    expect(deeds.of('pay')).toHaveLength(1);
    expect(await entryOf(engine, runId, 'pay.happened')).toMatchObject({
      actor: 'ann',
      output: 'receipt 7',
      settles: 'complete',
    });
  });

  it('`did_not_happen` runs it again, with the same key', async () => {
    const { engine, run, runId, deeds } = await doubtful();

    await engine.decide(runId, 'pay', { outcome: 'did_not_happen', actor: 'ann' });

    expect(await run.result()).toBe('paid');
    expect(deeds.of('pay')).toHaveLength(2);
    expect(new Set(deeds.of('pay').map(({ key }) => key)).size).toBe(1);
  });

  it('`give_up` fails the run; what is not known stays not undone, so the outcome is partial', async () => {
    const { engine, run, runId, deeds } = await doubtful();

    await engine.decide(runId, 'pay', {
      outcome: 'give_up',
      actor: 'ann',
      comment: 'Nobody can tell',
    });

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'pay': Nobody can tell");
    expect(deeds.names).toEqual(['first', 'pay', 'undo first']);
    expect(await engine.get(runId)).toMatchObject({
      outcome: {
        undone: ['first'],
        notUndone: [{ step: 'pay', reason: expect.stringContaining('Nobody knows') }],
        compensation: 'partial',
      },
    });
    await expect(engine.retry(runId)).rejects.toMatchObject({ code: 'NOT_UNDONE' });
  });

  it('is asked about again if the next attempt is doubtful as well', async () => {
    const { engine, run, runId } = await doubtful(2);
    await engine.decide(runId, 'pay', { outcome: 'did_not_happen', actor: 'ann' });
    await engine.drive(runId);

    await engine.decide(runId, 'pay', { outcome: 'happened', actor: 'ben', output: 'receipt 8' });

    expect(await run.result()).toBe('receipt 8');
  });

  it('is not decided by an approval, nor with an output that is not one of the task', async () => {
    const pay = defineTask({
      name: 'pay',
      input,
      output: z.object({ receipt: z.string() }),
      repeat: 'unsafe',
      compensate: 'irreversible',
      run: async () => {
        throw new OutcomeUnknownError('lost');
      },
    });
    const workflow = defineWorkflow({
      name: 'typed',
      version: 1,
      input,
      steps: (w) => w.task('pay', pay, { input: w.input }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await expect(
      engine.decide(run.runId, 'pay', { outcome: 'approved', actor: 'ann' }),
    ).rejects.toMatchObject({ code: 'FORM_INVALID' });
    await expect(
      engine.decide(run.runId, 'pay', {
        outcome: 'happened',
        actor: 'ann',
        output: { receipt: 7 },
      }),
    ).rejects.toMatchObject({
      code: 'OUTPUT_INVALID',
      message: expect.stringContaining('receipt'),
    });
    expect(await engine.get(run.runId)).toMatchObject({
      waitingOn: [{ kind: 'review', step: 'pay' }],
    });
    await engine.decide(run.runId, 'pay', {
      outcome: 'happened',
      actor: 'ann',
      output: { receipt: 'r' },
    });
    expect(await run.result()).toEqual({ receipt: 'r' });
  });

  it('covers a time-out', async () => {
    const gate = aGate<unknown>();
    const { deeds, workflow } = unsafe(() => gate.pass());
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await gate.reached;

    await clock.advance(30 * second);
    await clock.advance(hour);

    expect(await engine.get(run.runId)).toMatchObject({
      waitingOn: [{ kind: 'review', step: 'pay' }],
    });
    expect(deeds.of('pay')).toHaveLength(1);
  });

  it('covers a crash of the process, but not a safe task', async () => {
    const gate = aGate<unknown>();
    const { deeds, workflow } = unsafe(() => gate.pass());
    const bench = await openBench({ workflows: [workflow] });
    const run = await bench.engine.start(workflow, {});
    await gate.reached;

    await bench.crash();
    await bench.engine.drive(run.runId);

    expect(await bench.engine.get(run.runId)).toMatchObject({
      waitingOn: [{ kind: 'review', step: 'pay' }],
    });
    expect(deeds.of('pay')).toHaveLength(1);
  });

  it('does not cover what the task itself says did not happen', async () => {
    let left = 1;
    const { deeds, workflow } = unsafe(() => {
      if (left-- > 0) throw new TransientError('connection refused');
      return 'paid';
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(() => deeds.of('pay').length === 1);

    await clock.advance(second);

    expect(await run.result()).toBe('paid');
    expect(deeds.of('pay')).toHaveLength(2);
  });

  it('an unclear answer to a safe task is simply tried again', async () => {
    const { clock, deeds, run } = await started(
      flaky(1, { retry: { maxAttempts: 2 } }, () => new OutcomeUnknownError('lost')),
    );

    await clock.advance(second);

    expect(await run.result()).toBe('done');
    expect(deeds.of('call')).toHaveLength(2);
  });
});
