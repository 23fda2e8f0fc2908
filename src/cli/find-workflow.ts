import { SignalboxError } from '../errors.ts';
import { toFailure } from './failure.ts';
import type { FoundWorkflow, Machines } from './machines.ts';

/** The newest version of a workflow. @throws SignalboxError `WORKFLOW_UNKNOWN` if no module of `--machines` exports it */
export function findWorkflow(machines: Machines, name: string): FoundWorkflow {
  const [newest] = machines.workflows
    .filter(({ workflow }) => workflow.name === name)
    .sort((a, b) => b.workflow.version - a.workflow.version);
  if (newest === undefined) throw workflowUnknown(machines, name);
  return newest;
}

/** Names what there is, and modules that were left out: the workflow may stand in one of them. */
export function workflowUnknown({ workflows, problems }: Machines, name: string): SignalboxError {
  const names = [...new Set(workflows.map(({ workflow }) => workflow.name))].sort();
  const left = problems.map(
    ({ module, error }) => `. Left out: ${module}: ${toFailure(error).message}`,
  );
  return new SignalboxError(
    'WORKFLOW_UNKNOWN',
    `No workflow "${name}" is registered; registered are: ${names.join(', ') || 'none'}${left.join('')}`,
    { details: { workflow: name } },
  );
}
