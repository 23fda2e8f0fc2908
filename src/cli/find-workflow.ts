import { SignalboxError } from '../errors.ts';
import type { FoundWorkflow, Machines } from './machines.ts';

/** The newest version of a workflow. @throws SignalboxError `WORKFLOW_UNKNOWN` if no module of `--machines` exports it */
export function findWorkflow({ workflows }: Machines, name: string): FoundWorkflow {
  const [newest] = workflows
    .filter(({ workflow }) => workflow.name === name)
    .sort((a, b) => b.workflow.version - a.workflow.version);
  if (newest !== undefined) return newest;
  const names = [...new Set(workflows.map(({ workflow }) => workflow.name))].sort();
  throw new SignalboxError(
    'WORKFLOW_UNKNOWN',
    `No workflow "${name}" is registered; there are: ${names.join(', ') || 'none'}`,
    { details: { workflow: name }, hint: 'Name the place of its module with --machines' },
  );
}
