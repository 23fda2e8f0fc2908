/** Of several processes on one store, one works on a batch: two would see each other's actions, and tell them as runs that were skipped. */
import { z } from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { updateRecord } from '../update-record.ts';

export interface Holding {
  /** For a while; call it again before each group. @returns whether the batch is this process's to work on */
  take(batchId: string): Promise<boolean>;
  release(batchId: string): Promise<void>;
}

const collection = 'batch-holders';
/** After a crash another process goes on then. */
const heldForMs = 15_000;

const Holder = z.object({ owner: z.string(), untilMs: z.number() });

/** @param owner - another one in each process */
export function createHolding(
  store: Pick<Store, 'record' | 'saveRecords' | 'shared'>,
  clock: Pick<Clock, 'nowMs'>,
  owner: string,
): Holding {
  return {
    async take(batchId) {
      if (!store.shared) return true;
      let isOurs = false;
      await updateRecord(store, collection, batchId, (record) => {
        const nowMs = clock.nowMs();
        const holder = record === null ? null : Holder.parse(record.value);
        isOurs = holder === null || holder.owner === owner || holder.untilMs <= nowMs;
        return isOurs ? { owner, untilMs: nowMs + heldForMs } : undefined;
      });
      return isOurs;
    },
    async release(batchId) {
      if (!store.shared) return;
      await updateRecord(store, collection, batchId, (record) =>
        record !== null && Holder.parse(record.value).owner === owner ? null : undefined,
      );
    },
  };
}
