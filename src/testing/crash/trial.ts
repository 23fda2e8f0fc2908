/** One scene on one kind of store, killed at one or more places, started anew each time. */
import { inspect } from 'node:util';
import type { ExportedRun } from '../../ports/store.ts';
import { type Acknowledged, checkAcknowledged, noting } from './acknowledged.ts';
import { chainFaults } from './chain-faults.ts';
import { Broken } from './compare.ts';
import { createLife, type Life, turns } from './life.ts';
import type { Medium } from './media.ts';
import { exported, type Observed, observe } from './observe.ts';
import { isRecorded, recordedIn } from './recorded.ts';
import type { Scene, SceneRules } from './scene.ts';
import { type Effect, identityOf, type Stage } from './stage.ts';

export interface Trial {
  readonly observed: Observed;
  /** Places at which lives ended. */
  readonly deaths: readonly string[];
  /** Places of the first life. */
  readonly places: readonly string[];
  /** Effects that were had once more after a crash. */
  readonly repeated: number;
}

export interface TrialOptions<S extends Stage> {
  readonly scene: Scene<S>;
  readonly medium: Medium;
  createStage(life: Life): S;
  /** Where the first life ends, where the second, …, counted from 1; after that nobody dies. */
  readonly kills: readonly number[];
}

/** @throws Broken if something promised was not kept; whatever the scene throws if its runs do not come to their end */
export async function attempt<S extends Stage>(options: TrialOptions<S>): Promise<Trial> {
  const { scene, medium, kills } = options;
  const lives: Life[] = [];
  const begin = (): Life => {
    const killAt = kills[lives.length] ?? null;
    const life = createLife({ number: lives.length + 1, killAt, onEnd: () => medium.onEnd?.() });
    lives.push(life);
    return life;
  };
  const stage = options.createStage(begin());
  const acknowledged: Acknowledged[] = [];
  let recorded: ReadonlySet<string> = new Set();
  try {
    for (;;) {
      const { life } = stage;
      const first = stage.effects.length;
      const ended = await Promise.race([oneLife(life), life.over]);
      await turns(5);
      checkRepetitions(scene, stage.effects.slice(first), recorded);
      if (ended !== undefined) {
        checkRuns(ended);
        checkEffects(scene, stage.effects);
        return {
          observed: observe(ended, stage.effects, scene),
          deaths: lives.flatMap(({ endedAt }) => endedAt ?? []),
          places: lives[0]?.places ?? [],
          repeated: repetitions(stage.effects),
        };
      }
      stage.life = begin();
      recorded = new Set();
    }
  } finally {
    await medium.dispose();
  }

  async function oneLife(life: Life): Promise<readonly ExportedRun[]> {
    const store = noting(await medium.open(life), life, acknowledged);
    const check = async (): Promise<readonly ExportedRun[]> => {
      const runs = await exported(store);
      if (scene.mayForget !== true) await checkAcknowledged(acknowledged, runs, store);
      await scene.check?.(stage, runs, store);
      return runs;
    };
    recorded = recordedIn(await check());
    await scene.play(stage, store);
    const runs = await check();
    await store.close();
    return runs;
  }
}

/** @throws Broken if an audit chain does not verify */
export function checkRuns(runs: readonly ExportedRun[]): void {
  const faults = chainFaults(runs);
  if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
}

/** How often effects were had that had been had before. */
export function repetitions(effects: readonly Effect[]): number {
  return effects.length - new Set(effects.map(identityOf)).size;
}

/** Nothing whose result was recorded when the life began was done in it. */
function checkRepetitions(
  { isRunAfresh = false }: SceneRules,
  effects: readonly Effect[],
  recorded: ReadonlySet<string>,
): void {
  const again = effects.filter((effect) => isRecorded(recorded, effect, isRunAfresh));
  if (again.length > 0)
    throw new Broken(`Done again although its result was recorded: ${inspect(again)}`);
}

/** An effect has one key whatever happens, and happens once more at most for each crash; an unsafe one not even then. */
function checkEffects(scene: SceneRules, effects: readonly Effect[]): void {
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
    const path = `${effect.kind} ${effect.runId} ${effect.name}`;
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
