/** The database that is loaded. A batch and the key of the step that loads it are written in one transaction, so both are there or neither. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { PermanentError, TransientError } from '../../src/index.ts';
import type { Order, Transformed } from './order.ts';

/** Waiting blocks the whole process, so it is short; the retry of the step is the patient one. */
const busyTimeoutMs = 250;
/** Result codes of SQLite that say: somebody else is writing. */
const busy = 5;
const locked = 6;

const Batch = z.object({
  batch_id: z.int(),
  status: z.enum(['loaded', 'undone']),
  loaded: z.int(),
  rejected: z.int(),
});
const Count = z.object({ count: z.int() });

export type LoadedBatch = {
  batch_id: number;
  /** Rows in the table of orders. */
  loaded: number;
  /** Rows kept aside with the reason. */
  rejected: number;
};

export interface BatchToLoad {
  /** The same for every attempt at this batch. */
  readonly key: string;
  /** The load it belongs to. */
  readonly loadId: string;
  /** From 0, in the order of the file. */
  readonly index: number;
  readonly rows: readonly Transformed[];
}

/**
 * Loads a batch, unless an earlier attempt already has.
 *
 * @throws TransientError if the database is busy
 * @throws PermanentError if the batch was undone: a late attempt must not bring it back
 */
export function loadBatch(path: string, batch: BatchToLoad): LoadedBatch {
  return inTransaction(path, (database) => {
    const earlier = database.prepare('SELECT * FROM batches WHERE key = ?').get(batch.key);
    if (earlier !== undefined) {
      const { status, ...found } = Batch.parse(earlier);
      if (status === 'loaded') return found;
      throw new PermanentError(`Batch ${batch.index} of load "${batch.loadId}" was undone`);
    }
    const orders = batch.rows.flatMap((row) => (row.ok ? [row.order] : []));
    const rejected = batch.rows.length - orders.length;
    const { lastInsertRowid } = database
      .prepare(
        `INSERT INTO batches (key, load_id, batch_index, status, loaded, rejected)
         VALUES (?, ?, ?, 'loaded', ?, ?)`,
      )
      .run(batch.key, batch.loadId, batch.index, orders.length, rejected);
    const batchId = Number(lastInsertRowid);
    insertOrders(database, batchId, orders);
    insertRejected(database, batchId, batch.rows);
    return { batch_id: batchId, loaded: orders.length, rejected };
  });
}

/** Deletes the rows of a batch; its key stays as undone. Harmless to repeat. */
export function unloadBatch(path: string, batchId: number): void {
  inTransaction(path, (database) => {
    for (const table of ['orders', 'rejected'])
      database.prepare(`DELETE FROM ${table} WHERE batch_id = ?`).run(batchId);
    database.prepare(`UPDATE batches SET status = 'undone' WHERE batch_id = ?`).run(batchId);
  });
}

/** Rows of a load that are in the table of orders, counted there. */
export function countLoaded(path: string, loadId: string): number {
  return inTransaction(path, (database) => {
    const row = database
      .prepare(
        `SELECT count(*) AS count FROM batches JOIN orders USING (batch_id)
          WHERE load_id = ? AND status = 'loaded'`,
      )
      .get(loadId);
    return Count.parse(row).count;
  });
}

function insertOrders(database: DatabaseSync, batchId: number, orders: readonly Order[]): void {
  const insert = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (const { orderId, orderedOn, email, product, quantity, totalCents, note } of orders)
    insert.run(batchId, orderId, orderedOn, email, product, quantity, totalCents, note);
}

function insertRejected(
  database: DatabaseSync,
  batchId: number,
  rows: readonly Transformed[],
): void {
  const insert = database.prepare('INSERT INTO rejected VALUES (?, ?, ?)');
  for (const [index, row] of rows.entries()) if (!row.ok) insert.run(batchId, index, row.reason);
}

function inTransaction<T>(path: string, work: (database: DatabaseSync) => T): T {
  mkdirSync(dirname(path), { recursive: true });
  try {
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
      try {
        database.exec(tables);
        const result = work(database);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    } finally {
      database.close();
    }
  } catch (error) {
    if (
      error instanceof Error &&
      'errcode' in error &&
      [busy, locked].includes(Number(error.errcode))
    )
      throw new TransientError('The warehouse is busy', { cause: error });
    throw error;
  }
}

const tables = `
  CREATE TABLE IF NOT EXISTS batches (
    batch_id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    load_id TEXT NOT NULL,
    batch_index INTEGER NOT NULL,
    status TEXT NOT NULL,
    loaded INTEGER NOT NULL,
    rejected INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    batch_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    ordered_on TEXT NOT NULL,
    email TEXT NOT NULL,
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    note TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS orders_by_batch ON orders (batch_id);
  CREATE TABLE IF NOT EXISTS rejected (
    batch_id INTEGER NOT NULL,
    row_index INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS rejected_by_batch ON rejected (batch_id);
`;
