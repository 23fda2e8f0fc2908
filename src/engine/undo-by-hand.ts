/** What people do about compensation that was not complete: have an undo tried again, or say that they have undone it themselves. */
import { contextOf, statusOf } from '../chart/advance.ts';
import { SignalboxError } from '../errors.ts';
import type { JsonObject } from '../plan/json.ts';
import { type Draft, record } from './draft.ts';
import type { LiveRun } from './live-run.ts';
import { outcomeOf } from './outcome.ts';
import type { RunOutcome } from './run-outcome.ts';
import { takeByHand } from './undone.ts';

export interface ByHand {
  /** As the outcome names it: the step, `child/step`, or `map/0/task`. */
  readonly step: string;
  readonly actor: string;
  readonly reason: string;
}

/** @throws SignalboxError `NOTHING_TO_UNDO` */
export function assertNotUndone(run: LiveRun, step: string): void {
  const { id } = run.header;
  const status = statusOf(run.snapshot);
  const compensation = run.outcome?.compensation ?? 'nothing';
  const left = compensation === 'nothing' ? [] : (run.outcome?.notUndone ?? []);
  if (left.some((entry) => entry.step === step)) return;
  const names = left.map((entry) => `"${entry.step}"`).join(', ') || 'nothing';
  throw new SignalboxError(
    'NOTHING_TO_UNDO',
    `Run "${id}" is ${status} and has left nothing of "${step}" to be undone; left: ${names}`,
    { details: { runId: id, step, status, notUndone: left } },
  );
}

/** Something could not be undone, and people have seen to all of it since: the chart remembers only that it had failed. */
export function isSeenTo(
  snapshot: LiveRun['snapshot'],
  outcome: Pick<RunOutcome, 'notUndone'> | null,
): boolean {
  if (outcome?.notUndone.length !== 0) return false;
  const { undo, doubts } = contextOf(snapshot);
  return (undo?.failed ?? 0) > 0 || doubts.length > 0;
}

/** Somebody has undone it outside of Signalbox, or accepts that it stays. */
export function resolveUndo(draft: Draft, { step, actor, reason }: ByHand): void {
  assertNotUndone(draft.run, step);
  note(draft, 'undo.resolved', { step, actor, reason });
}

/** @param error - why it has failed again; `null`: it is undone now */
export function noteRetriedUndo(
  draft: Draft,
  given: ByHand,
  durationMs: number,
  error: JsonObject | null,
): void {
  note(draft, 'undo.retried', given, durationMs, error);
}

function note(
  draft: Draft,
  event: string,
  { step, actor, reason }: ByHand,
  durationMs?: number,
  error: JsonObject | null = null,
): void {
  const status = statusOf(draft.run.snapshot);
  const entry = record(draft, {
    atMs: draft.tools.nowMs,
    event,
    actor,
    from: status,
    to: status,
    step,
    durationMs,
    data: { reason },
    ...(error === null ? { settles: 'complete' } : { error }),
  });
  takeByHand(draft.run, entry);
  if (draft.run.outcome !== null) draft.run.outcome = outcomeOf(draft.run);
}
