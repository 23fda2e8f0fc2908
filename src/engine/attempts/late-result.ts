/** Results of attempts that nobody waits for any more. */
import { statusOf } from '../../chart/advance.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { Logger } from '../../ports/logger.ts';
import { annotate, type Draft } from '../draft.ts';
import { lateReason, leavesNothing, missUndo, outcomeOf } from '../outcome.ts';
import type { StepAttempt } from './step-attempt.ts';

/** Puts the result on record, where it does not count. @param log - bound to the attempt */
export function noteLate(
  draft: Draft,
  attempt: StepAttempt,
  outcome: AttemptOutcome,
  log: Logger,
): void {
  const { node, item } = attempt;
  log.warn({ ok: outcome.ok }, 'late result of an earlier attempt recorded; it does not count');
  annotate(draft, {
    event: `${node.id}.late`,
    actor: 'signalbox',
    step: node.id,
    attempt: item.attempt,
    durationMs: Math.round(outcome.durationMs),
    ...(outcome.ok
      ? { output: outcome.output }
      : { error: { name: outcome.failure.name, message: outcome.failure.message } }),
    ...(item.fallback ? { data: { fallback: true } } : {}),
  });
  if (outcome.ok) admitNotUndone(draft, attempt);
}

/** The effect happened after the run had given it up, and no other attempt stands for it: the outcome says so. */
function admitNotUndone(draft: Draft, { node, item }: StepAttempt): void {
  const { run } = draft;
  const late = { step: node.id, fallback: item.fallback };
  if (leavesNothing(run, late)) return;
  const status = statusOf(run.snapshot);
  const isStopping = status === 'compensating' || status === 'failed' || status === 'cancelled';
  if (!isStopping) {
    // Another attempt may yet complete the step; if none does, the outcome will say so.
    run.late = [...run.late, late];
    return;
  }
  missUndo(draft, node.id, lateReason);
  if (run.outcome !== null) run.outcome = outcomeOf(run);
}
