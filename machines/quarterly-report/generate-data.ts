/**
 * Makes the orders database that the reports read: 1,500 orders from 2025-01-01 to 2025-03-31, the same ones every time.
 * `node machines/quarterly-report/generate-data.ts [path]` writes it by hand; the reports make it themselves at first use.
 */

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dataPath } from '../files.ts';
import { seededRandom } from '../seeded-random.ts';

const rowCount = 1_500;
const dayCount = 90;
const firstDayMs = Date.UTC(2025, 0, 1);
const dayMs = 86_400_000;
const regions = ['North', 'South', 'East', 'West'];

export function ordersPath(): string {
  return dataPath('quarterly-report', 'orders.sqlite');
}

/** Makes the database unless it is there. It appears under its name only when complete, so a crash half-way leaves nothing to trip over. */
export function ensureOrders(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const database = new DatabaseSync(temporary);
  try {
    fill(database);
  } finally {
    database.close();
  }
  renameSync(temporary, path);
}

function fill(database: DatabaseSync): void {
  const random = seededRandom(2025);
  const between = (low: number, high: number) => Math.round(low + random() * (high - low));
  database.exec(`
    CREATE TABLE orders (
      order_id INTEGER PRIMARY KEY,
      ordered_on TEXT NOT NULL,
      region TEXT NOT NULL,
      revenue_cents INTEGER NOT NULL,
      materials_cents INTEGER NOT NULL,
      shipping_cents INTEGER NOT NULL,
      staff_cents INTEGER NOT NULL,
      marketing_cents INTEGER NOT NULL,
      picking_minutes INTEGER NOT NULL,
      packing_minutes INTEGER NOT NULL,
      loading_minutes INTEGER NOT NULL,
      returns_minutes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX orders_by_day ON orders (ordered_on);
    BEGIN`);
  const insert = database.prepare(
    `INSERT INTO orders VALUES (${Array.from({ length: 12 }, () => '?').join(', ')})`,
  );
  for (const [index, day] of orderDays(random).entries()) {
    // Prices rise by a quarter, and waver.
    const season = 1 + (0.25 * day) / dayCount + 0.08 * Math.sin(day / 6);
    const revenue = Math.round(between(9_000, 42_000) * season);
    const share = (low: number, high: number) => Math.round((revenue * between(low, high)) / 100);
    insert.run(
      index + 1,
      new Date(firstDayMs + day * dayMs).toISOString().slice(0, 10),
      regions[between(0, regions.length - 1)] ?? 'North',
      revenue,
      share(28, 36),
      share(7, 12),
      share(14, 20),
      share(5, 9),
      between(4, 18),
      between(3, 12),
      between(2, 9),
      random() < 0.08 ? between(10, 45) : 0,
    );
  }
  database.exec('COMMIT');
}

/** The day of each order, from 0 and in order: fewer at weekends, some on every day, each with a little luck. */
function orderDays(random: () => number): number[] {
  const weights = Array.from({ length: dayCount }, (_, day) => {
    const weekday = new Date(firstDayMs + day * dayMs).getUTCDay();
    return (weekday === 0 || weekday === 6 ? 0.45 : 1) * (0.8 + 0.4 * random());
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let spent = 0;
  return weights.flatMap((weight, day) => {
    const first = Math.round((spent / total) * rowCount);
    spent += weight;
    const last = day === dayCount - 1 ? rowCount : Math.round((spent / total) * rowCount);
    return Array.from({ length: last - first }, () => day);
  });
}

if (process.argv[1] === import.meta.filename) {
  const path = process.argv[2] ?? ordersPath();
  ensureOrders(path);
  process.stdout.write(`${path}\n`);
}
