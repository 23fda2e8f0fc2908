import { contextOf, statusOf } from '../chart/advance.ts';
import { callOf } from '../plan/task-call.ts';
import { type Draft, record } from './draft.ts';
import type { LiveRun } from './live-run.ts';
import type { LateSuccess } from './run-body.ts';
import type { CompensationOutcome, RunOutcome } from './run-outcome.ts';

/** Of a step whose effect came about after the run had stopped counting on it. */
export const lateReason = 'It succeeded after it had been given up';

/** An attempt with the same effect has completed the step, so that undoing the step undoes both. */
function isCompleted(run: LiveRun, { step, fallback }: LateSuccess): boolean {
  return run.completed.some((done) => done.step === step && done.fallback === fallback);
}

/** A late success nobody has to undo: there is nothing to it, or another attempt stands for it. */
export function leavesNothing(run: LiveRun, late: LateSuccess): boolean {
  const node = run.definition.index.nodes.get(late.step);
  if (node?.kind !== 'task') return true;
  const call = callOf(node, late.fallback);
  return call.compensate === 'none' || isCompleted(run, late);
}

/** Puts on record that the effect of a step will not be undone. */
export function missUndo(draft: Draft, step: string, reason: string): void {
  const status = statusOf(draft.run.snapshot);
  draft.run.notUndone.push({ step, reason });
  record(draft, {
    atMs: draft.tools.nowMs,
    event: 'undo.missed',
    actor: 'signalbox',
    from: status,
    to: status,
    step,
    settles: 'failed',
    error: { message: reason },
  });
}

/** How a run ended that did not complete. Attempts whose effect nobody could confirm count as not undone. */
export function outcomeOf(run: LiveRun): RunOutcome {
  const context = contextOf(run.snapshot);
  const isNamed = (step: string) =>
    [...run.notUndone, ...run.resolved].some((left) => left.step === step);
  const late = run.late
    .filter((success) => !isCompleted(run, success) && !isNamed(success.step))
    .map(({ step }) => ({ step, reason: lateReason }));
  const doubts = context.doubts
    .filter((step) => !isNamed(step) && !late.some((known) => known.step === step))
    .map((step) => ({ step, reason: 'Nobody knows whether its last attempt took effect' }));
  const kept =
    context.undo === null
      ? run.completed.map(({ step }) => ({ step, reason: 'Kept for a retry' }))
      : [];
  const notUndone = [...run.notUndone, ...late, ...doubts, ...kept];
  const failure = context.failure;
  return {
    failure:
      failure === null
        ? null
        : {
            step: failure.step,
            name: failure.name,
            message: `Workflow failed at step '${failure.step}': ${failure.message}`,
            ...(failure.code === undefined ? {} : { code: failure.code }),
            ...(failure.cause === undefined ? {} : { cause: failure.cause }),
          },
    cancelled: context.cancel === null ? null : { reason: context.cancel.reason },
    completed: [...run.progress].flatMap(([id, settled]) =>
      settled.status === 'complete' && run.definition.index.nodes.get(id)?.kind === 'task'
        ? [id]
        : [],
    ),
    undone: [...run.undone],
    notUndone,
    ...(run.resolved.length === 0 ? {} : { resolved: [...run.resolved] }),
    compensation: compensationOf(
      context.undo !== null || notUndone.length > kept.length,
      run.undone.length,
      notUndone.length,
    ),
  };
}

function compensationOf(
  attempted: boolean,
  undone: number,
  notUndone: number,
): CompensationOutcome {
  if (!attempted) return 'nothing';
  if (notUndone === 0) return 'complete';
  return undone === 0 ? 'impossible' : 'partial';
}
