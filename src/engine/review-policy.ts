/** What the plan says of how a review is decided. */
import type { DecisionPolicy, Plan, PlanNode } from '../plan/plan.ts';

export function policyOf(
  plan: Plan,
  nodes: ReadonlyMap<string, PlanNode>,
  step: string,
): DecisionPolicy {
  if (step === 'completion') return plan.finish;
  const node = nodes.get(step);
  return node?.kind === 'review' ? node : {};
}
