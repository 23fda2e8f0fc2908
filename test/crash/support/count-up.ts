/** Count-up injection: each scenario once undisturbed, then killed at the first place, the second, … and compared. */
import { describe, expect, it } from 'vitest';
import { Broken, compare } from '../../../src/testing/crash/compare.ts';
import { sample } from '../../../src/testing/crash/draws.ts';
import type { Life } from '../../../src/testing/crash/life.ts';
import type { Medium } from '../../../src/testing/crash/media.ts';
import { attempt, type Trial } from '../../../src/testing/crash/trial.ts';
import { createScenarios, type Scenario } from './scenarios.ts';
import { drawsOf, isFull, report, seed } from './seed.ts';
import { createStage, type Stage } from './stage.ts';
import { sceneOf } from './trial.ts';

let stage: Stage;
/** The stage on which the handlers of the scenarios act from now on. */
export function setStage(life: Life): Stage {
  stage = createStage(life);
  return stage;
}
/** Starts have a key on it. */
export function keyed(life: Life): Stage {
  setStage(life).isKeyed = true;
  return stage;
}

export const scenarios = createScenarios(() => stage);

export function perform(
  scenario: Scenario,
  medium: Medium,
  kills: readonly number[],
): Promise<Trial> {
  return attempt({ scene: sceneOf(scenario), medium, createStage: setStage, kills });
}

export interface CountUpOptions {
  createMedium(draw: () => number): Medium;
  /** Places tried of each scenario unless the full count is asked for; at least one of every kind is. */
  readonly sampleSize: number;
  /** Kinds of places that every scenario has to have been killed at. */
  readonly windows: readonly string[];
  readonly hasStoreWindows: boolean;
  /** Kills the second life as well: at a drawn place, or, in full, at every place up to `second`. */
  readonly second?: number;
}

export function describeCountUp(title: string, options: CountUpOptions): void {
  describe(title, () => {
    report(`${title}: seed ${seed}${isFull ? ', all places' : ''}`);
    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
      '%s',
      async (_, scenario) => {
        const draw = drawsOf(`${title} ${scenario.name}`);
        const reference = await perform(scenario, options.createMedium(draw), []);
        const chosen = isFull ? null : sample(reference.places, options.sampleSize, draw);
        const deaths: string[] = [];
        let repeated = 0;
        const kill = async (kills: readonly number[]): Promise<boolean> => {
          try {
            const trial = await perform(scenario, options.createMedium(draw), kills);
            compare(trial, reference);
            deaths.push(...trial.deaths);
            repeated += trial.repeated;
            return trial.deaths.length === kills.length;
          } catch (error) {
            const where = `killed at place ${kills.join(', then ')} (${reference.places[(kills[0] ?? 1) - 1]}), seed ${seed}`;
            throw new Broken(
              `${where}: ${error instanceof Error ? error.message : String(error)}`,
              { cause: error },
            );
          }
        };

        for (const first of chosen ?? count()) {
          if (options.second === undefined) {
            if (!(await kill([first])) && chosen === null) break;
          } else if (!(await killTwice(first, options.second, draw, kill)) && chosen === null)
            break;
        }

        report(
          `${title}: ${scenario.name}: ${reference.places.length} places, ${deaths.length} deaths, ${repeated} effects repeated`,
        );
        const expected = [...options.windows, ...(options.hasStoreWindows ? scenario.windows : [])];
        expect(
          expected.filter((window) => !deaths.includes(window)),
          'not exercised',
        ).toEqual([]);
        // A sample need not hold the one place at which what must not be repeated is.
        if (isFull) expect(repeated, 'killed between an effect and its record').toBeGreaterThan(0);
      },
      isFull ? 600_000 : 60_000,
    );
  });
}

/** @returns whether the first life was ended at its place, if all are tried */
async function killTwice(
  first: number,
  last: number,
  draw: () => number,
  kill: (kills: readonly number[]) => Promise<boolean>,
): Promise<boolean> {
  if (!isFull) return kill([first, 1 + Math.floor(draw() * last)]);
  if (!(await kill([first]))) return false;
  for (let second = 1; second <= last; second += 1) if (!(await kill([first, second]))) break;
  return true;
}

function* count(): Generator<number> {
  for (let place = 1; place <= 10_000; place += 1) yield place;
}
