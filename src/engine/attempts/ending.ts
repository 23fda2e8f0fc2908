/** The event by which an attempt ends, with what the history keeps of it. */
import { contextOf, isDraining, statusOf } from '../../chart/advance.ts';
import { attemptsOf } from '../../chart/context.ts';
import type { Json } from '../../plan/json.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Draft } from '../draft.ts';
import { summaryOf, toError } from '../failure-data.ts';
import type { Incoming } from '../incoming.ts';
import { type LiveRun, restoreValue } from '../live-run.ts';
import { toleratedValue } from '../tolerance.ts';
import type { AttemptEnd, StepAttempt } from './step-attempt.ts';

type Base = Omit<Incoming, 'event'>;

/** @param log - bound to the attempt */
export function toIncoming(
  draft: Draft,
  attempt: StepAttempt,
  end: AttemptEnd,
  log: Logger,
): Incoming {
  const { node, item } = attempt;
  const base = { actor: 'signalbox', step: node.id, attempt: item.attempt };
  const { outcome } = end;
  if (outcome === null) {
    const { delayMs, why } = end;
    return { ...base, event: { type: `${node.id}.deferred` }, delayMs, why };
  }
  const timed = {
    ...base,
    ...(end.inputHash === null ? {} : { inputHash: end.inputHash }),
    durationMs: Math.round(outcome.durationMs),
  };
  if (!outcome.ok) return failed(draft, attempt, outcome.failure, timed, log);
  if (item.attempt > 1) log.info({}, 'succeeded on retry');
  return completed(draft.run, attempt, outcome.output, timed);
}

function completed(
  run: LiveRun,
  { node, call, item }: StepAttempt,
  output: Json,
  base: Base,
): Incoming {
  const stored: Json = node.tolerate === undefined ? output : { status: 'complete', value: output };
  const isUndoable = [node.call, node.fallback].some(
    (one) => (one?.compensate ?? 'none') !== 'none',
  );
  const data = item.fallback ? { fallback: true } : {};
  const value = restoreValue(run.definition, node.id, { output: stored, data });
  return {
    ...base,
    event: {
      type: `${node.id}.completed`,
      ...(isUndoable ? { undo: call.compensate === 'none' ? 0 : 1 } : {}),
    },
    settles: { value, output: stored },
    ...(item.fallback ? { data } : {}),
  };
}

/** A person is asked, the attempt is repeated, the failure is tolerated, or it is the step's. */
function failed(
  { run, tools }: Draft,
  { node, call, item }: StepAttempt,
  failure: AttemptFailure,
  base: Base,
  log: Logger,
): Incoming {
  const summary = summaryOf(node.id, failure);
  const error = toError(summary);
  if (failure.unclear && call.repeat === 'unsafe') {
    log.warn(
      { failure: summary },
      'nobody knows whether the attempt took effect; a person is asked',
    );
    return { ...base, event: { type: `${node.id}.in_doubt`, failure: summary }, error };
  }
  const event = { type: `${node.id}.failed`, failure: summary };
  const failedBefore = attemptsOf(contextOf(run.snapshot), node.id);
  const isWorking = statusOf(run.snapshot) === 'processing' && !isDraining(run.snapshot);
  const delayMs =
    failure.retryable && isWorking
      ? nextDelayMs(call.retry, failedBefore + 1, tools.random(), failure.retryAfterMs)
      : null;
  if (delayMs !== null) {
    const { maxAttempts } = call.retry;
    log.warn(
      { failure: summary, delayMs, maxAttempts },
      `retrying in ${delayMs / 1000}s (attempt ${item.attempt + 1}/${maxAttempts})`,
    );
    return { ...base, event, error, delayMs };
  }
  const value = toleratedValue(node, failure, item.attempt, item.fallback);
  if (value !== null) return { ...base, event, error, settles: { value, output: value } };
  log.error(
    { failure: summary, completed: run.completed.length },
    `task failed after ${item.attempt} attempt(s); ${run.completed.length} completed step(s) to roll back`,
  );
  return { ...base, event, error };
}
