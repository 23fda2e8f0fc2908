import type { Lazy } from '../plan/shape.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';

/** What a parent needs to know of a workflow, beyond its plan. */
export interface WorkflowParts {
  readonly output: Lazy;
}

/** `null` for one that is only promised. */
const workflows = new WeakMap<object, WorkflowParts | null>();

/** Remembers what `defineWorkflow` and `forwardWorkflow` made, so that nothing else passes for one. */
export function rememberWorkflow(workflow: RunnableWorkflow, parts: WorkflowParts | null): void {
  workflows.set(workflow, parts);
}

export function isWorkflow(value: unknown): value is RunnableWorkflow {
  return typeof value === 'object' && value !== null && workflows.has(value);
}

/** `null` if it is not defined yet. */
export function workflowParts(workflow: RunnableWorkflow): WorkflowParts | null {
  return workflows.get(workflow) ?? null;
}
