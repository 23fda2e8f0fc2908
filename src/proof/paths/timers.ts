/** Time on a path: which deadlines run, and which comes first. */

import { attemptsOf, type ChartContext } from '../../chart/context.ts';
import type { Effect } from '../../chart/events.ts';
import { escalationLevel } from '../../chart/review-states.ts';
import { parseDuration } from '../../plan/duration.ts';
import { isStep, type Plan, type PlanNode, type RetryPolicy } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { callOf } from '../../plan/task-call.ts';
import { decisionPolicyOf } from './declared.ts';

export interface PathTimer {
  readonly step: string;
  readonly kind: 'timer' | 'review' | 'event';
  /** Last part of its event. */
  readonly name: string;
  readonly dueMs: number;
}

/** Draw behind every jittered wait on a path; whoever plays it draws the same. */
export const pathRandom = 0.5;

/** Of a sleep whose length only the data says. */
const unknownSleepMs = 3_600_000;

/** What the length of a timer depends on, beside the plan. */
export interface TimerSource {
  readonly plan: Plan;
  readonly nodes: ReadonlyMap<string, PlanNode>;
  readonly context: ChartContext;
  /** Policy of the undo under way. */
  readonly undoPolicy: RetryPolicy | null;
  /** The step is in its fallback. */
  isFallback(step: string): boolean;
}

/** The timers that run after the effects of one transition. */
export function timersAfter(
  timers: readonly PathTimer[],
  effects: readonly Effect[],
  nowMs: number,
  source: TimerSource,
): readonly PathTimer[] {
  let next = timers;
  for (const effect of effects) next = afterOne(next, effect, nowMs, source);
  return next;
}

function afterOne(
  timers: readonly PathTimer[],
  effect: Effect,
  nowMs: number,
  source: TimerSource,
): readonly PathTimer[] {
  const { plan, nodes } = source;
  const opened = (
    kind: PathTimer['kind'],
    step: string,
    name: string,
    afterMs: number | undefined,
  ) => (afterMs === undefined ? timers : [...timers, { kind, step, name, dueMs: nowMs + afterMs }]);
  switch (effect.type) {
    case 'timer':
      return opened('timer', effect.step, effect.name, delayOf(effect.step, effect.name, source));
    case 'review': {
      if (effect.inDoubt) return timers;
      const node = nodes.get(effect.step);
      const expiresMs = node?.kind === 'review' ? node.expiresMs : plan.finish.expiresMs;
      return opened('review', effect.step, 'expired', expiresMs);
    }
    case 'await': {
      const node = nodes.get(effect.step);
      return opened(
        'event',
        effect.step,
        'timed_out',
        node?.kind === 'wait' ? node.withinMs : undefined,
      );
    }
    case 'withdraw':
      return timers.filter(
        ({ step, kind, name }) =>
          step !== effect.step ||
          (effect.name !== undefined && effect.name !== (kind === 'timer' ? name : kind)),
      );
    case 'abandon':
      return timers.filter(({ step }) => step !== effect.step);
    case 'stop':
      return effect.mode === 'abort' &&
        effect.running.length > 0 &&
        !timers.some(({ step }) => step === 'stop')
        ? opened('timer', 'stop', 'grace_over', plan.abortGraceMs)
        : timers;
    case 'finish':
      return [];
    default:
      return timers;
  }
}

function delayOf(step: string, name: string, source: TimerSource): number {
  const { plan, nodes, context, undoPolicy } = source;
  if (step === 'run') return plan.timeoutMs ?? 0;
  const retryMs = (policy: RetryPolicy | undefined, failed: number) =>
    policy === undefined ? 0 : (nextDelayMs(policy, Math.max(1, failed), pathRandom) ?? 0);
  if (step === 'undo') return retryMs(undoPolicy ?? undefined, context.undo?.attempts ?? 1);
  const level = escalationLevel(name);
  if (level !== null)
    return decisionPolicyOf(plan, nodes, step).escalate?.[level - 1]?.afterMs ?? 0;
  const node = nodes.get(step);
  if (node === undefined || !isStep(node)) return 0;
  if (node.kind === 'sleep') return sleepMs(node.for.kind === 'literal' ? node.for.value : null);
  if (node.kind !== 'task') return 0;
  if (name === 'deadline_passed') return node.withinMs ?? 0;
  const call = callOf(node, source.isFallback(step));
  if (name === 'retry_due') return retryMs(call.retry, attemptsOf(context, step));
  return call.breaker?.resetAfterMs ?? 1_000;
}

function sleepMs(value: unknown): number {
  const ms = typeof value === 'string' ? parseDuration(value) : value;
  return typeof ms === 'number' ? Math.ceil(ms) : unknownSleepMs;
}
