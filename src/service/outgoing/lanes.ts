/** What is to be sent now, by endpoint: one that does not answer keeps only a few places, and the others go on. */
import { endpointIdOf } from './stored.ts';

export interface Lanes {
  add(key: string): void;
  /** The next one, of each endpoint in turn; `null`: nothing, or nothing there is a place for. */
  next(): string | null;
  /** Gives the place of what was the next one back. */
  done(key: string): void;
}

interface Lane {
  readonly waiting: string[];
  underWay: number;
}

export function createLanes(mostOfOne: number): Lanes {
  const lanes = new Map<string, Lane>();

  return {
    add(key) {
      const id = endpointIdOf(key);
      const lane = lanes.get(id) ?? { waiting: [], underWay: 0 };
      lane.waiting.push(key);
      lanes.set(id, lane);
    },
    next() {
      for (const [id, lane] of lanes) {
        const key = lane.underWay < mostOfOne ? lane.waiting.shift() : undefined;
        if (key === undefined) continue;
        lane.underWay += 1;
        // its next turn comes after the others'
        lanes.delete(id);
        lanes.set(id, lane);
        return key;
      }
      return null;
    },
    done(key) {
      const id = endpointIdOf(key);
      const lane = lanes.get(id);
      if (lane === undefined) return;
      lane.underWay -= 1;
      if (lane.underWay === 0 && lane.waiting.length === 0) lanes.delete(id);
    },
  };
}
