/**
 * What a run waits for, taken along to another version. A deadline both versions have stays as it was promised; one the new version does not
 * have is taken away; one that only the new version has begins with the move.
 */
import type { Move } from '../chart/moving/judge.ts';
import { canBeFilled } from '../chart/quorum.ts';
import { escalationLevel } from '../chart/review-states.ts';
import type { DecisionPolicy } from '../plan/plan.ts';
import type { PlanIndex } from '../plan/settle.ts';
import type { LiveRun } from './live-run.ts';
import { stopped } from './pausing.ts';
import { policyOf } from './review-policy.ts';
import type { OpenItem } from './run-body.ts';

export function carriedItems(
  open: readonly OpenItem[],
  run: LiveRun,
  move: Move,
  nowMs: number,
): readonly OpenItem[] {
  const { index } = run.definition;
  const isPaused = run.state.pausedAtMs !== null;
  return open.flatMap((item) => {
    if (!('step' in item)) return [item];
    if (item.step === 'run') return hasLimit(item, index) ? [item] : [];
    const step = move.carried.get(item.step);
    if (step === undefined) return [];
    const carried = withLimits({ ...item, step }, index, nowMs);
    return carried === null ? [] : [isPaused ? stopped(carried, nowMs) : carried];
  });
}

function hasLimit(item: OpenItem, { plan }: PlanIndex): boolean {
  return item.kind !== 'timer' || item.name !== 'timed_out' || plan.timeoutMs !== undefined;
}

/** `null`: it is a limit the new version does not have. */
function withLimits(item: OpenItem, index: PlanIndex, nowMs: number): OpenItem | null {
  if (item.kind === 'review') return withReviewLimits(item, index, nowMs);
  if (item.kind === 'timer' && !hasEscalation(item, index)) return null;
  const node = 'step' in item ? index.nodes.get(item.step) : undefined;
  if (item.kind === 'event' && node?.kind === 'wait') return withLimit(item, node.withinMs, nowMs);
  const isLimit = item.kind === 'timer' && item.name === 'deadline_passed';
  return isLimit && node?.kind === 'task' && node.withinMs === undefined ? null : item;
}

/** What has been promised stays; an escalation that only the new version has does not begin in the middle of a review. */
function hasEscalation(
  { step, name }: Extract<OpenItem, { kind: 'timer' }>,
  { plan, nodes }: PlanIndex,
): boolean {
  const level = escalationLevel(name);
  return level === null || policyOf(plan, nodes, step).escalate?.[level - 1] !== undefined;
}

type ReviewItem = Extract<OpenItem, { kind: 'review' }>;

function withReviewLimits(item: ReviewItem, { plan, nodes }: PlanIndex, nowMs: number): OpenItem {
  // A verdict on an attempt in doubt has no deadline in any version.
  if (item.inDoubt) return item;
  const node = nodes.get(item.step);
  const review = node?.kind === 'review' ? node : null;
  const expiresMs = item.step === 'completion' ? plan.finish.expiresMs : review?.expiresMs;
  const asked = underRules(item, policyOf(plan, nodes, item.step));
  const limited = withLimit(asked, expiresMs, nowMs);
  const everyMs = review?.remind?.everyMs;
  const { remindInMs, ...rest } = limited;
  if (everyMs === undefined) return { ...rest, remindAtMs: null };
  const hasOne = limited.remindAtMs !== null || remindInMs !== undefined;
  return hasOne ? limited : { ...limited, remindAtMs: nowMs + everyMs };
}

function withLimit<T extends OpenItem>(item: T, limitMs: number | undefined, nowMs: number): T {
  if (limitMs === undefined) {
    const { remainingMs: _remainingMs, ...rest } = item;
    return { ...rest, dueAtMs: null } as T;
  }
  const hasOne = item.dueAtMs !== null || item.remainingMs !== undefined;
  return hasOne ? item : { ...item, dueAtMs: nowMs + limitMs };
}

/** Approvals that cannot count under the new rules are asked for again. */
function underRules(item: ReviewItem, { approvals, from, rejections }: DecisionPolicy): ReviewItem {
  const { approvals: _a, from: _f, rejections: _r, votes = [], ...bare } = item;
  const places = { approvals: approvals ?? 1, from: from ?? [] };
  const groups = votes.map((vote) => vote.groups ?? []);
  const isKept = canBeFilled(places, groups, votes.length);
  return {
    ...bare,
    ...(isKept && votes.length > 0 ? { votes } : {}),
    ...(approvals === undefined ? {} : { approvals }),
    ...(from === undefined ? {} : { from }),
    ...(rejections === undefined ? {} : { rejections }),
  };
}
