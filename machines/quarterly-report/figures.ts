import { z } from 'zod';
import { Period, Point } from './orders.ts';

export const Unit = z.enum(['EUR', 'orders', 'hours']);
export type Unit = z.infer<typeof Unit>;

/** A picture to draw: what it shows, where it goes, how its numbers are written. */
export const Figure = z.object({
  title: z.string(),
  /** Name of what is counted, as it stands in a sentence: `Revenue`. */
  subject: z.string(),
  file: z.string().regex(/^[a-z0-9_]+\.png$/, 'must be a plain file name ending in .png'),
  unit: Unit,
});
export type Figure = z.infer<typeof Figure>;

export const Breakdown = Figure.extend({ points: z.array(Point) });
export type Breakdown = z.infer<typeof Breakdown>;

export const Trend = Breakdown.extend({ per: Period });
export type Trend = z.infer<typeof Trend>;

const formats = {
  EUR: new Intl.NumberFormat('en', {
    style: 'currency',
    currency: 'EUR',
    maximumFractionDigits: 0,
  }),
  orders: new Intl.NumberFormat('en', { maximumFractionDigits: 0 }),
  hours: new Intl.NumberFormat('en', {
    style: 'unit',
    unit: 'hour',
    unitDisplay: 'narrow',
    maximumFractionDigits: 0,
  }),
};
const percentage = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });

export function formatAmount(value: number, unit: Unit): string {
  return formats[unit].format(value);
}

/** `part` as a share of `whole`: `46.2%`; of nothing, `0%`. */
export function formatShare(part: number, whole: number): string {
  return percentage.format(whole === 0 ? 0 : part / whole);
}

/** `2025-03-05` as `Mar 5`. */
export function formatDay(date: string): string {
  return day.format(new Date(`${date}T00:00:00Z`));
}

export function sum(points: readonly Point[]): number {
  return points.reduce((total, { value }) => total + value, 0);
}

/** `materials` as `Materials`. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
