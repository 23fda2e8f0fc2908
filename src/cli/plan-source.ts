/** Plans by name: a plan file, a workflow of `--machines`, or a version some stored run is on. */
import { existsSync } from 'node:fs';
import { createCatalogue } from '../engine/catalogue.ts';
import { parsePlan } from '../plan/parse.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Store } from '../ports/store.ts';
import { readJson } from './json-argument.ts';
import type { Machines } from './machines.ts';
import { UsageError } from './usage-error.ts';

export interface PlanSource {
  readonly plan: Plan;
  /** Where its code is at hand. */
  readonly workflow: RunnableWorkflow | null;
}

export const planArgument = 'a plan file, NAME, NAME@VERSION or NAME@VERSION#HASH';

/**
 * A file is read as it is. Of a name the store's plan goes first with `prefer: 'store'`: it is what runs are on, whatever the code says now.
 *
 * @throws UsageError if there is no such plan, or more than one
 * @throws SignalboxError `DEFINITION_INVALID` if the file is no plan
 */
export async function findPlan(
  argument: string,
  given: string,
  machines: Machines,
  store: Store | null,
  prefer: 'store' | 'code',
): Promise<PlanSource> {
  if (existsSync(given)) {
    const plan = parsePlan(await readJson(argument, given, process.stdin));
    return { plan, workflow: codeOf(machines, plan) };
  }
  const [, name = '', version, hash = ''] =
    /^([^@#]+)(?:@(\d+))?(?:#([0-9a-f]+))?$/.exec(given) ?? [];
  const isWanted = (plan: { name: string; version: number; hash: string }) =>
    plan.name === name &&
    (version === undefined || plan.version === Number(version)) &&
    plan.hash.startsWith(hash);
  const registered = allWorkflows(machines)
    .filter(({ plan }) => isWanted(plan))
    .sort((a, b) => b.version - a.version);
  const stored = ((await store?.plans()) ?? []).filter(isWanted);
  const [newest] = registered;
  const isAsked = version !== undefined || hash !== '';
  if (prefer === 'store' && isAsked && store !== null && stored.length > 0) {
    const [only, second] = stored;
    if (second !== undefined) {
      const all = stored.map((plan) => `${plan.name}@${plan.version}#${plan.hash.slice(0, 12)}`);
      throw new UsageError(
        `"${given}" is more than one plan: ${all.join(', ')}`,
        'Runs of one version are on different plans; name one with its hash',
      );
    }
    const plan = only === undefined ? null : await store.plan(only.name, only.version, only.hash);
    if (plan !== null) return { plan, workflow: codeOf(machines, plan) };
  }
  if (newest !== undefined) return { plan: newest.plan, workflow: newest };
  const [found] = stored.toSorted((a, b) => b.version - a.version);
  const plan =
    store === null || found === undefined
      ? null
      : await store.plan(found.name, found.version, found.hash);
  if (plan !== null) return { plan, workflow: codeOf(machines, plan) };
  throw new UsageError(
    `There is no plan "${given}"`,
    `Name ${planArgument}; \`signalbox workflows\` lists those of --machines`,
  );
}

function allWorkflows(machines: Machines): readonly RunnableWorkflow[] {
  return [...new Set(machines.workflows.map(({ workflow }) => workflow))];
}

function codeOf(machines: Machines, { name, version, hash }: Plan): RunnableWorkflow | null {
  const found = allWorkflows(machines).find(
    ({ plan }) => plan.name === name && plan.version === version && plan.hash === hash,
  );
  return found ?? null;
}

/** What runs on this plan need and the code of `machines` has not, in words; `null` if it knows nothing of the workflow. */
export function lackingCode(machines: Machines, plan: Plan): readonly string[] | null {
  const workflows = allWorkflows(machines);
  if (!workflows.some(({ name }) => name === plan.name)) return null;
  return createCatalogue(workflows, { plan: async () => null }).lacking(plan);
}
