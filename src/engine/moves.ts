/** Histories of runs that have moved from one version to another. */
import { migrationStep } from '../chart/moving/record.ts';
import type { Json } from '../plan/json.ts';
import type { HistoryEntry } from '../ports/store.ts';

/** Settling entries in the names of the version the run is on now; those that version has no place for are left out. */
export function translated(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  if (!entries.some(({ step }) => step === migrationStep)) return entries;
  let list: HistoryEntry[] = [];
  for (const entry of entries) {
    if (entry.step === migrationStep) {
      const names = new Map(pairsOf(entry.data?.['names']));
      const dropped = new Set(Array.isArray(entry.data?.['dropped']) ? entry.data['dropped'] : []);
      list = list.filter(({ step }) => !dropped.has(step)).map((other) => renamed(other, names));
    }
    list.push(entry);
  }
  return list;
}

function pairsOf(value: Json | undefined): readonly (readonly [string, string])[] {
  return Array.isArray(value) ? (value as readonly (readonly [string, string])[]) : [];
}

function renamed(entry: HistoryEntry, names: ReadonlyMap<string, string>): HistoryEntry {
  const { step, event } = entry;
  const name = step === null ? undefined : names.get(step);
  if (step === null || name === undefined) return entry;
  const isOwn = event.startsWith(`${step}.`);
  return { ...entry, step: name, event: isOwn ? `${name}${event.slice(step.length)}` : event };
}
