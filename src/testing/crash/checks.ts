/** What must hold after every crash, whatever the scene. */
import { inspect } from 'node:util';
import type { ExportedRun } from '../../ports/store.ts';
import { chainFaults } from './chain-faults.ts';
import { Broken } from './compare.ts';
import { isRecorded } from './recorded.ts';
import type { SceneRules } from './scene.ts';
import { type Effect, identityOf } from './stage.ts';

/** @throws Broken if an audit chain does not verify */
export function checkRuns(runs: readonly ExportedRun[]): void {
  const faults = chainFaults(runs);
  if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
}

/** How often effects were had that had been had before. */
export function repetitions(effects: readonly Effect[]): number {
  return effects.length - new Set(effects.map(identityOf)).size;
}

/** @throws Broken if something whose result was recorded when a life began was done in it */
export function checkRepetitions(
  { isRunAfresh = false }: SceneRules,
  effects: readonly Effect[],
  recorded: ReadonlySet<string>,
): void {
  const again = effects.filter((effect) => isRecorded(recorded, effect, isRunAfresh));
  if (again.length > 0)
    throw new Broken(`Done again although its result was recorded: ${inspect(again)}`);
}

/**
 * An effect has one key whatever happens, and happens once more at most for each crash; an unsafe one not even then.
 *
 * @throws Broken if one does not
 */
export function checkEffects(scene: SceneRules, effects: readonly Effect[]): void {
  const { isRunAfresh = false, neverTwice = [] } = scene;
  if (!isRunAfresh) {
    checkKeys(effects);
    checkCounts(effects);
  }
  for (const name of neverTwice) {
    const had = effects.filter((effect) => effect.name === name).length;
    if (had !== 1) throw new Broken(`"${name}" was done ${had} times`);
  }
}

function checkKeys(effects: readonly Effect[]): void {
  const keys = new Map<string, string>();
  for (const effect of effects) {
    // An undo names its task alone, which several steps or the items of a map may share; its keys are compared with those of a run without kills.
    if (effect.kind === 'undo') continue;
    const path = `${effect.kind} ${effect.runId} ${effect.name} ${effect.isFallback === true}`;
    if ((keys.get(path) ?? effect.key) !== effect.key)
      throw new Broken(`Another key the second time: ${inspect(effect)}`);
    keys.set(path, effect.key);
  }
}

function checkCounts(effects: readonly Effect[]): void {
  for (const [identity, had] of Map.groupBy(effects, identityOf)) {
    const lives = had.map(({ life }) => life);
    if (new Set(lives).size < lives.length)
      throw new Broken(`Done more than once in one life: ${identity}`);
    if (had.length > 1 && had.some(({ isUnsafe }) => isUnsafe === true))
      throw new Broken(`Done again without a verdict: ${identity}`);
  }
}
