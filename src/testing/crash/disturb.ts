/** Every scene lived through once undisturbed, then disturbed at each place, or a sample of them, and compared. */
import { compare } from './compare.ts';
import type { CrashDifference } from './crash-report.ts';
import { createDraws, sample } from './draws.ts';
import { inTurn } from './in-turn.ts';
import type { Execution, Lab } from './labs.ts';
import type { Scene } from './scene.ts';
import { withTimeLimit } from './time-limit.ts';
import { compareUndecided } from './undecided.ts';

export interface DisturbOptions {
  readonly lab: Lab;
  readonly scenes: readonly Scene[];
  /** Places tried over all scenes, at least one of every kind; `null`: all. */
  readonly sample: number | null;
  readonly seed: number;
  /** The rest is left out after so many. */
  readonly maxDifferences: number;
  onExecuted?(scene: Scene): void;
}

export interface Disturbed {
  readonly places: number;
  /** Kinds of the places at which it was, one for each time. */
  readonly kinds: readonly string[];
  readonly repeated: number;
  readonly undecided: number;
  readonly differences: readonly CrashDifference[];
  readonly isCutShort: boolean;
  /** Places that were counted and then not reached again. */
  readonly missed: readonly string[];
}

interface Place {
  readonly scene: Scene;
  readonly reference: Execution;
  /** From 1. */
  readonly number: number;
  readonly kind: string;
}

export async function disturb(options: DisturbOptions): Promise<Disturbed> {
  const { lab, seed, maxDifferences, onExecuted } = options;
  const { store, mode } = lab;
  const differences: CrashDifference[] = [];
  const kinds: string[] = [];
  const missed: string[] = [];
  let [repeated, undecided] = [0, 0];
  let isCutShort = false;
  const places = await countPlaces(options, differences);
  const chosen = sample(
    places.map(({ kind }) => kind),
    options.sample ?? places.length,
    createDraws(`${store} ${mode}`, seed),
  );
  await inTurn(chosen, lab.width, async (position) => {
    const place = places[position - 1];
    if (place === undefined) return;
    if (differences.length >= maxDifferences) {
      isCutShort = true;
      return;
    }
    const { scene, reference, number, kind } = place;
    try {
      const draw = createDraws(`${scene.name} ${number}`, seed);
      const at = { number, places: reference.places };
      const execution = await withTimeLimit(lab.execute(scene, at, draw));
      if (execution.isDisturbed) kinds.push(kind);
      else missed.push(`${scene.name}: ${kind} (place ${number})`);
      repeated += execution.repeated;
      if (execution.isUndecided) undecided += 1;
      (execution.isUndecided ? compareUndecided : compare)(execution, reference);
    } catch (error) {
      const message = messageOf(error);
      differences.push({ path: scene.name, store, mode, place: number, kind, message });
    }
    onExecuted?.(scene);
  });
  return { places: places.length, kinds, repeated, undecided, differences, isCutShort, missed };
}

/** The undisturbed executions; one that fails is a difference of its own. */
async function countPlaces(
  { lab, scenes, seed, onExecuted }: DisturbOptions,
  differences: CrashDifference[],
): Promise<readonly Place[]> {
  const found = new Map<Scene, Execution>();
  await inTurn(scenes, lab.width, async (scene) => {
    try {
      const draw = createDraws(scene.name, seed);
      found.set(scene, await withTimeLimit(lab.execute(scene, null, draw)));
    } catch (error) {
      const { store, mode } = lab;
      const message = messageOf(error);
      differences.push({ path: scene.name, store, mode, place: null, kind: null, message });
    }
    onExecuted?.(scene);
  });
  return scenes.flatMap((scene) => {
    const reference = found.get(scene);
    return (reference?.places ?? []).flatMap((kind, index) =>
      reference === undefined ? [] : [{ scene, reference, number: index + 1, kind }],
    );
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
