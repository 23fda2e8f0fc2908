import { mkdir, readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { PermanentError } from '../../src/index.ts';
import { dataPath } from '../files.ts';

export const Order = z.object({
  order_id: z.string(),
  customer_email: z.email(),
  status: z.string(),
  items: z.array(z.object({ article: z.string(), quantity: z.int().positive() })),
});
export type Order = z.infer<typeof Order>;

const Fields = z.record(z.string(), z.json());
export type Fields = z.infer<typeof Fields>;
const Row = z.object({ json: z.string() }).optional();
const Change = z.object({ record_id: z.string(), before: z.string() }).optional();

/** Reads and changes the database of orders in one transaction. At first use it holds the orders of `orders.json`. */
async function inDatabase<T>(use: (database: DatabaseSync) => T): Promise<T> {
  const samples = z
    .array(Order)
    .parse(JSON.parse(await readFile(new URL('orders.json', import.meta.url), 'utf8')));
  await mkdir(dataPath('order-completion'), { recursive: true });
  const database = new DatabaseSync(dataPath('order-completion', 'orders.db'));
  try {
    return inTransaction(database, samples, use);
  } finally {
    // Closing undoes a transaction that is still open.
    database.close();
  }
}

function inTransaction<T>(
  database: DatabaseSync,
  samples: readonly Order[],
  use: (database: DatabaseSync) => T,
): T {
  database.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
  database.exec(`
    CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS change (key TEXT PRIMARY KEY, record_id TEXT NOT NULL, before TEXT NOT NULL);`);
  const insert = database.prepare('INSERT OR IGNORE INTO record (id, json) VALUES (?, ?)');
  for (const order of samples) insert.run(order.order_id, JSON.stringify(order));
  const result = use(database);
  database.exec('COMMIT');
  return result;
}

/** @throws PermanentError if there is no such order */
export function findOrder(orderId: string): Promise<Order> {
  return inDatabase((database) => Order.parse(recordOf(database, orderId)));
}

/**
 * Changes fields of a record, once for each key.
 *
 * @throws PermanentError if there is no such record
 */
export function changeRecord(key: string, recordId: string, data: Fields): Promise<void> {
  return inDatabase((database) => {
    if (changeOf(database, key) !== undefined) return;
    const before = recordOf(database, recordId);
    database
      .prepare('INSERT INTO change (key, record_id, before) VALUES (?, ?, ?)')
      .run(key, recordId, JSON.stringify(before));
    write(database, recordId, JSON.stringify({ ...before, ...data }));
  });
}

/** Gives the record back what it held before the change with this key. Harmless to repeat. */
export function revertChange(key: string): Promise<void> {
  return inDatabase((database) => {
    const change = changeOf(database, key);
    if (change === undefined) return;
    write(database, change.record_id, change.before);
    database.prepare('DELETE FROM change WHERE key = ?').run(key);
  });
}

function recordOf(database: DatabaseSync, id: string): Fields {
  const row = Row.parse(database.prepare('SELECT json FROM record WHERE id = ?').get(id));
  if (row === undefined) throw new PermanentError(`There is no record "${id}"`);
  return Fields.parse(JSON.parse(row.json));
}

function changeOf(database: DatabaseSync, key: string) {
  return Change.parse(
    database.prepare('SELECT record_id, before FROM change WHERE key = ?').get(key),
  );
}

function write(database: DatabaseSync, id: string, json: string): void {
  database.prepare('UPDATE record SET json = ? WHERE id = ?').run(json, id);
}
