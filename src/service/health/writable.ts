/** Whether the store can be written. Reading alone does not tell: it goes on while the disk is full. */
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';

export interface Writable {
  /** `null`: it can; otherwise what it said. Asked of the store every five seconds at most, however often others ask. */
  fault(): Promise<string | null>;
}

const collection = 'probes';
const key = 'writable';
const knownForMs = 5_000;

export function createWritable({
  store,
  clock,
}: {
  readonly store: Pick<Store, 'readOnly' | 'record' | 'saveRecords'>;
  readonly clock: Clock;
}): Writable {
  let last: Promise<string | null> | null = null;
  let askedMs = 0;

  async function write(): Promise<string | null> {
    try {
      const record = await store.record(collection, key);
      const value = { atMs: clock.nowMs() };
      // that another process was faster is as good
      await store.saveRecords([
        { collection, key, expectedRevision: record?.revision ?? 0, value },
      ]);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  return {
    fault() {
      if (store.readOnly) return Promise.resolve(null);
      const nowMs = clock.monotonicMs();
      if (last === null || nowMs - askedMs >= knownForMs) {
        askedMs = nowMs;
        last = write();
      }
      return last;
    },
  };
}
