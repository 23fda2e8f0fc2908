/** One scene on one kind of store, killed at one or more places, started anew each time. */
import type { ExportedRun } from '../../ports/store.ts';
import { type Acknowledged, checkAcknowledged, noting } from './acknowledged.ts';
import { checkEffects, checkRepetitions, checkRuns, repetitions } from './checks.ts';
import { createLife, type Life, turns } from './life.ts';
import type { Medium } from './media.ts';
import { exported, type Observed, observe } from './observe.ts';
import { recordedIn } from './recorded.ts';
import type { Scene } from './scene.ts';
import type { Stage } from './stage.ts';

export interface Trial {
  readonly observed: Observed;
  /** Places at which lives ended. */
  readonly deaths: readonly string[];
  /** Places of the first life. */
  readonly places: readonly string[];
  /** Effects that were had once more after a crash. */
  readonly repeated: number;
  readonly isUndecided: boolean;
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
          isUndecided: stage.isUndecided,
        };
      }
      stage.life = begin();
      recorded = new Set();
    }
  } finally {
    await medium.dispose();
  }

  async function oneLife(life: Life): Promise<readonly ExportedRun[]> {
    const store = noting(await medium.open(life), life, (made) => acknowledged.push(made));
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
