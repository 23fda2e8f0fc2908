import { beforeAll, describe, expect, it } from 'vitest';
import { Broken, compare } from '../../src/testing/crash/compare.ts';
import { sample } from '../../src/testing/crash/draws.ts';
import { type Occurrence, occurrences } from '../../src/testing/kill/occurrence.ts';
import { type KillTrial, killTrial, programs } from './support/kill-trial.ts';
import { drawsOf, isFull, report, seed } from './support/seed.ts';

/** Children that run at the same time. */
const width = 2;
/** What a kill leaves at these depends on the program; at all others it depends on the store. */
const effects = /^(run|undo|mail|resumed)\./;

describe.each(['sqlite', 'lowdb'] as const)('kill -9 on %s', (kind) => {
  // Of compensation one store stands for both, unless the counts are full: in one process it is killed everywhere on both.
  const chosen = programs.filter(
    ({ name }) => isFull || kind === 'sqlite' || !name.startsWith('K-03'),
  );

  const references = new Map<string, KillTrial>();
  beforeAll(async () => {
    await inTurn(chosen, async (program) => {
      references.set(program.name, await killTrial(program, kind, null));
    });
  }, 60_000);

  /** The program in which a kind of place is tried; each of its own effects. In full every program is killed everywhere. */
  const isTriedIn = (name: string, place: string): boolean => {
    if (isFull || effects.test(place)) return true;
    const having = chosen.filter((program) => references.get(program.name)?.places.includes(place));
    return having[Math.floor(drawsOf(`${kind} ${place}`)() * having.length)]?.name === name;
  };

  it.each(chosen.map((program) => [program.name, program] as const))(
    '%s ends as without kills',
    async (name, program) => {
      const reference = references.get(name);
      if (reference === undefined) throw new Error(`No reference for ${name}`);
      const places = occurrences(reference.places);
      const kinds = [...new Set(reference.places)].filter((place) => isTriedIn(name, place));
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
        return kinds.filter((place) => !hit.has(place));
      };

      const tried = isFull
        ? places
        : sample(reference.places, 1, draw)
            .flatMap((position) => places[position - 1] ?? [])
            .filter(({ place }) => kinds.includes(place));
      await inTurn(tried, killAt);
      // How often the store is polled depends on time: what came less often in this life is tried at its first time.
      await inTurn(
        missing().map((place) => ({ place, nth: 1 })),
        killAt,
      );

      const asked = killed.filter(({ wasAsked }) => wasAsked).length;
      const repeated = killed.reduce((sum, trial) => sum + trial.repeated, 0);
      report(
        `kill -9, ${kind}, ${name}: ${places.length} places, ${kinds.length} kinds here, ${killed.length} kills, ${notReached.length} not reached, ${repeated} effects repeated, ${asked} times a person was asked (seed ${seed})`,
      );
      expect(missing(), 'not exercised').toEqual([]);
      expect(repeated + asked, 'killed between an effect and its record').toBeGreaterThan(0);
    },
    isFull ? 3_600_000 : 120_000,
  );
});

async function inTurn<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> {
  const queue = [...things];
  const worker = async () => {
    for (let thing = queue.shift(); thing !== undefined; thing = queue.shift()) await work(thing);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
