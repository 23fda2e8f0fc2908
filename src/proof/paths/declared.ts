/** What a workflow declares for one of its steps. */
import type { DecisionPolicy, Plan, PlanNode } from '../../plan/plan.ts';

export function decisionPolicyOf(
  plan: Plan,
  nodes: ReadonlyMap<string, PlanNode>,
  step: string,
): DecisionPolicy {
  if (step === 'completion') return plan.finish;
  const node = nodes.get(step);
  return node?.kind === 'review' ? node : {};
}
