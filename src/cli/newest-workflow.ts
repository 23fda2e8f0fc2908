import { SignalboxError } from '../errors.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Machines } from './machines.ts';

/** @throws SignalboxError `WORKFLOW_UNKNOWN` if no module of `--machines` exports it */
export function newestWorkflow({ workflows }: Machines, name: string): RunnableWorkflow {
  const [newest] = workflows
    .map(({ workflow }) => workflow)
    .filter((workflow) => workflow.name === name)
    .sort((a, b) => b.version - a.version);
  if (newest !== undefined) return newest;
  const names = [...new Set(workflows.map(({ workflow }) => workflow.name))].sort();
  throw new SignalboxError(
    'WORKFLOW_UNKNOWN',
    `No workflow "${name}" is registered; there are: ${names.join(', ') || 'none'}`,
    { details: { workflow: name }, hint: 'Name the place of its module with --machines' },
  );
}
