/** Batches as the store keeps them: the batch, the runs it means, and what became of each. */
import { z } from 'zod';
import { Batch } from '../../api/batches.ts';
import type { RecordChange, Store } from '../../ports/store.ts';

const batchesName = 'batches';
const runsName = 'batch-runs';
const itemsName = 'batch-items';
/** Run ids in one record. */
const chunkSize = 500;

export interface KeptBatch {
  readonly revision: number;
  readonly batch: Batch;
}

const Chunk = z.object({ runIds: z.array(z.string()) });
export const Item = z.object({
  runId: z.string(),
  outcome: z.enum(['done', 'skipped', 'failed']),
  message: z.string().nullable(),
});
export type Item = z.output<typeof Item>;

/** Runs that are dealt with, from the first on. */
export function progressOf({ done, skipped, failed }: Batch): number {
  return done + skipped + failed;
}

export function createBatchRecords(store: Pick<Store, 'record' | 'records' | 'saveRecords'>) {
  return {
    /** @returns `false` if there is one of that id */
    create(batch: Batch, runIds: readonly string[]): Promise<boolean> {
      const chunks = Array.from({ length: Math.ceil(runIds.length / chunkSize) }, (_, index) => ({
        collection: runsName,
        key: keyOf(batch.batchId, index),
        expectedRevision: 0,
        value: { runIds: runIds.slice(index * chunkSize, (index + 1) * chunkSize) },
      }));
      return store.saveRecords([
        ...chunks,
        { collection: batchesName, key: batch.batchId, expectedRevision: 0, value: { ...batch } },
      ]);
    },
    async get(batchId: string): Promise<KeptBatch | null> {
      const record = await store.record(batchesName, batchId);
      return record === null
        ? null
        : { revision: record.revision, batch: Batch.parse(record.value) };
    },
    async list(limit: number, before?: string): Promise<readonly KeptBatch[]> {
      const page = await store.records(batchesName, {
        order: 'descending',
        limit,
        ...(before === undefined ? {} : { before }),
      });
      return page.map(({ revision, value }) => ({ revision, batch: Batch.parse(value) }));
    },
    /** Ids from a position on, up to the end of their record. */
    async runIds(batchId: string, from: number): Promise<readonly string[]> {
      const record = await store.record(runsName, keyOf(batchId, Math.floor(from / chunkSize)));
      return record === null ? [] : Chunk.parse(record.value).runIds.slice(from % chunkSize);
    },
    /**
     * Writes how the batch stands now and what became of the next runs, in one.
     *
     * @returns `false` if somebody else has changed it: nothing is written
     */
    save({ revision, batch }: KeptBatch, from = 0, items: readonly Item[] = []): Promise<boolean> {
      const rows: RecordChange[] = items.map((item, index) => ({
        collection: itemsName,
        key: keyOf(batch.batchId, from + index),
        expectedRevision: 0,
        value: { ...item },
      }));
      return store.saveRecords([
        ...rows,
        {
          collection: batchesName,
          key: batch.batchId,
          expectedRevision: revision,
          value: { ...batch },
        },
      ]);
    },
    async items(batchId: string, from: number, limit: number): Promise<readonly Item[]> {
      const page = await store.records(itemsName, {
        prefix: `${batchId}/`,
        ...(from === 0 ? {} : { after: keyOf(batchId, from - 1) }),
        limit,
      });
      return page.map(({ value }) => Item.parse(value));
    },
  };
}

function keyOf(batchId: string, index: number): string {
  return `${batchId}/${String(index).padStart(8, '0')}`;
}
