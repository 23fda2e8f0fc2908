/** `--machines`: the modules whose exported workflows can be run. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import { UsageError } from './usage-error.ts';

export interface FoundWorkflow {
  readonly workflow: RunnableWorkflow;
  readonly module: URL;
}

export interface Machines {
  readonly workflows: readonly FoundWorkflow[];
  /** Modules that could not be loaded, or export no workflow. */
  readonly problems: readonly { readonly module: string; readonly error: unknown }[];
}

export const defaultMachines = 'machines';

const fileNames = ['workflow.ts', 'workflow.mts', 'workflow.js', 'workflow.mjs'];

/**
 * Imports every `workflow.ts` or `workflow.js` of the folders in a folder, or one module. One broken module does not keep the others away.
 *
 * @throws UsageError if there is no such folder or module; the default folder may be missing
 */
export async function loadMachines(given: string): Promise<Machines> {
  const workflows: FoundWorkflow[] = [];
  const problems: { module: string; error: unknown }[] = [];
  for (const file of moduleFiles(given)) {
    try {
      const found = await workflowsOf(pathToFileURL(file));
      workflows.push(...found);
      if (found.length === 0)
        problems.push({ module: file, error: new Error('It exports no workflow') });
    } catch (error) {
      problems.push({ module: file, error });
    }
  }
  return { workflows, problems };
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
    const file = fileNames.map((name) => join(folder, name)).find((name) => existsSync(name));
    return file === undefined ? [] : [file];
  });
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

async function workflowsOf(module: URL): Promise<readonly FoundWorkflow[]> {
  const exported: Record<string, unknown> = await import(module.href);
  const workflows = new Set(Object.values(exported).filter(isRunnable));
  return [...workflows].map((workflow) => ({ workflow, module }));
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
