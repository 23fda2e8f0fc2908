/** Versions of a workflow, as calls name them: those that are registered, and those that stored runs are on. */
import { SignalboxError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { ServiceParts } from '../parts.ts';

export type Known = Pick<ServiceParts, 'orchestrator' | 'store'>;

export interface FoundVersion {
  readonly plan: Plan;
  /** Where its code is loaded. */
  readonly workflow: RunnableWorkflow | null;
}

/** Newest first. */
export function registeredVersions({ orchestrator }: Known, name: string) {
  return orchestrator.workflows
    .filter((workflow) => workflow.name === name)
    .toSorted((a, b) => b.version - a.version);
}

/** The registered version, or the newest. @throws SignalboxError `WORKFLOW_UNKNOWN` */
export function findRegistered(
  parts: Known,
  name: string,
  version: number | undefined,
): RunnableWorkflow {
  const versions = registeredVersions(parts, name);
  const found =
    version === undefined ? versions[0] : versions.find((other) => other.version === version);
  if (found !== undefined) return found;
  const known = [...new Set(parts.orchestrator.workflows.map((workflow) => workflow.name))].sort();
  throw new SignalboxError(
    'WORKFLOW_UNKNOWN',
    versions.length === 0
      ? `No workflow "${name}" is registered; there are: ${known.join(', ') || 'none'}`
      : `No version ${version} of workflow "${name}" is registered; there are: ${versions.map((other) => other.version).join(', ')}`,
    { details: { workflow: name, version } },
  );
}

/**
 * @param given - `2` or `2#1f0c`; `undefined`: the newest registered one
 * @throws SignalboxError `WORKFLOW_UNKNOWN` if there is none, or more than one plan of that number
 */
export async function findVersion(
  parts: Known,
  name: string,
  given: string | undefined,
): Promise<FoundVersion> {
  if (given === undefined) {
    const workflow = findRegistered(parts, name, undefined);
    return { plan: workflow.plan, workflow };
  }
  const [number = '', hash = ''] = given.split('#');
  const isWanted = (plan: { version: number; hash: string }) =>
    plan.version === Number(number) && plan.hash.startsWith(hash);
  const registered = registeredVersions(parts, name).find(({ plan }) => isWanted(plan));
  if (registered !== undefined) return { plan: registered.plan, workflow: registered };
  const stored = (await parts.store.plans()).filter((plan) => plan.name === name && isWanted(plan));
  const [only, second] = stored;
  if (only !== undefined && second === undefined) {
    const plan = await parts.store.plan(only.name, only.version, only.hash);
    if (plan !== null) return { plan, workflow: null };
  }
  const names = stored.map((plan) => `${plan.version}#${plan.hash.slice(0, 12)}`);
  throw new SignalboxError(
    'WORKFLOW_UNKNOWN',
    stored.length > 1
      ? `"${given}" is more than one plan of workflow "${name}": ${names.join(', ')}`
      : `There is no version "${given}" of workflow "${name}"`,
    {
      details: { workflow: name, version: given },
      ...(stored.length > 1 && { hint: 'Name one with its hash' }),
    },
  );
}
