import { checkOrder } from './check-order.ts';
import { checkPolicies } from './check-policies.ts';
import { checkReferences } from './check-references.ts';
import { checkWirings } from './check-wiring.ts';
import { wordProblem } from './names.ts';
import { nodeTable } from './node-table.ts';
import type { PlanWithoutHash } from './plan.ts';
import { definitionInvalid } from './problem.ts';
import type { KnownSchemas } from './value-shapes.ts';

/**
 * What must hold of a plan by itself, whether a definition made it, a store kept it or a hand wrote it: ids, references, order, policies, and
 * that connected steps can fit.
 *
 * @param known - schemas that the plan does not keep; without them less can be compared
 * @throws SignalboxError DEFINITION_INVALID for the first mistake, naming workflow, step and the way out
 */
export function checkPlan(plan: PlanWithoutHash, known: Partial<KnownSchemas> = {}): void {
  const problem = wordProblem(plan.name);
  if (problem !== null) throw definitionInvalid({ workflow: plan.name }, problem);
  const table = nodeTable(plan);
  checkReferences(plan, table);
  checkPolicies(plan, table);
  checkOrder(plan, table);
  checkWirings(plan, known);
}
