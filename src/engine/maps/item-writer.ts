import { SignalboxError } from '../../errors.ts';
import type { Fence, MapItem, Store } from '../../ports/store.ts';
import { type PersistDeps, persist } from '../persist.ts';

interface ItemWriterDeps extends PersistDeps {
  readonly store: Pick<Store, 'saveItems'>;
}

/** Writes rows of one map in groups; a write resolves once its row is durable. */
export interface ItemWriter {
  /** @throws SignalboxError `LEASE_LOST` if the run is another's now */
  write(row: MapItem): Promise<void>;
  flush(): Promise<void>;
}

export function createItemWriter(deps: ItemWriterDeps, fence: Fence): ItemWriter {
  let rows: MapItem[] = [];
  let group: Promise<void> | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function save(previous: Promise<void>): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await previous.catch(() => {});
    const batch = rows;
    rows = [];
    group = null;
    if (batch.length === 0) return;
    const saved = await persist(deps, () => deps.store.saveItems(batch, fence));
    if (!saved)
      throw new SignalboxError(
        'LEASE_LOST',
        `Run "${fence.runId}" is another process's now; items of its map were not written`,
        { details: { runId: fence.runId } },
      );
  }

  return {
    write(row) {
      rows.push(row);
      if (group === null) {
        group = save(writing);
        writing = group;
      }
      return group;
    },
    flush: () => writing,
  };
}
