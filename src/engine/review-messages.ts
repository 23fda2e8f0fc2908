/**
 * What people are told of an open review by the tasks of its workflow. Each message is an open item, written together with the reminder or the
 * escalation it tells of, so that it outlives the process: it is sent until its task says it was, its retries are used up, or the review is closed.
 */
import type { JsonObject } from '../plan/json.ts';
import type { TaskCall } from '../plan/plan.ts';
import type { PlanIndex } from '../plan/settle.ts';
import { type Draft, openItem } from './draft.ts';
import { policyOf } from './review-policy.ts';
import type { ReviewItem } from './review-view.ts';
import type { ReviewMessage } from './run-body.ts';

/** Nothing if the workflow has no task for it. */
export function openMessage(
  draft: Draft,
  { step, sinceMs }: Pick<ReviewItem, 'step' | 'sinceMs'>,
  kind: ReviewMessage['kind'],
  number: number,
): void {
  const { run, tools } = draft;
  const about: ReviewMessage = { step, kind, number, openedAtMs: sinceMs };
  if (callOf(run.definition.index, about) === null) return;
  openItem(draft, {
    kind: 'notice',
    about,
    attempt: 1,
    token: tools.token(),
    sinceMs: tools.nowMs,
    dueAtMs: null,
  });
  draft.commands.push({ type: 'notice' });
}

/** `null`: this version of the workflow tells nobody. */
export function callOf(
  { plan, nodes }: PlanIndex,
  { step, kind, number }: ReviewMessage,
): TaskCall | null {
  if (kind === 'escalation')
    return policyOf(plan, nodes, step).escalate?.[number - 1]?.call ?? null;
  const node = nodes.get(step);
  return node?.kind === 'review' ? (node.remind?.call ?? null) : null;
}

/** What the task is given. */
export function inputOf(
  { plan, nodes }: PlanIndex,
  runId: string,
  { step, kind, number }: ReviewMessage,
): JsonObject {
  const reviewId = `${runId}/${step}`;
  if (kind === 'reminder') return { reviewId, round: number };
  const to = policyOf(plan, nodes, step).escalate?.[number - 1]?.to ?? [];
  return { reviewId, level: number, to: [...to] };
}

/** As the path of a step: where the task stands in logs. */
export function pathOf({ step, kind, number }: ReviewMessage): string {
  return `${step}/${kind === 'reminder' ? 'remind' : 'escalate'}/${number}`;
}
