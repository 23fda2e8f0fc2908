import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { chainFaults } from '../../src/testing/crash/chain-faults.ts';
import { Broken, compare } from '../../src/testing/crash/compare.ts';
import { withPlaces } from '../../src/testing/crash/fault-store.ts';
import { createLife } from '../../src/testing/crash/life.ts';
import { exported, observe } from '../../src/testing/crash/observe.ts';
import { identityOf } from '../../src/testing/crash/stage.ts';
import { scenarios, setStage } from './support/count-up.ts';
import type { Scenario } from './support/scenarios.ts';
import { report } from './support/seed.ts';
import { live } from './support/session.ts';
import { checkPromises } from './support/trial.ts';

async function failOnce(scenario: Scenario, failAt: number) {
  const life = createLife({ number: 1, killAt: null, failAt });
  const stage = setStage(life);
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
