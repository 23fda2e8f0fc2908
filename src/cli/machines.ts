/** `--machines`: the modules whose exported workflows can be run. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import { isTrigger, type Trigger } from '../triggers/trigger.ts';
import { toLoadError } from './load-error.ts';
import { UsageError } from './usage-error.ts';

export interface FoundWorkflow {
  readonly workflow: RunnableWorkflow;
  readonly module: URL;
}

export interface FoundTrigger {
  readonly trigger: Trigger;
  readonly module: URL;
}

export interface Machines {
  readonly workflows: readonly FoundWorkflow[];
  /** What starts them by itself in a service. */
  readonly triggers: readonly FoundTrigger[];
  /** Modules that could not be loaded, or export no workflow. */
  readonly problems: readonly { readonly module: string; readonly error: unknown }[];
}

export const defaultMachines = 'machines';

const endings = ['ts', 'mts', 'js', 'mjs'];

/** A workflow that several modules export belongs to the first. */
export function withoutRepeats(workflows: readonly FoundWorkflow[]): readonly FoundWorkflow[] {
  const seen = new Set<object>();
  return workflows.filter(({ workflow }) => {
    if (seen.has(workflow)) return false;
    seen.add(workflow);
    return true;
  });
}

/** The same of triggers. */
export function distinctTriggers(triggers: readonly FoundTrigger[]): readonly Trigger[] {
  return [...new Set(triggers.map(({ trigger }) => trigger))];
}

/**
 * Imports every `workflow.ts` or `workflow.js` of the folders in a folder, with the `triggers.ts` beside it, or one module. One broken module does not keep the others away.
 *
 * @throws UsageError if there is no such folder or module; the default folder may be missing
 */
export async function loadMachines(
  given: string,
  load: (module: URL) => Promise<Record<string, unknown>> = (module) => import(module.href),
): Promise<Machines> {
  const workflows: FoundWorkflow[] = [];
  const triggers: FoundTrigger[] = [];
  const problems: { module: string; error: unknown }[] = [];
  const files = moduleFiles(given);
  if (files.length === 0) problems.push(...overlookedIn(given));
  for (const file of files) {
    try {
      const found = await contentOf(pathToFileURL(file), load);
      workflows.push(...found.workflows);
      triggers.push(...found.triggers);
      if (found.workflows.length === 0 && found.triggers.length === 0)
        problems.push({ module: file, error: new Error('It exports no workflow') });
    } catch (error) {
      problems.push({ module: file, error: toLoadError(error) });
    }
  }
  return { workflows, triggers, problems };
}

function moduleFiles(given: string): readonly string[] {
  const path = resolve(given);
  if (!existsSync(path)) {
    if (given === defaultMachines) return [];
    return [resolvePackage(given)];
  }
  if (!statSync(path).isDirectory()) return [path];
  const folders = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => join(path, entry.name))
    .sort();
  return [path, ...folders].flatMap((folder) => {
    const file = moduleOf(folder, 'workflow');
    return file === null ? [] : [file, moduleOf(folder, 'triggers') ?? []].flat();
  });
}

/** Modules lie in the folder itself, where none is looked for. */
function overlookedIn(given: string): Machines['problems'] {
  const folder = resolve(given);
  if (!existsSync(folder)) return [];
  const modules = readdirSync(folder).filter((name) => isModule.test(name));
  if (modules.length === 0) return [];
  const names = `${modules.slice(0, 5).join(', ')}${modules.length > 5 ? ', …' : ''}`;
  const way = `Name a module itself (--machines ${join(given, modules[0] ?? '')}), which exports all workflows, or give each a folder with a workflow.ts`;
  return [
    {
      module: folder,
      error: new Error(`It has no folder with a workflow.ts, only ${names}. ${way}`),
    },
  ];
}

const isModule = /(?<!\.d|\.test|\.spec)\.m?[jt]s$/;

function moduleOf(folder: string, name: string): string | null {
  const files = endings.map((ending) => join(folder, `${name}.${ending}`));
  return files.find((file) => existsSync(file)) ?? null;
}

function resolvePackage(given: string): string {
  try {
    return createRequire(resolve('package.json')).resolve(given);
  } catch {
    throw new UsageError(
      `--machines: there is no folder or module "${given}"`,
      'Name a folder of folders with a workflow.ts or workflow.js each, or a module that exports workflows',
    );
  }
}

/** The folder in which the modules of `--machines` lie. */
export function machinesFolder(given: string): string {
  const path = resolve(given);
  if (!existsSync(path)) return given === defaultMachines ? path : dirname(resolvePackage(given));
  return statSync(path).isDirectory() ? path : dirname(path);
}

async function contentOf(
  module: URL,
  load: (module: URL) => Promise<Record<string, unknown>>,
): Promise<{
  readonly workflows: readonly FoundWorkflow[];
  readonly triggers: readonly FoundTrigger[];
}> {
  const exported = await load(module);
  const values = [...new Set(Object.values(exported))];
  return {
    workflows: values.filter(isRunnable).map((workflow) => ({ workflow, module })),
    triggers: values.filter(isTrigger).map((trigger) => ({ trigger, module })),
  };
}

/** By its parts rather than by its maker: the module may have got `defineWorkflow` from another copy of the package. */
function isRunnable(value: unknown): value is RunnableWorkflow {
  try {
    if (typeof value !== 'object' || value === null || !('plan' in value)) return false;
    const { name, version, plan, bindings } = value as Partial<RunnableWorkflow>;
    return (
      typeof name === 'string' &&
      typeof version === 'number' &&
      plan?.format === 1 &&
      bindings?.tasks instanceof Map
    );
  } catch {
    // A reference of a workflow refuses to be looked at as a value.
    return false;
  }
}
