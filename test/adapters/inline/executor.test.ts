import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createInlineExecutor } from '../../../src/adapters/inline/executor.ts';
import { entitiesInMemory } from '../../../src/definition/in-memory/entities.ts';
import { type Task, taskParts } from '../../../src/definition/task.ts';
import { defineTask, OutcomeUnknownError, TransientError } from '../../../src/index.ts';
import type { HandlerContext, UndoHandlerContext } from '../../../src/ports/bindings.ts';
import type { AttemptOutcome, AttemptRequest, UndoRequest } from '../../../src/ports/executor.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { createLogBook } from '../../support/log-book.ts';

type Run = (context: HandlerContext) => unknown;

/** A task whose handler is given; its input and output are any JSON. */
function aTask(run: Run, undo?: (context: UndoHandlerContext) => Promise<void>) {
  return bindingOf(
    defineTask({
      name: 'work',
      input: z.unknown(),
      output: z.unknown(),
      failures: { full: z.object({ seats: z.number() }) },
      compensate: (undo as never) ?? 'none',
      run: async (context) => await run(context as never),
    }),
  );
}

function bindingOf(task: Task<never, unknown, unknown>) {
  const parts = taskParts(task);
  if (parts === null) throw new Error('Not made by defineTask');
  return parts.binding;
}

function aBench() {
  const clock = new ManualClock();
  const executor = createInlineExecutor(clock);
  const info = {
    attempt: 1,
    idempotencyKey: 'key',
    log: createLogBook().logger,
    startedAtMs: 0,
    entities: entitiesInMemory(),
    run: { runId: 'run-1', workflow: 'flow', version: 1, startedAtMs: 0 },
  };
  return {
    clock,
    attempt(task: AttemptRequest['task'], given: Partial<AttemptRequest> = {}) {
      return executor.attempt({
        workflow: 'flow',
        version: 1,
        step: 'call',
        task,
        input: null,
        timeoutMs: undefined,
        heartbeatTimeoutMs: undefined,
        signal: new AbortController().signal,
        context: { ...info, checkpoint: (_name, compute) => compute() },
        onHeartbeat: () => {},
        ...given,
      });
    },
    undo(task: UndoRequest['task'], given: Partial<UndoRequest> = {}) {
      return executor.undo({
        task,
        timeoutMs: undefined,
        signal: new AbortController().signal,
        context: { ...info, input: 'in', output: 'out' },
        ...given,
      });
    },
  };
}

function swallowed(act: () => unknown): unknown {
  try {
    return act();
  } catch {
    return 'all is well';
  }
}

const never = () => new Promise<never>(() => {});

/** How it ended so far, or `null`. */
async function soFar(outcome: Promise<AttemptOutcome>): Promise<AttemptOutcome | null> {
  return Promise.race([outcome, new Promise<null>((resolve) => setImmediate(() => resolve(null)))]);
}

describe('an attempt', () => {
  it('gives the output in its stored form, and how long it took by the monotonic clock', async () => {
    const { attempt, clock } = aBench();
    const gate = Promise.withResolvers<unknown>();
    const outcome = attempt(aTask(() => gate.promise));

    await clock.advance(1_500);
    clock.jump(-60_000);
    gate.resolve({ a: undefined, b: -0 });

    expect(await outcome).toEqual({ ok: true, output: { b: 0 }, durationMs: 1_500 });
  });

  it('does not call the handler with an input that does not fit', async () => {
    const calls: unknown[] = [];
    const task = bindingOf(
      defineTask({
        name: 'strict',
        input: z.object({ a: z.number() }),
        compensate: 'none',
        run: async ({ input }) => void calls.push(input),
      }),
    );

    expect(await aBench().attempt(task, { input: { a: 'x' } })).toMatchObject({
      ok: false,
      failure: {
        name: 'InputInvalid',
        message: expect.stringContaining('Input of task "strict" in step "call" is invalid: a: '),
        retryable: false,
        unclear: false,
      },
    });
    expect(calls).toEqual([]);
  });

  it('hands the handler a copy of its input', async () => {
    const input = { list: [1] };
    const task = aTask((context) => {
      (context.input as typeof input).list.push(2);
      return null;
    });

    await aBench().attempt(task, { input });

    expect(input).toEqual({ list: [1] });
  });

  it('keeps dates in an input that a codec has made', async () => {
    const date = new Date(0);

    const outcome = await aBench().attempt(
      aTask(({ input }) => (input as { at: Date }).at.getTime()),
      { input: { at: date } },
    );

    expect(outcome).toMatchObject({ ok: true, output: 0 });
  });

  it.each<[string, Run, object]>([
    [
      'a transient error is worth another try',
      () => {
        throw new TransientError('busy', { retryAfterMs: 70 });
      },
      {
        name: 'TransientError',
        message: 'busy',
        retryable: true,
        unclear: false,
        retryAfterMs: 70,
      },
    ],
    [
      'an unknown outcome is unclear',
      () => {
        throw new OutcomeUnknownError('lost');
      },
      { retryable: true, unclear: true },
    ],
    [
      'any other error is not',
      () => {
        throw new RangeError('bad');
      },
      { name: 'RangeError', message: 'bad', retryable: false, unclear: false },
    ],
    [
      'a rejection counts as a throw',
      () => Promise.reject(new Error('later')),
      { message: 'later', retryable: false },
    ],
  ])('that fails: %s', async (_, run, failure) => {
    expect(await aBench().attempt(aTask(run))).toMatchObject({ ok: false, failure });
  });

  it.each<[string, Run, object]>([
    [
      'with its detail',
      ({ fail }) => fail('full', { seats: 0 }),
      { name: 'DeclaredFailure', code: 'full', detail: { seats: 0 }, retryable: false },
    ],
    [
      'also if the handler catches what fail throws',
      ({ fail }) => swallowed(() => fail('full', { seats: 1 })),
      { code: 'full', detail: { seats: 1 } },
    ],
    [
      'unless the code is not declared',
      ({ fail }) => fail('empty', {}),
      {
        name: 'FailureInvalid',
        message: expect.stringContaining('fail("empty"), but the code is not declared'),
      },
    ],
    [
      'unless the detail does not fit',
      ({ fail }) => fail('full', { seats: 'none' }),
      { name: 'FailureInvalid' },
    ],
    [
      'unless its code is known to JavaScript only',
      ({ fail }) => fail('toString', {}),
      { name: 'FailureInvalid' },
    ],
  ])('declares a failure %s', async (_, run, failure) => {
    const outcome = await aBench().attempt(aTask(run));

    expect(outcome).toMatchObject({ ok: false, failure });
  });
});

