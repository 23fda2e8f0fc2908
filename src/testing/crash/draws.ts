/** Draws in [0, 1) that depend on the seed and the name alone (mulberry32). */
export function createDraws(name: string, seed: number): () => number {
  let state = seed;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `size` positions (from 1) of the list, at least one of every kind, the rest spread evenly. */
export function sample(
  kinds: readonly string[],
  size: number,
  draw: () => number,
): readonly number[] {
  if (size >= kinds.length) return kinds.map((_, index) => index + 1);
  const byKind = Map.groupBy(kinds.keys(), (index) => kinds[index] ?? '');
  const chosen = new Set<number>();
  for (const positions of byKind.values())
    chosen.add((positions[Math.floor(draw() * positions.length)] ?? 0) + 1);
  while (chosen.size < size) chosen.add(Math.floor(draw() * kinds.length) + 1);
  return [...chosen].sort((a, b) => a - b);
}
