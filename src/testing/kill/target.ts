/** A workflow and its fixtures, found by the URL of a module. */
import { existsSync } from 'node:fs';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import { pathScenes } from '../crash/path-scenes.ts';
import type { Scene } from '../crash/scene.ts';
import type { Fixtures } from '../player/fixtures.ts';
import type { KillTarget } from './assignment.ts';

const fixtureFiles = ['fixtures.ts', 'fixtures.mts', 'fixtures.js', 'fixtures.mjs'];

/** @returns what the module `fixtures` beside a workflow exports under that name; nothing if there is none */
export async function fixturesBeside(module: URL): Promise<Fixtures> {
  const file = fixtureFiles
    .map((name) => new URL(`./${name}`, module))
    .find((url) => existsSync(url));
  if (file === undefined) return {};
  const exported: { readonly fixtures?: Fixtures } = await import(file.href);
  if (exported.fixtures === undefined)
    throw new TypeError(`Module "${file.href}" exports no "fixtures"`);
  return exported.fixtures;
}

/** @param path - name of the scene that is wanted */
export async function loadScene(target: KillTarget, path: string): Promise<Scene> {
  const module = new URL(target.module);
  const exported: Record<string, unknown> = await import(module.href);
  const workflow = Object.values(exported).find((value) => isTarget(value, target));
  if (workflow === undefined)
    throw new RangeError(`Module "${target.module}" exports no workflow "${target.workflow}"`);
  const { coverage } = target;
  const fixtures = await fixturesBeside(module);
  const options = { ...fixtures, coverage };
  const [scene] = (await pathScenes(workflow as RunnableWorkflow, options, path)).scenes;
  if (scene === undefined) throw new RangeError(`There is no path "${path}"`);
  return scene;
}

function isTarget(value: unknown, { workflow, version }: KillTarget): boolean {
  try {
    if (typeof value !== 'object' || value === null || !('plan' in value)) return false;
    const { name, version: own } = value as Partial<RunnableWorkflow>;
    return name === workflow && own === version;
  } catch {
    // A reference of a workflow refuses to be looked at as a value.
    return false;
  }
}