describe('the time limit of an attempt', () => {
  it('ends it, aborts its signal and leaves the handler behind', async () => {
    const { attempt, clock } = aBench();
    const signals: AbortSignal[] = [];
    const outcome = attempt(
      aTask(({ signal }) => {
        signals.push(signal);
        return never();
      }),
      { timeoutMs: 5_000 },
    );

    await clock.advance(4_999);
    expect(await soFar(outcome)).toBeNull();
    await clock.advance(1);

    expect(await outcome).toMatchObject({
      ok: false,
      durationMs: 5_000,
      failure: {
        name: 'AttemptTimeout',
        retryable: true,
        unclear: true,
        message: 'Attempt of step "call" took longer than 5000 ms',
      },
    });
    expect(signals[0]?.aborted).toBe(true);
  });

  it('C-01: is measured by the monotonic clock', async () => {
    const { attempt, clock } = aBench();
    const outcome = attempt(aTask(never), { timeoutMs: 5_000 });

    clock.jump(60 * 60 * 1_000);
    await clock.advance(4_999);
    expect(await soFar(outcome)).toBeNull();
    clock.jump(-2 * 60 * 60 * 1_000);
    await clock.advance(1);

    expect(await outcome).toMatchObject({ failure: { name: 'AttemptTimeout' } });
  });

  it('is over when the handler has ended in time', async () => {
    const { attempt, clock } = aBench();
    const signals: AbortSignal[] = [];

    await attempt(
      aTask(({ signal }) => void signals.push(signal)),
      { timeoutMs: 5_000 },
    );
    await clock.advance(10_000);

    expect(signals[0]?.aborted).toBe(false);
  });

  it('is the failure, whatever the handler throws on its way out', async () => {
    const { attempt, clock } = aBench();
    const task = aTask(
      ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('I was stopped'))),
        ),
    );
    const outcome = attempt(task, { timeoutMs: 10 });

    await clock.advance(10);

    expect(await outcome).toMatchObject({ failure: { name: 'AttemptTimeout' } });
  });

  it('H-07: tells of a success that comes after it, and of nothing else', async () => {
    const { attempt, clock } = aBench();
    const late: unknown[] = [];
    const onLate = (outcome: unknown) => late.push(outcome);
    const success = Promise.withResolvers<unknown>();
    const failure = Promise.withResolvers<unknown>();
    const both = [success, failure].map((gate) =>
      attempt(
        aTask(() => gate.promise),
        { timeoutMs: 10, onLate },
      ),
    );
    await clock.advance(10);
    await Promise.all(both);

    failure.reject(new Error('late'));
    success.resolve('late');
    await clock.advance(5);

    expect(late).toEqual([{ ok: true, output: 'late', durationMs: 10 }]);
  });
});

