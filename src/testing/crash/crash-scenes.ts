import type { Plan } from '../../plan/plan.ts';
import type { CrashReport, UnplayedPath } from './crash-report.ts';
import { type Disturbed, disturb } from './disturb.ts';
import type { Lab } from './labs.ts';
import type { Scene } from './scene.ts';
import { expectedWindows } from './windows.ts';

export interface CrashScenesOptions {
  readonly workflow: string;
  readonly version: number;
  /** Of the workflow and its children. */
  readonly plans: readonly Plan[];
  readonly scenes: readonly Scene[];
  readonly notPlayed?: readonly UnplayedPath[];
  readonly labs: readonly Lab[];
  /** Places tried on each store in each mode, over all paths, at least one of every kind; `null`: all. */
  readonly sample: number | null;
  readonly seed: number;
  /** On each store in each mode: a run that never ends is waited for. */
  readonly maxDifferences: number;
  onProgress?(progress: CrashProgress): void;
}

export interface CrashProgress {
  /** Name of the path that was played last. */
  readonly path: string;
  /** Executions so far, disturbed or not. */
  readonly executions: number;
  readonly crashes: number;
}

/** Every scene in every laboratory, disturbed at each place. */
export async function crashScenes(options: CrashScenesOptions): Promise<CrashReport> {
  const { workflow, version, scenes, labs, seed, sample, maxDifferences } = options;
  const found: (readonly [Lab, Disturbed])[] = [];
  let executions = 0;
  for (const lab of labs) {
    const before = executions;
    const onExecuted = (scene: Scene) => {
      executions += 1;
      const crashes = Math.max(0, executions - before - scenes.length) + crashesIn(found);
      options.onProgress?.({ path: scene.name, executions, crashes });
    };
    found.push([lab, await disturb({ lab, scenes, sample, seed, maxDifferences, onExecuted })]);
  }
  const results = found.map(([, disturbed]) => disturbed);
  return {
    workflow,
    version,
    on: labs.map(titleOf),
    seed,
    paths: scenes.length,
    places: results.reduce((sum, { places }) => sum + places, 0),
    crashes: crashesIn(found),
    byKind: countsOf(results.flatMap(({ kinds }) => kinds)),
    repeatedEffects: results.reduce((sum, { repeated }) => sum + repeated, 0),
    undecided: results.reduce((sum, { undecided }) => sum + undecided, 0),
    differences: results.flatMap(({ differences }) => differences),
    isCutShort: results.some(({ isCutShort }) => isCutShort),
    notReached: found.flatMap(([lab, disturbed]) => unreached(lab, disturbed, options.plans)),
    notPlayed: options.notPlayed ?? [],
  };
}

function crashesIn(found: readonly (readonly [Lab, Disturbed])[]): number {
  return found.reduce((sum, [, { kinds }]) => sum + kinds.length, 0);
}

function countsOf(kinds: readonly string[]): CrashReport['byKind'] {
  const counts = [...Map.groupBy(kinds, (kind) => kind)].map(
    ([kind, all]) => [kind, all.length] as const,
  );
  return Object.fromEntries(counts.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function titleOf({ store, mode }: Lab): string {
  return mode === 'kill' ? store : `${store}, ${mode}`;
}

function unreached(lab: Lab, disturbed: Disturbed, plans: readonly Plan[]): string[] {
  const { store, mode } = lab;
  const reached = new Set(disturbed.kinds);
  const windows = expectedWindows(store, mode, plans).filter((window) => !reached.has(window));
  return [...windows, ...disturbed.missed].map((window) => `${titleOf(lab)}: ${window}`);
}
