/** An executor that does nothing by itself: every call waits until the player answers it. */
import type { Json } from '../../plan/json.ts';
import type {
  AttemptFailure,
  AttemptOutcome,
  AttemptRequest,
  Executor,
  UndoRequest,
} from '../../ports/executor.ts';

/** A task effect as it comes to the outside: an attempt of a task, or the undo of one. */
export interface TaskEffect {
  readonly kind: 'attempt' | 'undo';
  readonly runId: string;
  /** Step, `step/index/node` inside a map; of an undo the task. */
  readonly step: string;
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
  /** The same over attempts and restarts. */
  readonly idempotencyKey: string;
}

/** A call that waits for its answer. */
export interface Call extends TaskEffect {
  readonly request: AttemptRequest | UndoRequest;
  answer(outcome: AttemptOutcome): void;
}

/** Surrounds each task effect, as something that dies before or after it does. */
export type Around = (
  effect: TaskEffect,
  work: () => Promise<AttemptOutcome>,
) => Promise<AttemptOutcome>;

export interface ScriptedExecutor extends Executor {
  /** Calls without an answer, in order. */
  readonly calls: readonly Call[];
}

/**
 * @param atOnce - answers a call itself, such as a reminder nobody scripts; `null` leaves it to the player
 */
export function createScriptedExecutor(
  around: Around,
  atOnce: (call: TaskEffect, request: AttemptRequest | UndoRequest) => AttemptOutcome | null,
): ScriptedExecutor {
  const calls: Call[] = [];
  function take(
    effect: TaskEffect,
    request: AttemptRequest | UndoRequest,
  ): Promise<AttemptOutcome> {
    return around(effect, () => {
      const known = atOnce(effect, request);
      if (known !== null) return Promise.resolve(known);
      return new Promise((resolve) => {
        const call: Call = {
          ...effect,
          request,
          answer(outcome) {
            calls.splice(calls.indexOf(call), 1);
            resolve(outcome);
          },
        };
        calls.push(call);
      });
    });
  }
  return {
    calls,
    attempt: (request) =>
      take(
        {
          kind: 'attempt',
          runId: request.context.run.runId,
          step: request.step,
          task: request.task.name,
          attempt: request.context.attempt,
          idempotencyKey: request.context.idempotencyKey,
        },
        request,
      ),
    undo: (request) =>
      take(
        {
          kind: 'undo',
          runId: request.context.run.runId,
          step: request.task.name,
          task: request.task.name,
          attempt: request.context.attempt,
          idempotencyKey: request.context.idempotencyKey,
        },
        request,
      ),
  };
}

export function succeeded(output: Json): AttemptOutcome {
  return { ok: true, output, durationMs: 0 };
}

export function failed(failure: Partial<AttemptFailure> = {}): AttemptOutcome {
  const base = {
    name: 'PermanentError',
    message: 'failed on the path',
    retryable: false,
    unclear: false,
  };
  return { ok: false, failure: { ...base, ...failure }, durationMs: 0 };
}