describe('a sign of life', () => {
  it('puts off the end of an attempt, as often as it comes', async () => {
    const { attempt, clock } = aBench();
    const beats: unknown[] = [];
    const beating = Promise.withResolvers<(details?: unknown) => void>();
    const outcome = attempt(
      aTask(({ heartbeat }) => {
        beating.resolve(heartbeat);
        return never();
      }),
      { heartbeatTimeoutMs: 1_000, onHeartbeat: (details) => beats.push(details) },
    );
    const beat = await beating.promise;

    for (let time = 0; time < 5; time += 1) {
      await clock.advance(999);
      beat({ time });
    }
    await clock.advance(999);
    expect(await soFar(outcome)).toBeNull();
    await clock.advance(1);

    expect(await outcome).toMatchObject({
      failure: { name: 'HeartbeatTimeout', retryable: true, unclear: true },
    });
    expect(beats).toEqual([0, 1, 2, 3, 4].map((time) => ({ time })));
  });

  it('need not be JSON', async () => {
    const beats: unknown[] = [];

    await aBench().attempt(
      aTask(({ heartbeat }) => {
        for (const details of [undefined, 7n, new Map()]) heartbeat(details);
        return null;
      }),
      {
        onHeartbeat: (details) => beats.push(details),
      },
    );

    expect(beats).toEqual([null, null, null]);
  });

  it('after the end starts no clock', async () => {
    const { attempt, clock } = aBench();
    const kept: HandlerContext[] = [];

    await attempt(
      aTask((context) => void kept.push(context)),
      { heartbeatTimeoutMs: 1_000 },
    );
    kept[0]?.heartbeat();
    await clock.advance(2_000);

    expect(kept[0]?.signal.aborted).toBe(false);
  });
});

describe('an attempt that is stopped from outside', () => {
  it('learns of it, with the reason, and may end well all the same', async () => {
    const { attempt } = aBench();
    const stop = new AbortController();
    const task = aTask(
      ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve(String(signal.reason))),
        ),
    );
    const outcome = attempt(task, { signal: stop.signal });

    stop.abort('the run was cancelled');

    expect(await outcome).toMatchObject({ ok: true, output: 'the run was cancelled' });
  });

  it('is unclear if it throws', async () => {
    const { attempt } = aBench();
    const stop = new AbortController();
    const task = aTask(
      ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    );
    const outcome = attempt(task, { signal: stop.signal });

    stop.abort(new Error('cancelled'));

    expect(await outcome).toMatchObject({
      failure: {
        name: 'Aborted',
        message: 'Step "call" was stopped',
        retryable: false,
        unclear: true,
      },
    });
  });

  it('before it began finds its signal aborted', async () => {
    const outcome = await aBench().attempt(
      aTask(({ signal }) => signal.aborted),
      { signal: AbortSignal.abort() },
    );

    expect(outcome).toMatchObject({ output: true });
  });

  it('goes on if it does not listen, until it is out of time', async () => {
    const { attempt, clock } = aBench();
    const stop = new AbortController();
    const outcome = attempt(aTask(never), { signal: stop.signal, timeoutMs: 100 });

    stop.abort();
    expect(await soFar(outcome)).toBeNull();
    await clock.advance(100);

    expect(await outcome).toMatchObject({ ok: false, failure: { unclear: true } });
  });

  it('leaves no listener on the signal of the engine', async () => {
    const stop = new AbortController();
    let listeners = 0;
    const count = (by: number, method: 'addEventListener' | 'removeEventListener') => {
      const original = stop.signal[method].bind(stop.signal) as (...given: unknown[]) => void;
      stop.signal[method] = (...given: unknown[]) => {
        listeners += by;
        original(...given);
      };
    };
    count(1, 'addEventListener');
    count(-1, 'removeEventListener');

    await aBench().attempt(
      aTask(() => null),
      { signal: stop.signal },
    );

    expect(listeners).toBe(0);
  });
});

describe('an undo', () => {
  it('gets input, output and key of what it undoes', async () => {
    const seen: UndoHandlerContext[] = [];
    const task = aTask(
      () => null,
      async (context) => void seen.push(context),
    );

    expect(await aBench().undo(task)).toEqual({ ok: true, output: null, durationMs: 0 });
    expect(seen[0]).toMatchObject({
      input: 'in',
      output: 'out',
      idempotencyKey: 'key',
      attempt: 1,
    });
  });

  it('has a time limit of its own', async () => {
    const { undo, clock } = aBench();
    const outcome = undo(
      aTask(() => null, never),
      { timeoutMs: 1_000 },
    );

    await clock.advance(1_000);

    expect(await outcome).toMatchObject({
      ok: false,
      failure: { name: 'AttemptTimeout', retryable: true },
    });
  });

  it.each<[string, () => Promise<void>, object]>([
    [
      'a transient error is worth another try',
      () => Promise.reject(new TransientError('busy')),
      { retryable: true },
    ],
    [
      'any other is not',
      () => Promise.reject(new Error('no')),
      { retryable: false, message: 'no' },
    ],
    [
      'also one thrown at once',
      () => {
        throw new Error('at once');
      },
      { retryable: false, message: 'at once' },
    ],
  ])('that fails: %s', async (_, run, failure) => {
    expect(await aBench().undo(aTask(() => null, run))).toMatchObject({ ok: false, failure });
  });

  it('of a task without one is refused', async () => {
    expect(await aBench().undo(aTask(() => null))).toMatchObject({
      ok: false,
      failure: { name: 'NotUndoable' },
    });
  });

  it('of an input that no longer fits its task is refused', async () => {
    const task = bindingOf(
      defineTask({
        name: 'strict',
        input: z.number(),
        compensate: async () => {},
        run: async () => {},
      }),
    );

    expect(await aBench().undo(task)).toMatchObject({
      ok: false,
      failure: { name: 'InputInvalid' },
    });
  });
});
