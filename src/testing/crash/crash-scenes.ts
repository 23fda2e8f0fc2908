import type { Plan } from '../../plan/plan.ts';
import type { CrashDifference, CrashReport } from './crash-report.ts';
import { disturb } from './disturb.ts';
import { createDraws } from './draws.ts';
import type { Lab } from './labs.ts';
import type { Scene } from './scene.ts';
import { expectedWindows } from './windows.ts';

export interface CrashScenesOptions {
  readonly workflow: string;
  readonly version: number;
  /** Of the workflow and its children. */
  readonly plans: readonly Plan[];
  readonly scenes: readonly Scene[];
  readonly labs: readonly Lab[];
  /** Places tried of each path on each store; `null`: all. */
  readonly sample: number | null;
  readonly seed: number;
  onProgress?(progress: CrashProgress): void;
}

/** Counted from 1. */
export interface CrashProgress {
  readonly path: string;
  readonly pathNumber: number;
  readonly paths: number;
  /** Executions so far, over all paths. */
  readonly executions: number;
}

/** Every scene in every laboratory, disturbed at each place. */
export async function crashScenes(options: CrashScenesOptions): Promise<CrashReport> {
  const { workflow, version, scenes, labs, seed } = options;
  const counts = new Map<string, number>();
  const differences: CrashDifference[] = [];
  const missed: string[] = [];
  const reached = new Map(labs.map((lab) => [lab, new Set<string>()]));
  let [places, repeatedEffects, executions] = [0, 0, 0];
  for (const [index, scene] of scenes.entries()) {
    for (const lab of labs) {
      const { store, mode } = lab;
      const draw = createDraws(`${scene.name} ${store} ${mode}`, seed);
      const found = await disturb({
        execute: (place) => lab.execute(scene, place, draw),
        sample: options.sample,
        draw,
        onExecuted() {
          executions += 1;
          const [pathNumber, paths] = [index + 1, scenes.length];
          options.onProgress?.({ path: scene.name, pathNumber, paths, executions });
        },
      });
      places += found.places;
      repeatedEffects += found.repeated;
      for (const kind of found.disturbed) {
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        reached.get(lab)?.add(kind);
      }
      differences.push(
        ...found.differences.map((one) => ({ path: scene.name, store, mode, ...one })),
      );
      missed.push(...found.missed.map((place) => `${titleOf(lab)}: ${scene.name}: ${place}`));
    }
  }
  return {
    workflow,
    version,
    seed,
    paths: scenes.length,
    places,
    crashes: [...counts.values()].reduce((sum, count) => sum + count, 0),
    byKind: Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1))),
    repeatedEffects,
    differences,
    notReached: [...unreached(options, reached), ...missed],
  };
}

function unreached(
  { plans }: CrashScenesOptions,
  reached: ReadonlyMap<Lab, ReadonlySet<string>>,
): readonly string[] {
  return [...reached].flatMap(([lab, kinds]) =>
    expectedWindows(lab.store, lab.mode, plans)
      .filter((window) => !kinds.has(window))
      .map((window) => `${titleOf(lab)}: ${window}`),
  );
}

function titleOf({ store, mode }: Lab): string {
  return mode === 'kill' ? store : `${store}, ${mode}`;
}
