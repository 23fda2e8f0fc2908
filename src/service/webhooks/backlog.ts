/** Keys of deliveries that wait, oldest first: a bounded number of them in memory, the others in the store alone, so that a million cost no memory. */
export interface Backlog {
  /** One more is in the store. */
  add(key: string): void;
  /** One that is in the store, and may be counted: where more are there than here, they are read anyway. */
  find(key: string): void;
  /** The next one; `undefined` if none is here now. It is known until it is done. */
  next(): string | undefined;
  /** Its turn comes again. */
  repeat(key: string): void;
  done(key: string): void;
  /** Those that are not done, here and in the store. */
  count(): number;
  /** Resolves when nothing is being read. */
  settled(): Promise<void>;
}

export interface BacklogParts {
  /** Those in the store, oldest first. */
  readonly storedKeys: () => AsyncIterable<string>;
  readonly maxInMemory: number;
  /** Others have been read. */
  readonly onFilled: () => void;
  /** They could not be read; the next call of `next` tries again. */
  readonly onFailed: (error: unknown) => void;
}

export function createBacklog({
  storedKeys,
  maxInMemory,
  onFilled,
  onFailed,
}: BacklogParts): Backlog {
  /** Those before `taken` are cut off now and then, since to shift a long list each time costs more than the work. */
  let queue: string[] = [];
  let taken = 0;
  const known = new Set<string>();
  let count = 0;
  let isMoreInStore = false;
  let filling: Promise<void> | null = null;

  /** @returns `false`: it stays in the store */
  function enqueue(key: string): boolean {
    if (known.has(key)) return true;
    if (queue.length - taken >= maxInMemory) return false;
    known.add(key);
    queue.push(key);
    return true;
  }

  async function fill(): Promise<void> {
    isMoreInStore = false;
    try {
      for await (const key of storedKeys()) {
        if (enqueue(key)) continue;
        isMoreInStore = true;
        break;
      }
    } catch (error) {
      isMoreInStore = true;
      filling = null;
      return onFailed(error);
    }
    filling = null;
    // whatever another process has done is not counted any more
    if (!isMoreInStore) count = known.size;
    onFilled();
  }

  function add(key: string): void {
    if (known.has(key)) return;
    count += 1;
    // behind those that are in the store alone
    if (isMoreInStore || !enqueue(key)) isMoreInStore = true;
  }

  return {
    add,
    find(key) {
      if (!isMoreInStore) add(key);
    },
    next() {
      const key = queue[taken];
      if (key === undefined) {
        if (isMoreInStore) filling ??= fill();
        return undefined;
      }
      taken += 1;
      if (taken >= maxInMemory) {
        queue = queue.slice(taken);
        taken = 0;
      }
      return key;
    },
    repeat: (key) => void queue.push(key),
    done(key) {
      if (known.delete(key)) count -= 1;
    },
    count: () => count,
    settled: async () => filling ?? undefined,
  };
}
