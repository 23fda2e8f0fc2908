/**
 * Which runs are held: those of one workflow, or all. One record says it for every run, and how long each workflow has stood still so far, so
 * that holding 100,000 runs writes none of them: a run moves its deadlines by what it has missed when it is next taken up.
 */
import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { JsonObject } from '../plan/json.ts';

/** `all`, or the runs of one workflow, children among them. */
export type HoldScope = 'all' | { readonly workflow: string };

const Holder = z.object({ sinceMs: z.number(), actor: z.string(), reason: z.string() });

/** Since when runs are held, who wants it and why. */
export type Holder = Readonly<z.output<typeof Holder>>;

const Entry = z.object({
  on: Holder.nullable(),
  /** How long it has held runs that nothing else held, up to `countedFromMs`. */
  totalMs: z.number(),
  /** Since when it counts; `null`: it does not hold, or `all` does and counts. */
  countedFromMs: z.number().nullable(),
});
type Entry = Readonly<z.output<typeof Entry>>;

const HoldRecord = z.object({ all: Entry, workflows: z.record(z.string(), Entry) });
export type HoldRecord = {
  readonly all: Entry;
  readonly workflows: { readonly [name: string]: Entry };
};

const nothing: Entry = { on: null, totalMs: 0, countedFromMs: null };

export const noHolds: HoldRecord = { all: nothing, workflows: {} };

/** @throws SignalboxError `STORE_DAMAGED` */
export function parseHolds(value: JsonObject): HoldRecord {
  const parsed = HoldRecord.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SignalboxError('STORE_DAMAGED', 'The record of what is paused cannot be read', {
    hint: 'Without it nobody knows which runs may go on: restore the last backup',
    cause: parsed.error,
  });
}

function entryOf({ workflows }: HoldRecord, name: string): Entry {
  return Object.hasOwn(workflows, name) ? (workflows[name] ?? nothing) : nothing;
}

const counted = ({ totalMs, countedFromMs }: Entry, nowMs: number) =>
  totalMs + (countedFromMs === null ? 0 : Math.max(0, nowMs - countedFromMs));

const stopCounting = (entry: Entry, nowMs: number): Entry => ({
  ...entry,
  totalMs: counted(entry, nowMs),
  countedFromMs: null,
});

function withWorkflow(record: HoldRecord, name: string, entry: Entry): HoldRecord {
  return { ...record, workflows: { ...record.workflows, [name]: entry } };
}

function mapWorkflows(
  record: HoldRecord,
  change: (entry: Entry) => Entry,
): HoldRecord['workflows'] {
  return Object.fromEntries(
    Object.entries(record.workflows).map(([name, entry]) => [name, change(entry)]),
  );
}

/** @returns `null` if it is held already: whoever did it first stays on record */
export function held(record: HoldRecord, scope: HoldScope, holder: Holder): HoldRecord | null {
  const nowMs = holder.sinceMs;
  if (scope === 'all') {
    if (record.all.on !== null) return null;
    const all = { ...record.all, on: holder, countedFromMs: nowMs };
    return { all, workflows: mapWorkflows(record, (entry) => stopCounting(entry, nowMs)) };
  }
  const entry = entryOf(record, scope.workflow);
  if (entry.on !== null) return null;
  const countedFromMs = record.all.on === null ? nowMs : null;
  return withWorkflow(record, scope.workflow, { ...entry, on: holder, countedFromMs });
}

/**
 * @param sinceMs - of the hold to be lifted: another one made since stays; `null`: whichever there is
 * @returns `null` if nothing was held
 */
export function lifted(
  record: HoldRecord,
  scope: HoldScope,
  nowMs: number,
  sinceMs: number | null,
): HoldRecord | null {
  const isMeant = ({ on }: Entry) => on !== null && (sinceMs === null || on.sinceMs === sinceMs);
  if (scope === 'all') {
    if (!isMeant(record.all)) return null;
    const all = { ...stopCounting(record.all, nowMs), on: null };
    const counting = (entry: Entry) =>
      entry.on === null ? entry : { ...entry, countedFromMs: nowMs };
    return { all, workflows: mapWorkflows(record, counting) };
  }
  const entry = entryOf(record, scope.workflow);
  if (!isMeant(entry)) return null;
  return withWorkflow(record, scope.workflow, { ...stopCounting(entry, nowMs), on: null });
}

/** How long runs of the workflow have stood still up to now, in milliseconds, since the record began; never falls while the clock does not. */
export function heldMs(record: HoldRecord, workflow: string, nowMs: number): number {
  return counted(record.all, nowMs) + counted(entryOf(record, workflow), nowMs);
}

/** What holds the runs of a workflow, everything first. */
export function holdersOf(
  record: HoldRecord,
  workflow: string,
): readonly { readonly scope: HoldScope; readonly holder: Holder }[] {
  const { on } = entryOf(record, workflow);
  return [
    ...(record.all.on === null ? [] : [{ scope: 'all' as const, holder: record.all.on }]),
    ...(on === null ? [] : [{ scope: { workflow }, holder: on }]),
  ];
}

/** Every scope that may ever have been held, everything first. */
export function scopesOf(
  record: HoldRecord,
): readonly { readonly scope: HoldScope; readonly on: Holder | null }[] {
  const { all, workflows } = record;
  return [
    { scope: 'all', on: all.on },
    ...Object.entries(workflows).map(([workflow, { on }]) => ({ scope: { workflow }, on })),
  ];
}

/** The name under which runs that are held wait for the end of it. No event can have it. */
export function wakeName(scope: HoldScope): string {
  return scope === 'all' ? '$resumed' : `$resumed ${scope.workflow}`;
}
