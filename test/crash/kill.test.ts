import { describe, expect, it } from 'vitest';
import { Broken, compare } from '../../src/testing/crash/compare.ts';
import { sample } from '../../src/testing/crash/draws.ts';
import { type Occurrence, occurrences } from '../../src/testing/kill/occurrence.ts';
import { type KillTrial, killTrial, programs } from './support/kill-trial.ts';
import { drawsOf, isFull, report, seed } from './support/seed.ts';

/** Children that run at the same time. */
const width = 2;
const sampleSize = 2;

describe.each(['sqlite', 'lowdb'] as const)('kill -9 on %s', (kind) => {
  // Of compensation one store stands for both, unless the counts are full: in one process it is killed everywhere on both.
  const chosen = programs.filter(
    ({ name }) => isFull || kind === 'sqlite' || !name.startsWith('K-03'),
  );

  it.each(chosen.map((program) => [program.name, program] as const))(
    '%s ends as without kills',
    async (name, program) => {
      const reference = await killTrial(program, kind, null);
      const places = occurrences(reference.places);
      const draw = drawsOf(`${kind} ${name}`);
      const killed: KillTrial[] = [];
      const notReached: Occurrence[] = [];
      const killAt = async (at: Occurrence): Promise<void> => {
        try {
          const trial = await killTrial(program, kind, at);
          compare(trial, reference);
          if (trial.died === null) notReached.push(at);
          else killed.push(trial);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          const where = `killed at ${at.place}, time ${at.nth}, seed ${seed}`;
          throw new Broken(`${where}: ${why}`, { cause: error });
        }
      };
      const missing = () => {
        const hit = new Set(killed.map(({ died }) => died));
        return [...new Set(reference.places)].filter((place) => !hit.has(place));
      };

      const positions = isFull
        ? [...places.keys()]
        : sample(reference.places, sampleSize, draw).map((position) => position - 1);
      await inTurn(
        positions.flatMap((position) => places[position] ?? []),
        killAt,
      );
      // How often the store is polled depends on time: what came less often in this life is tried at its first time.
      await inTurn(
        missing().map((place) => ({ place, nth: 1 })),
        killAt,
      );

      const asked = killed.filter(({ wasAsked }) => wasAsked).length;
      const repeated = killed.reduce((sum, trial) => sum + trial.repeated, 0);
      report(
        `kill -9, ${kind}, ${name}: ${places.length} places, ${killed.length} kills, ${notReached.length} not reached, ${repeated} effects repeated, ${asked} times a person was asked (seed ${seed})`,
      );
      expect(missing(), 'not exercised').toEqual([]);
      expect(repeated + asked, 'killed between an effect and its record').toBeGreaterThan(0);
    },
    isFull ? 3_600_000 : 120_000,
  );
});

async function inTurn(
  places: readonly Occurrence[],
  work: (place: Occurrence) => Promise<void>,
): Promise<void> {
  const queue = [...places];
  const worker = async () => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) await work(place);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
