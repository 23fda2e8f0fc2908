/** What happens when, earliest first; of what happens at the same time, first what was planned first. A binary heap. */
export interface Agenda {
  readonly nowMs: number;
  /** @returns forgets it; too late once it has happened */
  after(delayMs: number, happen: () => void): () => void;
  /** Lets the next thing happen; `false` if there is none. */
  next(): boolean;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  happen: (() => void) | null;
}

export function createAgenda(): Agenda {
  const heap: Entry[] = [];
  let nowMs = 0;
  let order = 0;

  const isBefore = (a: Entry, b: Entry) =>
    a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  function rise(entry: Entry): void {
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above];
      if (other === undefined || !isBefore(entry, other)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = entry;
  }

  function take(): Entry | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right;
        below += 1;
      }
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    after(delayMs, happen) {
      const entry: Entry = { atMs: nowMs + Math.max(0, delayMs), order, happen };
      order += 1;
      rise(entry);
      return () => {
        entry.happen = null;
      };
    },
    next() {
      for (let entry = take(); entry !== undefined; entry = take()) {
        const { happen, atMs } = entry;
        if (happen === null) continue;
        nowMs = atMs;
        happen();
        return true;
      }
      return false;
    },
  };
}
