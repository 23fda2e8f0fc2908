import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { KillTarget } from '../kill/assignment.ts';
import { createKillLab } from '../kill/kill-lab.ts';
import type { DiskStore } from '../kill/remains.ts';
import { fixturesBeside } from '../kill/target.ts';
import type { CrashReport, CrashStore } from './crash-report.ts';
import { type CrashProgress, crashScenes } from './crash-scenes.ts';
import { fewScenes } from './few-scenes.ts';
import { type Lab, type LabMode, labsFor, storesFor } from './labs.ts';
import { type PathSceneOptions, pathScenes } from './path-scenes.ts';

/** Where crashes are tried, in which way, and how many. */
export interface CrashOptions extends PathSceneOptions {
  /** Default: the fastest for each mode, `memory` if it can be. `lowdb` runs on a simulated disk, `sqlite` on a file. */
  readonly stores?: readonly CrashStore[];
  /** Default: `kill`. `power_loss` needs the store `lowdb`, `standstill` needs `memory` or `sqlite`. */
  readonly modes?: readonly LabMode[];
  /** Places tried on each store in each mode, over all paths, at least one of every kind. Default: all. */
  readonly sample?: number;
  /** Draws the sample, and what survives a power loss. Default 1. */
  readonly seed?: number;
  /** The rest of a store's places is left out after so many: a run that never ends is waited for. Default 10. */
  readonly maxDifferences?: number;
  onProgress?(progress: CrashProgress): void;
}

/**
 * Plays every path of a workflow once undisturbed, then again with a crash at each place at which its process can die: before and after
 * every write of the store, and before and after every effect of a task. After each crash a new orchestrator on the same store brings the
 * run to its end, and must leave the same final state, results, effects and history. Handlers are stand-ins: nothing outside happens.
 *
 * @returns a report; `assertCrashProof` throws if it holds a difference or a kind of place that was never reached
 * @throws RangeError if a mode has no store among `stores`
 *
 * @example
 * assertCrashProof(await crashEverywhere(orderWorkflow, { ...fixtures, stores: ['memory', 'sqlite'] }));
 */
export function crashEverywhere(
  workflow: RunnableWorkflow,
  options: CrashOptions = {},
): Promise<CrashReport> {
  const { modes = ['kill'], stores = storesFor(modes) } = options;
  return crash(workflow, labsFor(stores, modes), options);
}

/** Which workflow is killed, where, and how often. */
export interface KillOptions
  extends Pick<CrashOptions, 'coverage' | 'sample' | 'seed' | 'maxDifferences' | 'onProgress'> {
  /** URL of the module that exports the workflow; fixtures are what `fixtures.ts` beside it exports. */
  readonly module: URL;
  /** Paths played, chosen so that together they have every kind of place. Default: 4 with `sample`, all without. */
  readonly paths?: number;
  readonly stores?: readonly DiskStore[];
}

const fewPaths = 4;

/** The same in real processes that get `kill -9`, on real files in a directory for temporary files; half a second or more a crash. */
export async function killEverywhere(
  workflow: RunnableWorkflow,
  options: KillOptions,
): Promise<CrashReport> {
  const { module, stores = ['lowdb', 'sqlite'], coverage = 'transitions' } = options;
  const fixtures = await fixturesBeside(module);
  const { name, version } = workflow;
  const target: KillTarget = { module: module.href, workflow: name, version, coverage };
  const labs = stores.map((store) => createKillLab(target, store));
  const limit = options.paths ?? (options.sample === undefined ? null : fewPaths);
  return crash(workflow, labs, { ...fixtures, ...options }, limit);
}

async function crash(
  workflow: RunnableWorkflow,
  labs: readonly Lab[],
  given: CrashOptions,
  limit: number | null = null,
): Promise<CrashReport> {
  const { sample, seed = 1, maxDifferences = 10, onProgress } = given;
  const { scenes: all, plans, notPlayed } = await pathScenes(workflow, given);
  const scenes = limit === null ? all : await fewScenes(all, limit, seed);
  return crashScenes({
    workflow: workflow.name,
    version: workflow.version,
    plans,
    scenes,
    notPlayed,
    labs,
    seed,
    sample: sample ?? null,
    maxDifferences,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}
