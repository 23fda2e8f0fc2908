import type { Plan } from '../../plan/plan.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import { type Coverage, type PathReport, pathsOf } from '../../proof/paths/paths.ts';
import type { Fixtures } from './fixtures.ts';
import { knownConditions } from './known-conditions.ts';

/**
 * Paths through a workflow, each from its start to an end, that together take every transition of its chart.
 *
 * @param options.coverage - `transitions` (default): every transition once; `paths`: every way through each step and every decision in each state
 * @throws RangeError if the chart has more than 200,000 states
 */
export function paths(
  workflow: RunnableWorkflow,
  options: { readonly coverage?: Coverage; readonly fixtures?: Fixtures } = {},
): PathReport {
  return pathsOf(workflow.plan, {
    coverage: options.coverage ?? 'transitions',
    children: childPlans(workflow),
    predict: knownConditions(workflow, options.fixtures ?? {}),
  });
}

/** Plans of all workflows it calls, directly or not, by `name@version`. */
export function childPlans(
  { bindings }: RunnableWorkflow,
  into: Map<string, Plan> = new Map(),
): ReadonlyMap<string, Plan> {
  for (const child of bindings.children.values()) {
    const key = `${child.name}@${child.version}`;
    if (into.has(key)) continue;
    into.set(key, child.plan);
    childPlans(child, into);
  }
  return into;
}
