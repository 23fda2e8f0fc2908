/** What the events have left behind, in an SQLite file. Every row has the idempotency key of the step that wrote it, so none is there twice. */
import { z } from 'zod';
import { dataPath } from '../files.ts';
import { openRecords } from '../stand-in-records.ts';

export const kinds = ['user_action', 'system_alert', 'business_event', 'unknown'] as const;

const Row = z.record(z.string(), z.json());
const Metric = z.object({ type: z.enum(kinds), success: z.boolean() });
const metrics = { name: 'metrics', schema: Metric };

const path = () => dataPath('event-processing', 'events.db');
const table = (name: string) => ({ name, schema: Row });

export function write(name: string, key: string, row: z.infer<typeof Row>): void {
  openRecords(path(), (records) => records.rows(table(name)).put(key, row));
}

/** Harmless to repeat, and where there is no such row. */
export function remove(name: string, key: string): void {
  openRecords(path(), (records) => records.rows(table(name)).delete(key));
}

export function all(name: string): readonly z.infer<typeof Row>[] {
  return openRecords(path(), (records) => records.rows(table(name)).all());
}

export function countEvent(key: string, metric: z.infer<typeof Metric>): void {
  openRecords(path(), (records) => records.rows(metrics).put(key, metric));
}

/** Events so far, by type and outcome: `user_action succeeded`. */
export function readMetrics(): Readonly<Record<string, number>> {
  const counted = openRecords(path(), (records) => records.rows(metrics).all());
  const counts: Record<string, number> = {};
  for (const { type, success } of counted) {
    const name = `${type} ${success ? 'succeeded' : 'failed'}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
