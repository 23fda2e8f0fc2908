import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { ensureOrders } from './generate-data.ts';

/** What can be summed over orders. Names reach SQL only through this table. */
const measures = {
  revenue: 'revenue_cents / 100.0',
  materials: 'materials_cents / 100.0',
  shipping: 'shipping_cents / 100.0',
  staff: 'staff_cents / 100.0',
  marketing: 'marketing_cents / 100.0',
  orders: '1.0',
  picking: 'picking_minutes / 60.0',
  packing: 'packing_minutes / 60.0',
  loading: 'loading_minutes / 60.0',
  returns: 'returns_minutes / 60.0',
};
export const Measure = z.enum([
  'revenue',
  'materials',
  'shipping',
  'staff',
  'marketing',
  'orders',
  'picking',
  'packing',
  'loading',
  'returns',
]);
export type Measure = z.infer<typeof Measure>;

export const Period = z.enum(['day', 'week']);
export type Period = z.infer<typeof Period>;

export const Point = z.object({ label: z.string(), value: z.number() });
export type Point = z.infer<typeof Point>;

const Bucket = z.object({ startsOn: z.string(), value: z.number() });
const Total = z.object({ value: z.number() });

export interface OrdersQuery {
  /** First and last day, both included, as `2025-01-01`. */
  readonly from: string;
  readonly to: string;
  readonly trend: Measure;
  /** What one point of the trend sums up; weeks are counted from the first day, so the last may be short. */
  readonly per: Period;
  readonly breakdown: readonly Measure[];
}

export interface OrdersSummary {
  /** Orders in the range. */
  readonly rows: number;
  /** One point for each stretch of days, labelled with its first day. */
  readonly trend: Point[];
  /** One sum for each measure, the largest first. */
  readonly breakdown: Point[];
}

/** Reads the orders database at `path`, which is made at first use. */
export function summariseOrders(path: string, query: OrdersQuery): OrdersSummary {
  ensureOrders(path);
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const { from, to } = query;
    const total = (expression: string) =>
      Total.parse(
        database
          .prepare(
            `SELECT total(${expression}) AS value FROM orders WHERE ordered_on BETWEEN ? AND ?`,
          )
          .get(from, to),
      ).value;
    const buckets = database
      .prepare(
        `SELECT min(ordered_on) AS startsOn, sum(${measures[query.trend]}) AS value
           FROM orders WHERE ordered_on BETWEEN ? AND ?
          GROUP BY CAST(julianday(ordered_on) - julianday(?) AS INTEGER) / CAST(? AS INTEGER)
          ORDER BY startsOn`,
      )
      .all(from, to, from, query.per === 'week' ? 7 : 1);
    return {
      rows: total('1'),
      trend: z
        .array(Bucket)
        .parse(buckets)
        .map(({ startsOn, value }) => ({ label: startsOn, value: rounded(value) })),
      breakdown: query.breakdown
        .map((measure) => ({ label: measure, value: rounded(total(measures[measure])) }))
        .sort((a, b) => b.value - a.value),
    };
  } finally {
    database.close();
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
