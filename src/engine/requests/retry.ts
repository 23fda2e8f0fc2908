/** A failed run goes on where it failed, or begins afresh if it was undone. */
import { statusOf } from '../../chart/advance.ts';
import { isTerminal } from '../../chart/lifecycle.ts';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import { applyEvent } from '../apply.ts';
import type { Draft } from '../draft.ts';
import { tellParent } from '../effects/children.ts';
import type { LiveRun } from '../live-run.ts';
import type { RetryMaterial } from '../retry-material.ts';
import { isSeenTo } from '../undo-by-hand.ts';
import type { Request } from './request.ts';

export function retry(
  draft: Draft,
  request: Request<'retry'>,
  material: RetryMaterial | null,
): JsonObject {
  const { run } = draft;
  const { id } = run.header;
  const status = statusOf(run.snapshot);
  const { parent } = run.header;
  if (status !== 'failed' && parent !== null && request.actor === `run:${parent.runId}`) {
    // Somebody has retried the child already: its parent waits for what comes of that.
    if (isTerminal(status)) tellParent(draft);
    return { status, already: true };
  }
  const isPartial =
    run.outcome?.compensation === 'partial' || run.outcome?.compensation === 'impossible';
  if (
    status === 'failed' &&
    isPartial &&
    (request.acceptNotUndone !== true || request.reason === undefined)
  ) {
    const left = run.outcome?.notUndone.map(({ step }) => `"${step}"`).join(', ') ?? '';
    throw new SignalboxError(
      'NOT_UNDONE',
      `Run "${id}" was not undone completely (${left}); starting it afresh would do these again`,
      {
        details: { runId: id, notUndone: run.outcome?.notUndone },
        hint: 'Accept that with acceptNotUndone and a reason',
      },
    );
  }
  const isAccepted = request.acceptNotUndone === true || isSeenTo(run.snapshot, run.outcome);
  const isAfresh = run.outcome !== null && run.outcome.compensation !== 'nothing';
  const { event, actor } = {
    event: {
      type: 'run.retried',
      ...(isAccepted ? { acceptNotUndone: true } : {}),
    },
    actor: request.actor,
  };
  const data = {
    afresh: isAfresh,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
  };
  const reused = isAfresh ? [] : [...(material?.recorded.keys() ?? [])];
  const children = isAfresh ? {} : Object.fromEntries(material?.failedChildren ?? []);
  const again = {
    ...(reused.length > 0 ? { reused } : {}),
    ...(Object.keys(children).length > 0 ? { children } : {}),
  };
  applyEvent(draft, { event, actor, data });
  beginAgain(run, isAfresh, material);
  applyEvent(draft, {
    event: { type: 'run.started' },
    actor,
    ...(Object.keys(again).length > 0 ? { data: again } : {}),
  });
  return { status: statusOf(run.snapshot), generation: run.state.generation };
}

/** The run forgets its end: afresh altogether, or up to what is recorded. */
export function beginAgain(run: LiveRun, isAfresh: boolean, material: RetryMaterial | null): void {
  run.progress.clear();
  run.completed.length = 0;
  run.undone.length = 0;
  run.notUndone.length = 0;
  run.resolved.length = 0;
  run.outcome = null;
  run.late = [];
  run.data = Object.fromEntries(
    Object.entries(run.definition.plan.context).map(([key, declared]) => [key, declared.initial]),
  );
  if (isAfresh) {
    run.milestones = [];
    run.facts.clear();
    run.derived.clear();
    run.state = { ...run.state, generation: run.state.generation + 1 };
  } else {
    run.recorded = new Map(material?.recorded);
    run.failedChildren = material?.failedChildren ?? new Map();
  }
}
