/** Runs handlers in this process and thread. Whatever a handler does becomes an outcome; nothing it throws gets past here. */

import { asError, failureOf } from '../../failure.ts';
import { issuesText } from '../../plan/issues.ts';
import type { Json } from '../../plan/json.ts';
import { copyJson, copyStructure } from '../../plan/json-value.ts';
import type { AttemptInfo, Contract, Issue, TaskBinding } from '../../ports/bindings.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  AttemptFailure,
  AttemptOutcome,
  AttemptRequest,
  Executor,
  UndoRequest,
} from '../../ports/executor.ts';
import { createResourcePool, type HeldResources, type ResourcePool } from '../../resources.ts';

export function createInlineExecutor(clock: Clock): Executor {
  const pool = createResourcePool((delayMs, wake) => clock.after(delayMs, wake));
  return {
    attempt: (request) =>
      timed(clock, (finish) => attempt(clock, pool, request, finish), request.onLate),
    undo: (request) => timed(clock, (finish) => undo(clock, pool, request, finish)),
    release: (runId) => pool.release(runId),
    close: () => pool.close(),
  };
}

type Ending =
  | { readonly ok: true; readonly output: Json }
  | { readonly ok: false; readonly failure: AttemptFailure };
type Finish = (ending: Ending) => void;

/** Settles once, by whatever comes first; a success after that is told apart. */
function timed(
  clock: Clock,
  start: (finish: Finish) => void,
  onLate?: AttemptRequest['onLate'],
): Promise<AttemptOutcome> {
  const startedMs = clock.monotonicMs();
  let isSettled = false;
  return new Promise((resolve) => {
    start((ending) => {
      const durationMs = clock.monotonicMs() - startedMs;
      if (isSettled) {
        if (ending.ok) onLate?.({ ...ending, durationMs });
        return;
      }
      isSettled = true;
      resolve({ ...ending, durationMs });
    });
  });
}

function attempt(clock: Clock, pool: ResourcePool, request: AttemptRequest, finish: Finish): void {
  const { task, context } = request;
  const input = parseInput(request);
  if (!input.ok) return finish(input);
  const limits = guard(clock, request, finish);
  const declared: { failure: AttemptFailure | null } = { failure: null };
  const attempted = { ...context, signal: limits.signal };
  const isDeclared = () => declared.failure !== null;
  const handled = withResources(pool, task, attempted, isDeclared, (resources) =>
    task.run({
      ...attempted,
      resources,
      input: input.value,
      fail(code, detail) {
        declared.failure = declaredFailure(request, code, detail);
        throw new DeclaredFailure(code);
      },
      heartbeat(details) {
        limits.beat();
        const plain = copyJson(details ?? null);
        request.onHeartbeat(plain.ok ? plain.value : null);
      },
    }),
  );
  handled.then(
    (output) => {
      limits.clear();
      return finish(
        declared.failure === null
          ? endingOf(request, output)
          : { ok: false, failure: declared.failure },
      );
    },
    (error: unknown) => {
      limits.clear();
      return finish({
        ok: false,
        failure: declared.failure ?? limits.failure() ?? failureOf(error),
      });
    },
  );
}

function endingOf(request: AttemptRequest, output: unknown): Ending {
  const parsed = request.task.output.parse(output);
  if (parsed.ok) return { ok: true, output: parsed.stored };
  return {
    ok: false,
    failure: invalid(
      'OutputInvalid',
      `Output of task "${request.task.name}" in step "${request.step}"`,
      parsed.issues,
    ),
  };
}

function undo(clock: Clock, pool: ResourcePool, request: UndoRequest, finish: Finish): void {
  const { task, context } = request;
  const compensate = task.undo;
  if (compensate === null)
    return finish({
      ok: false,
      failure: {
        name: 'NotUndoable',
        message: `Task "${task.name}" has no handler that undoes it`,
        retryable: false,
        unclear: false,
      },
    });
  const input = task.input.parse(isolated(context.input));
  if (!input.ok)
    return finish({
      ok: false,
      failure: invalid('InputInvalid', `Input of task "${task.name}"`, input.issues),
    });
  const limits = guard(
    clock,
    { ...request, heartbeatTimeoutMs: undefined, step: task.name },
    finish,
  );
  const attempted = { ...context, input: input.value, signal: limits.signal };
  withResources(
    pool,
    task,
    attempted,
    () => false,
    (resources) => compensate({ ...attempted, resources }),
  ).then(
    () => {
      limits.clear();
      return finish({ ok: true, output: null });
    },
    (error: unknown) => {
      limits.clear();
      return finish({ ok: false, failure: limits.failure() ?? failureOf(error) });
    },
  );
}

class DeclaredFailure extends Error {
  override readonly name = 'DeclaredFailure';
}

const nothing = Object.freeze({});

