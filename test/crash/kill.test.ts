import { describe, expect, it } from 'vitest';
import { type KillTrial, killTrial, programs } from './support/kill-trial.ts';
import { createDraws, isFull, report, sample, seed } from './support/seed.ts';
import { Broken, compare } from './support/trial.ts';

/** Children that run at the same time. */
const width = 2;
const sampleSize = 14;

describe.each(['sqlite', 'lowdb'] as const)('kill -9 on %s', (kind) => {
  it.each(programs.map((program) => [program.name, program] as const))(
    '%s ends as without kills',
    async (name, program) => {
      const reference = await killTrial(program, kind, null);
      const { places } = reference;
      const draw = createDraws(`${kind} ${name}`);
      const killed: KillTrial[] = [];
      const killAt = async (at: number): Promise<void> => {
        try {
          const trial = await killTrial(program, kind, at);
          compare(trial, reference);
          if (trial.died !== null) killed.push(trial);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          const where = `killed at place ${at} (${places[at - 1]}), seed ${seed}`;
          throw new Broken(`${where}: ${why}`, { cause: error });
        }
      };
      const missing = () => {
        const hit = new Set(killed.map(({ died }) => died));
        return [...new Set(places)].filter((place) => !hit.has(place));
      };

      await inTurn(
        isFull ? places.map((_, index) => index + 1) : sample(places, sampleSize, draw),
        killAt,
      );
      // Which operation comes when depends on time a little: what was missed is tried again.
      for (let tries = 0; tries < 20 && missing().length > 0; tries += 1)
        await inTurn(
          missing().map((place) => positionOf(place, places, draw)),
          killAt,
        );

      const asked = killed.filter(({ wasAsked }) => wasAsked).length;
      const repeated = killed.reduce((sum, trial) => sum + trial.repeated, 0);
      report(
        `kill -9, ${kind}, ${name}: ${places.length} places, ${killed.length} kills, ${repeated} effects repeated, ${asked} times a person was asked (seed ${seed})`,
      );
      expect(missing(), 'not exercised').toEqual([]);
      expect(repeated + asked, 'killed between an effect and its record').toBeGreaterThan(0);
    },
    isFull ? 3_600_000 : 120_000,
  );
});

async function inTurn(
  places: readonly number[],
  work: (place: number) => Promise<void>,
): Promise<void> {
  const queue = [...places];
  const worker = async () => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) await work(place);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** A drawn one of the positions, from 1, of the place. */
function positionOf(place: string, places: readonly string[], draw: () => number): number {
  const positions = places.flatMap((other, index) => (other === place ? [index + 1] : []));
  return positions[Math.floor(draw() * positions.length)] ?? 1;
}
