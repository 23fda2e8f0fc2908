/** What models were used by day and workflow. It outlives the process: the counts are written a few seconds after they were made. */
import { z } from 'zod';
import type { JsonObject } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';
import { updateRecord } from '../update-record.ts';
import type { ModelUse } from './models.ts';

const collection = 'model-use';
/** A process that dies loses what it counted in this time. */
const delayMs = 5_000;
/** Longer is nobody's day-to-day business. */
export const maxDays = 90;
/** Of a day; more are added up under `others`. */
const maxRows = 1_000;
const msOfDay = 86_400_000;

const Row = z.object({
  workflow: z.string(),
  model: z.string(),
  calls: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  /** Of the calls whose price is known. */
  costUsd: z.number(),
  /** Calls whose price is not. */
  unpricedCalls: z.number(),
});
export type SpendRow = z.output<typeof Row>;
const Day = z.object({ rows: z.array(Row) });

export interface SpendParts {
  readonly store: Pick<Store, 'readOnly' | 'record' | 'records' | 'saveRecords'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createSpend({ store, clock, log }: SpendParts) {
  /** By day: what is not written yet. */
  let fresh = new Map<string, readonly SpendRow[]>();
  let cancel: (() => void) | null = null;
  let writing: Promise<void> = Promise.resolve();
  let isClosed = false;
  /** Days of which something is written that is none of it: their sums begin anew, and are too low. */
  const unreadable = new Set<string>();

  function rowsOf(day: string, record: { readonly value: JsonObject } | null): readonly SpendRow[] {
    if (record === null) return [];
    const parsed = Day.safeParse(record.value);
    if (parsed.success) return parsed.data.rows;
    if (!unreadable.has(day)) {
      unreadable.add(day);
      const what = 'what models had used on a day cannot be read; its sums begin anew';
      log.error({ err: parsed.error, day }, what);
    }
    return [];
  }

  async function write(): Promise<void> {
    cancel = null;
    const taken = fresh;
    fresh = new Map();
    for (const [day, rows] of taken) {
      try {
        await updateRecord(store, collection, day, (record) =>
          toJson(merged(rowsOf(day, record), rows)),
        );
        await forget(day);
      } catch (error) {
        log.error({ err: error, day }, 'what models have used could not be written; tried again');
        fresh.set(day, merged(rows, fresh.get(day) ?? []));
        later();
      }
    }
  }

  /** Days that are past showing. */
  async function forget(today: string): Promise<void> {
    const before = dayOf(Date.parse(today) - maxDays * msOfDay);
    for (const { key, revision } of await store.records(collection, { before, limit: 100 }))
      await store.saveRecords([{ collection, key, expectedRevision: revision, value: null }]);
  }

  function later(): void {
    // A store that cannot be written then is not waited for.
    if (isClosed) return;
    cancel ??= clock.after(delayMs, () => {
      writing = writing.then(write);
    });
  }

  return {
    note(workflow: string, use: ModelUse): void {
      const day = dayOf(clock.nowMs());
      const { costUsd, ...rest } = use;
      const row = { workflow, ...rest, costUsd: costUsd ?? 0 };
      const unpricedCalls = costUsd === null ? use.calls : 0;
      fresh.set(day, merged(fresh.get(day) ?? [], [{ ...row, unpricedCalls }]));
      if (!store.readOnly) later();
    },
    /** Days whose sums are too low, as long as this process lives. */
    unreadable: (): readonly string[] => [...unreadable].sort(),
    today: () => dayOf(clock.nowMs()),
    /** @param days - today is the first. @returns rows by day in UTC, the newest first; days without any are left out */
    async read(days: number): Promise<readonly (SpendRow & { readonly day: string })[]> {
      const nowMs = clock.nowMs();
      const after = dayOf(nowMs - days * msOfDay);
      const stored = await store.records(collection, { after, limit: maxDays + 1 });
      const all = new Map(
        stored.map((record) => [record.key, rowsOf(record.key, record)] as const),
      );
      for (const [day, rows] of fresh)
        if (day > after) all.set(day, merged(all.get(day) ?? [], rows));
      return [...all]
        .sort(([a], [b]) => (a < b ? 1 : -1))
        .flatMap(([day, rows]) => rows.map((row) => ({ day, ...row })));
    },
    /** Writes what is not written yet. */
    async close(): Promise<void> {
      isClosed = true;
      const isDue = cancel !== null;
      cancel?.();
      await writing;
      if (isDue) await write();
    },
  };
}

export type Spend = ReturnType<typeof createSpend>;

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

function toJson(rows: readonly SpendRow[]): JsonObject {
  return { rows: rows.map((row) => ({ ...row })) };
}

function merged(before: readonly SpendRow[], more: readonly SpendRow[]): readonly SpendRow[] {
  const rows = new Map(before.map((row) => [keyOf(row), row]));
  for (const row of more) {
    const isRoom = rows.has(keyOf(row)) || rows.size < maxRows;
    const place = isRoom ? row : { ...row, workflow: 'others', model: 'others' };
    const known = rows.get(keyOf(place));
    rows.set(keyOf(place), known === undefined ? place : added(known, place));
  }
  return [...rows.values()];
}

function keyOf({ workflow, model }: SpendRow): string {
  return JSON.stringify([workflow, model]);
}

function added(one: SpendRow, other: SpendRow): SpendRow {
  return {
    ...one,
    calls: one.calls + other.calls,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costUsd: one.costUsd + other.costUsd,
    unpricedCalls: one.unpricedCalls + other.unpricedCalls,
  };
}
