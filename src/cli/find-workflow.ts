import { SignalboxError } from '../errors.ts';
import { type FoundWorkflow, loadMachines } from './machines.ts';

/** The newest version of a workflow. @throws SignalboxError `WORKFLOW_UNKNOWN` */
export async function findWorkflow(machines: string, name: string): Promise<FoundWorkflow> {
  const { workflows } = await loadMachines(machines);
  const versions = workflows
    .filter(({ workflow }) => workflow.name === name)
    .sort((left, right) => right.workflow.version - left.workflow.version);
  const [newest] = versions;
  if (newest !== undefined) return newest;
  const known = [...new Set(workflows.map(({ workflow }) => workflow.name))];
  throw new SignalboxError('WORKFLOW_UNKNOWN', `There is no workflow "${name}"`, {
    details: { workflow: name, known },
  });
}
