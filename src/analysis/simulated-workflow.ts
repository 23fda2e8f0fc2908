/** A simulation of a workflow whose code is at hand: conditions are asked where values are known, children come along. */
import { evaluatePredicate } from '../evaluation.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Model } from '../simulation/model.ts';
import { beginSimulation, type Simulation } from '../simulation/simulate.ts';

export function simulationOf(
  workflow: RunnableWorkflow,
  model: Model,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Simulation {
  return beginSimulation({
    plan: workflow.plan,
    model,
    runs,
    seed,
    children: childPlans(workflow),
    condition: (id, value) => conditionOf(workflow, id, value),
  });
}

/** What the real condition says of a value that is known. */
function conditionOf(
  { bindings }: RunnableWorkflow,
  id: string,
  value: unknown,
): boolean | undefined {
  try {
    return evaluatePredicate(bindings, id, value);
  } catch {
    return undefined;
  }
}

function childPlans(
  workflow: RunnableWorkflow,
  into = new Map<string, Plan>(),
): ReadonlyMap<string, Plan> {
  for (const child of workflow.bindings.children.values()) {
    const key = `${child.name}@${child.version}`;
    if (into.has(key)) continue;
    into.set(key, child.plan);
    childPlans(child, into);
  }
  return into;
}