/** @param isSound - whether a handler that has thrown did so on purpose */
function withResources<T>(
  pool: ResourcePool,
  task: TaskBinding,
  attempt: Pick<AttemptInfo, 'run' | 'log' | 'signal'>,
  isSound: () => boolean,
  handle: (resources: HeldResources['values']) => Promise<T>,
): Promise<T> {
  if (task.resources === undefined) return invoke(() => handle(nothing));
  return handleWith(pool, task, attempt, isSound, handle);
}

async function handleWith<T>(
  pool: ResourcePool,
  task: TaskBinding,
  attempt: Pick<AttemptInfo, 'run' | 'log' | 'signal'>,
  isSound: () => boolean,
  handle: (resources: HeldResources['values']) => Promise<T>,
): Promise<T> {
  const held = await pool.acquire(task, attempt);
  try {
    // Out of time, or stopped, while it was opened.
    attempt.signal.throwIfAborted();
    const result = await handle(held.values);
    held.done(true);
    return result;
  } catch (error) {
    held.done(isSound());
    throw error;
  }
}

function invoke<T>(call: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(asError(error) ?? new Thrown(error));
  }
}

/** A value that is not an error, thrown at once. */
class Thrown extends Error {
  constructor(value: unknown) {
    super(failureOf(value).message);
    this.name = 'Error';
  }
}

function parseInput(
  request: AttemptRequest,
):
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: AttemptFailure } {
  const parsed = request.task.input.parse(isolated(request.input));
  if (parsed.ok) return { ok: true, value: parsed.value };
  return {
    ok: false,
    failure: invalid(
      'InputInvalid',
      `Input of task "${request.task.name}" in step "${request.step}"`,
      parsed.issues,
    ),
  };
}

/** A copy: what one task does to its input, no other sees. */
function isolated(input: unknown): unknown {
  const copied = copyStructure(input);
  return copied.ok ? copied.value : input;
}

function invalid(name: string, what: string, issues: readonly Issue[]): AttemptFailure {
  const text = issuesText(issues.slice(0, 5));
  return { name, message: `${what} is invalid: ${text}`, retryable: false, unclear: false };
}

function declaredFailure(request: AttemptRequest, code: string, detail: unknown): AttemptFailure {
  const contract: Contract | undefined = request.task.failures.get(code);
  const parsed = contract?.parse(detail);
  if (parsed?.ok === true)
    return {
      name: 'DeclaredFailure',
      message: `Task "${request.task.name}" failed with "${code}"`,
      retryable: false,
      unclear: false,
      code,
      detail: parsed.stored,
    };
  const why =
    parsed === undefined
      ? 'the code is not declared'
      : parsed.issues.map((issue) => issue.message).join('; ');
  return {
    name: 'FailureInvalid',
    message: `Task "${request.task.name}" called fail("${String(code).toWellFormed()}"), but ${why}`,
    retryable: false,
    unclear: false,
  };
}

/** Time limits of an attempt, by the monotonic clock. A handler that ignores its signal is left behind; its place is free again. */
function guard(
  clock: Clock,
  request: Pick<AttemptRequest, 'timeoutMs' | 'heartbeatTimeoutMs' | 'signal' | 'step'>,
  finish: Finish,
) {
  const abort = new AbortController();
  let failure: AttemptFailure | null = null;
  let cancelBeat = () => {};
  let cancelTimeout = () => {};
  let isOver = false;
  const clear = () => {
    isOver = true;
    cancelBeat();
    cancelTimeout();
    request.signal.removeEventListener('abort', onAbort);
  };
  const end = (reason: AttemptFailure) => {
    failure ??= reason;
    clear();
    abort.abort(new Error(reason.message));
    finish({ ok: false, failure: reason });
  };
  // A stopped attempt keeps its chance to end by itself; the engine decides how long it waits.
  const onAbort = () => {
    failure ??= {
      name: 'Aborted',
      message: `Step "${request.step}" was stopped`,
      retryable: false,
      unclear: true,
    };
    abort.abort(request.signal.reason);
  };
  const beat = () => {
    cancelBeat();
    const { heartbeatTimeoutMs } = request;
    if (heartbeatTimeoutMs === undefined || failure !== null || isOver) return;
    cancelBeat = clock.after(heartbeatTimeoutMs, () =>
      end({
        name: 'HeartbeatTimeout',
        message: `Step "${request.step}" gave no sign of life for ${heartbeatTimeoutMs} ms`,
        retryable: true,
        unclear: true,
      }),
    );
  };
  const { timeoutMs } = request;
  if (timeoutMs !== undefined) {
    cancelTimeout = clock.after(timeoutMs, () =>
      end({
        name: 'AttemptTimeout',
        message: `Attempt of step "${request.step}" took longer than ${timeoutMs} ms`,
        retryable: true,
        unclear: true,
      }),
    );
  }
  if (request.signal.aborted) onAbort();
  else request.signal.addEventListener('abort', onAbort, { once: true });
  beat();
  return { signal: abort.signal, beat, clear, failure: () => failure };
}
