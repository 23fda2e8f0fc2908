/** Reviews that take several approvals, on a path. */
import type { Effect } from '../../chart/events.ts';
import type { DecisionPolicy, Plan, PlanNode } from '../../plan/plan.ts';
import type { Move } from './move.ts';
import type { Walk, WalkState } from './walk-state.ts';

export function decisionPolicyOf(
  plan: Plan,
  nodes: ReadonlyMap<string, PlanNode>,
  step: string,
): DecisionPolicy {
  if (step === 'completion') return plan.finish;
  const node = nodes.get(step);
  return node?.kind === 'review' ? node : {};
}

export function approvalsOf({ plan, index }: Walk, step: string): number {
  return decisionPolicyOf(plan, index.nodes, step).approvals ?? 1;
}

/** Approvals that count before the move. What a retry finds recorded is the last of them. */
export function givenBefore(walk: Walk, { votes }: WalkState, { type, step }: Move): number {
  return type === `${step}.decided` ? approvalsOf(walk, step) - 1 : (votes.get(step) ?? 0);
}

export function votesAfter(
  votes: WalkState['votes'],
  effects: readonly Effect[],
): WalkState['votes'] {
  let after = votes;
  for (const effect of effects) {
    if (effect.type === 'vote')
      after = new Map([...after, [effect.step, (after.get(effect.step) ?? 0) + 1]]);
    else if (effect.type === 'withdraw' && after.has(effect.step))
      after = new Map([...after].filter(([step]) => step !== effect.step));
  }
  return after;
}
