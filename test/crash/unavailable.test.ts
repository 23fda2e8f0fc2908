import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { scenarios, setStage } from './support/count-up.ts';
import { withPlaces } from './support/fault-store.ts';
import { createLife } from './support/life.ts';
import { chainFaults, exported, observe } from './support/observed.ts';
import type { Scenario } from './support/scenarios.ts';
import { report } from './support/seed.ts';
import { live } from './support/session.ts';
import { createStage } from './support/stage.ts';
import { Broken, checkPromises, compare, identityOf } from './support/trial.ts';

async function failOnce(scenario: Scenario, failAt: number) {
  const life = createLife({ number: 1, killAt: null, failAt });
  const stage = createStage(life);
  setStage(stage);
  const store = createMemoryStore();
  await live(scenario, stage, withPlaces(store, life));
  const runs = await exported(store);
  const faults = chainFaults(runs);
  if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
  await checkPromises(scenario, stage, runs, store);
  const done = scenario.isRunAfresh === true ? [] : stage.effects;
  return {
    observed: observe(runs, stage.effects, { ...scenario, mayNote: true }),
    places: life.places,
    repeated: done.length - new Set(done.map(identityOf)).size,
  };
}

describe('a store that is unavailable once, before or after a write', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'costs no effect twice, and the process goes on: %s',
    async (name, scenario) => {
      const reference = await failOnce(scenario, 0);
      let repeated = 0;
      for (const [index, place] of reference.places.entries()) {
        try {
          const trial = await failOnce(scenario, index + 1);
          compare(trial, reference);
          repeated += trial.repeated;
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          throw new Broken(`failed at place ${index + 1} (${place}): ${why}`, { cause: error });
        }
      }

      report(
        `unavailable: ${name}: ${reference.places.length} places, ${repeated} effects repeated`,
      );
      expect(repeated).toBe(0);
    },
    60_000,
  );
});
