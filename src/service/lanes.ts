/** What is to be sent now, by whom it is sent to: one that does not answer keeps only a few places, and the others go on. */
export interface Lanes {
  /** Once however often it is added before its turn. */
  add(lane: string, key: string): void;
  /** The next one, of each lane in turn; `null`: nothing, or nothing there is a place for. */
  next(): { readonly lane: string; readonly key: string } | null;
  /** Gives the place of what was the next one back. */
  done(lane: string): void;
}

interface Lane {
  readonly waiting: Set<string>;
  underWay: number;
}

/** @param mostOf - places of a lane */
export function createLanes(mostOf: (lane: string) => number): Lanes {
  const lanes = new Map<string, Lane>();

  return {
    add(name, key) {
      const lane = lanes.get(name) ?? { waiting: new Set(), underWay: 0 };
      lane.waiting.add(key);
      lanes.set(name, lane);
    },
    next() {
      for (const [name, lane] of lanes) {
        const [key] = lane.underWay < mostOf(name) ? lane.waiting : [];
        if (key === undefined) continue;
        lane.waiting.delete(key);
        lane.underWay += 1;
        // its next turn comes after the others'
        lanes.delete(name);
        lanes.set(name, lane);
        return { lane: name, key };
      }
      return null;
    },
    done(name) {
      const lane = lanes.get(name);
      if (lane === undefined) return;
      lane.underWay -= 1;
      if (lane.underWay === 0 && lane.waiting.size === 0) lanes.delete(name);
    },
  };
}
