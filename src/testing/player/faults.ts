/** A workflow whose functions throw on demand. */
import type { RunnableWorkflow } from '../../ports/bindings.ts';

export interface Faults {
  readonly workflow: RunnableWorkflow;
  /** While it is on, every condition and derived value throws. */
  isOn: boolean;
}

export function createFaults(workflow: RunnableWorkflow): Faults {
  const { bindings } = workflow;
  type Functions = typeof bindings.predicates;
  const breakable = (functions: Functions): Functions =>
    new Map(
      [...functions].map(([id, call]) => [
        id,
        (value: unknown) => {
          if (faults.isOn) throw new Error(`"${id}" throws on the path`);
          return call(value);
        },
      ]),
    );
  const faults: Faults = {
    isOn: false,
    workflow: {
      name: workflow.name,
      version: workflow.version,
      plan: workflow.plan,
      bindings: {
        ...bindings,
        predicates: breakable(bindings.predicates),
        mappers: breakable(bindings.mappers),
      },
    },
  };
  return faults;
}
