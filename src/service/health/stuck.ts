/** When a run under way counts as stuck. */

import type { RunView } from '../../engine/views.ts';
import type { Waiting } from '../../engine/waiting.ts';

export interface Stuck {
  /**
   * `no_progress`: nothing it waits for, and yet it does not move. `overdue`: what was due has not happened. `no_definition`: its workflow is
   * not registered. `no_owner`: it waits without a deadline for something that nobody is named for. `long_attempt`: an attempt without a time
   * limit has gone on for long.
   */
  readonly why: 'no_progress' | 'overdue' | 'no_definition' | 'no_owner' | 'long_attempt';
  readonly step: string;
  readonly message: string;
  readonly sinceMs: number;
}

export interface SurveyLimits {
  /** Between two surveys. Default 60 seconds. */
  readonly everyMs: number;
  /** What counts as no progress and as overdue. Default 5 minutes. */
  readonly graceMs: number;
  /** What counts as long for an attempt without a limit, and for a wait without deadline and owner. Default 24 hours. */
  readonly patienceMs: number;
  /** Runs looked at, the newest. Default 20,000. */
  readonly maxRuns: number;
}

export const defaultLimits: SurveyLimits = {
  everyMs: 60_000,
  graceMs: 5 * 60_000,
  patienceMs: 24 * 60 * 60_000,
  maxRuns: 20_000,
};

/** What is wrong with a run under way at a time; `null`: nothing. */
export function stuckReason(run: RunView, nowMs: number, limits: SurveyLimits): Stuck | null {
  if (run.paused || run.heldBy.length > 0 || run.finishedAt !== null) return null;
  const { waitingOn } = run;
  const missing = waitingOn.find(({ kind }) => kind === 'definition');
  if (missing !== undefined) {
    const message = `waits for ${missing.what}`;
    return {
      why: 'no_definition',
      step: missing.step,
      message,
      sinceMs: Date.parse(missing.since),
    };
  }
  const updatedAtMs = Date.parse(run.updatedAt);
  if (waitingOn.length === 0) {
    if (nowMs - updatedAtMs < limits.graceMs) return null;
    const message = `is ${run.status} and waits for nothing`;
    return { why: 'no_progress', step: 'run', message, sinceMs: updatedAtMs };
  }
  const overdue = waitingOn.find(
    ({ until }) => until !== null && nowMs - Date.parse(until) >= limits.graceMs,
  );
  if (overdue?.until != null) {
    const message = `"${overdue.step}" was due and nothing happened`;
    return { why: 'overdue', step: overdue.step, message, sinceMs: Date.parse(overdue.until) };
  }
  // one thing that moves it is enough
  if (!waitingOn.every((item) => isForgotten(item, nowMs, limits.patienceMs))) return null;
  const [first] = waitingOn;
  if (first === undefined) return null;
  return first.kind === 'attempt' || first.kind === 'undo'
    ? {
        why: 'long_attempt',
        step: first.step,
        message: `${first.what} goes on and on`,
        sinceMs: Date.parse(first.since),
      }
    : {
        why: 'no_owner',
        step: first.step,
        message: `waits for ${first.what}, without a deadline and for nobody in particular`,
        sinceMs: Date.parse(first.since),
      };
}

function isForgotten(
  { kind, until, since, assignees }: Waiting,
  nowMs: number,
  patienceMs: number,
) {
  if (until !== null || nowMs - Date.parse(since) < patienceMs) return false;
  if (kind === 'review') return assignees == null || assignees.length === 0;
  return kind === 'event' || kind === 'attempt' || kind === 'undo';
}
