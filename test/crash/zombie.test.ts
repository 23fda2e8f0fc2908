import { describe, expect, it } from 'vitest';
import { Broken, compare } from '../../src/testing/crash/compare.ts';
import { sample } from '../../src/testing/crash/draws.ts';
import { type SharedStore, sharedMemory, sharedSqlite } from '../../src/testing/crash/labs.ts';
import { standstillTrial } from '../../src/testing/crash/standstill.ts';
import { keyed, scenarios } from './support/count-up.ts';
import type { Scenario } from './support/scenarios.ts';
import { drawsOf, isFull, report, seed } from './support/seed.ts';
import { sceneOf } from './support/trial.ts';

const kinds: { readonly [kind: string]: () => SharedStore } = {
  memory: sharedMemory,
  sqlite: sharedSqlite,
};

const sampleSize = { memory: Number.POSITIVE_INFINITY, sqlite: 8 };
/** Of these places the other process stands still as well, at a drawn one. */
const pairedSize = 8;

async function suspend(kind: string, scenario: Scenario, suspendAt: readonly [number, number?]) {
  const shared = kinds[kind]?.();
  if (shared === undefined) throw new RangeError(kind);
  try {
    return await standstillTrial({
      scene: sceneOf(scenario),
      open: shared.open,
      createStage: keyed,
      suspendAt,
    });
  } finally {
    await shared.dispose();
  }
}

/** Whoever pauses a run acts on the clock: if a process stands still meanwhile, the pause rightly meets the run at another place. */
const comparable = scenarios.filter(({ name }) => name !== 'a run that is paused and resumed');

describe.each(['memory', 'sqlite'] as const)('two processes on a shared %s store', (kind) => {
  it.each(comparable.map((scenario) => [scenario.name, scenario] as const))(
    'one stands still for longer than its lease, the other takes over: %s',
    async (name, scenario) => {
      const draw = drawsOf(`zombie ${kind} ${name}`);
      const reference = await suspend(kind, scenario, [Number.POSITIVE_INFINITY]);
      const { places } = reference;
      const chosen = sample(places, isFull ? places.length : sampleSize[kind], draw);
      const paired = new Set(sample(places, isFull ? places.length : pairedSize, draw));
      let stops = 0;
      const stop = async (suspendAt: readonly [number, number?]) => {
        try {
          const trial = await suspend(kind, scenario, suspendAt);
          compare(trial, reference);
          stops += trial.stops.length;
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          const where = `stood still at ${suspendAt.join(', the other at ')} (${places[suspendAt[0] - 1]}), seed ${seed}`;
          throw new Broken(`${where}: ${why}`, { cause: error });
        }
      };

      for (const first of chosen) {
        await stop([first]);
        // Two people who decide on what they saw before they stood still contradict each other there.
        if (scenario.isRunAfresh === true || !paired.has(first)) continue;
        const pairs = isFull && kind === 'memory' ? places.length : 1;
        for (let pair = 0; pair < pairs; pair += 1)
          await stop([first, isFull ? pair + 1 : 1 + Math.floor(draw() * places.length)]);
      }

      report(
        `two processes, ${kind}: ${name}: ${places.length} places, ${stops} stops (seed ${seed})`,
      );
      expect(stops, 'not exercised').toBeGreaterThanOrEqual(chosen.length);
    },
    isFull ? 600_000 : 60_000,
  );
});
