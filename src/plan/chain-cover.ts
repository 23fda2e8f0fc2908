/** How few branches hold steps that wait for each other. */

/**
 * Fewest chains of a partial order (Dilworth): a largest matching between predecessors and successors in the transitive closure.
 * Augmenting paths are searched without recursion.
 *
 * @param segment - steps in an order that agrees with `precedence`
 * @returns each step in one chain, in order
 */
export function chainCover(
  segment: readonly string[],
  precedence: ReadonlyMap<string, readonly string[]>,
): string[][] {
  const size = segment.length;
  const ancestors = ancestorsOf(segment, precedence);
  const precedes = (a: number, b: number) =>
    ((ancestors[b]?.[a >>> 5] ?? 0) & (1 << (a & 31))) !== 0;
  const next = new Int32Array(size).fill(-1);
  const previous = new Int32Array(size).fill(-1);
  // Direct neighbours first: most of the matching is found without searching.
  for (let b = 0; b < size; b += 1) {
    for (let a = b - 1; a >= 0; a -= 1) {
      if (next[a] === -1 && precedes(a, b)) {
        next[a] = b;
        previous[b] = a;
        break;
      }
    }
  }
  for (let start = 0; start < size; start += 1) {
    if (next[start] === -1) augment(start, size, precedes, next, previous);
  }
  const chains: string[][] = [];
  for (let first = 0; first < size; first += 1) {
    if (previous[first] !== -1) continue;
    const chain: string[] = [];
    for (let at = first; at !== -1; at = next[at] ?? -1) chain.push(segment[at] ?? '');
    chains.push(chain);
  }
  return chains;
}

/** One bit for each step that comes before, directly or not, by position in the segment. */
function ancestorsOf(
  segment: readonly string[],
  precedence: ReadonlyMap<string, readonly string[]>,
): readonly Uint32Array[] {
  const indexOf = new Map(segment.map((step, index) => [step, index]));
  const words = Math.ceil(segment.length / 32);
  const ancestors: Uint32Array[] = [];
  for (const step of segment) {
    const own = new Uint32Array(words);
    for (const before of precedence.get(step) ?? []) {
      const other = indexOf.get(before);
      const theirs = other === undefined ? undefined : ancestors[other];
      if (other === undefined || theirs === undefined) continue;
      for (const [word, bits] of theirs.entries()) own[word] = (own[word] ?? 0) | bits;
      own[other >>> 5] = (own[other >>> 5] ?? 0) | (1 << (other & 31));
    }
    ancestors.push(own);
  }
  return ancestors;
}

/** Lengthens the matching by one edge, if a path to an unmatched step leads from `start`. */
function augment(
  start: number,
  size: number,
  precedes: (a: number, b: number) => boolean,
  next: Int32Array,
  previous: Int32Array,
): void {
  const reachedFrom = new Int32Array(size).fill(-1);
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (let b = at + 1; b < size; b += 1) {
      if (reachedFrom[b] !== -1 || !precedes(at, b)) continue;
      reachedFrom[b] = at;
      const owner = previous[b] ?? -1;
      if (owner !== -1) {
        queue.push(owner);
        continue;
      }
      let successor = b;
      while (true) {
        const from = reachedFrom[successor] ?? start;
        const displaced = next[from] ?? -1;
        next[from] = successor;
        previous[successor] = from;
        if (from === start) return;
        successor = displaced;
      }
    }
  }
}
