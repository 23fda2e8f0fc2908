import { writeSync } from 'node:fs';
import type { Life } from '../crash/life.ts';
import type { Occurrence } from './occurrence.ts';

/** The life of this very process, which kills itself at a place as the kernel would: nothing after it runs, nothing is flushed. */
export function createMortalLife(
  number: number,
  killAt: Occurrence | null,
  beforeDeath: (place: string) => void,
): Life {
  const places: string[] = [];
  const never = new Promise<never>(() => {});
  let seen = 0;
  function reach(place: string): void {
    places.push(place);
    if (killAt === null || killAt.place !== place) return;
    seen += 1;
    if (seen !== killAt.nth) return;
    beforeDeath(place);
    process.kill(process.pid, 'SIGKILL');
    // the signal may take a moment
    for (;;);
  }
  return {
    number,
    isOver: false,
    endedAt: null,
    places,
    over: never,
    suspended: never,
    wasSuspended: false,
    resume() {},
    reach,
    async pass(place) {
      reach(place);
    },
    gate: (work) => work,
  };
}

/** Written at once, so that it is out before the process dies. */
export function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
