/** One run held by itself, and let go on. */
import { statusOf } from '../../chart/advance.ts';
import { isTerminal } from '../../chart/lifecycle.ts';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import { annotate, type Draft, takeUp } from '../draft.ts';
import type { LiveRun } from '../live-run.ts';
import { released, stopped } from '../pausing.ts';
import type { Request } from './request.ts';

export function pause(draft: Draft, request: Request<'pause'>): JsonObject {
  const { run, tools } = draft;
  refuseFinished(run, 'paused');
  if (run.state.pausedAtMs !== null) return { paused: true };
  run.open = run.open.map((item) => stopped(item, tools.nowMs));
  run.state = { ...run.state, pausedAtMs: tools.nowMs };
  annotate(draft, {
    event: 'run.paused',
    actor: request.actor,
    ...(request.reason === undefined ? {} : { data: { reason: request.reason } }),
  });
  return { paused: true };
}

export function resume(draft: Draft, request: Request<'resume'>): JsonObject {
  const { run } = draft;
  refuseFinished(run, 'resumed');
  if (run.state.pausedAtMs === null) return { paused: false };
  goOn(draft);
  annotate(draft, { event: 'run.resumed', actor: request.actor });
  return { paused: false };
}

/** Ends the pause of the run: timers run on, held works begin unless something else holds them, and those whose process has died are found. */
export function goOn(draft: Draft): void {
  const { run, tools } = draft;
  run.state = { ...run.state, pausedAtMs: null };
  run.open = run.open.map((item) => released(item, tools.nowMs));
  takeUp(draft);
  draft.commands.push({ type: 'look' });
}

function refuseFinished(run: LiveRun, what: string): void {
  const status = statusOf(run.snapshot);
  if (isTerminal(status))
    throw new SignalboxError(
      'RUN_FINISHED',
      `Run "${run.header.id}" is ${status} and cannot be ${what}`,
      { details: { runId: run.header.id, status } },
    );
}
