/** What was computed of a plan once; the least recently used goes first. */
export interface Memo<T> {
  get(key: string, compute: () => T): T;
}

export function createMemo<T>(size: number): Memo<T> {
  const known = new Map<string, T>();
  return {
    get(key, compute) {
      const found = known.has(key) ? (known.get(key) as T) : compute();
      known.delete(key);
      known.set(key, found);
      for (const oldest of known.keys()) {
        if (known.size <= size) break;
        known.delete(oldest);
      }
      return found;
    },
  };
}
