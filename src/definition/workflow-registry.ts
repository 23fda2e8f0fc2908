import type { RunnableWorkflow } from '../ports/bindings.ts';

const workflows = new WeakSet<object>();

/** Remembers what `defineWorkflow` and `forwardWorkflow` made, so that nothing else passes for one. */
export function rememberWorkflow(workflow: RunnableWorkflow): void {
  workflows.add(workflow);
}

export function isWorkflow(value: unknown): value is RunnableWorkflow {
  return typeof value === 'object' && value !== null && workflows.has(value);
}
