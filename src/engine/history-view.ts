/** What people and programs see of the history: nothing marked sensitive. */
import type { JsonObject } from '../plan/json.ts';
import type { Plan } from '../plan/plan.ts';
import { sensitiveValues } from '../plan/sensitive.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { redact } from './redact.ts';

/** An entry without sensitive values; salts stay inside, so that digests of short secrets cannot be guessed. */
export function toHistoryView(entry: HistoryEntry, plan: Plan | null): HistoryEntry {
  const { output, data } = entry;
  const paths = outputPaths(entry, plan);
  const { snapshot: _snapshot, ...shown } = entry;
  return {
    ...shown,
    salt: null,
    ...(output === undefined ? {} : { output: redact(output, paths) }),
    data: data === null ? null : (redact(data, dataPaths(entry, plan)) as JsonObject),
  };
}

function outputPaths(entry: HistoryEntry, plan: Plan | null): readonly (readonly string[])[] {
  if (plan === null) return [];
  if (entry.step === 'completion') return plan.sensitiveOutput;
  const signalled = entry.event === 'signal.kept' ? entry.data?.['event'] : undefined;
  if (typeof signalled === 'string') return plan.events[signalled]?.sensitive ?? [];
  return sensitiveValues(plan).of(entry.step ?? '');
}

/** Beside its output, an entry tells what was filled in and what was derived. */
function dataPaths(entry: HistoryEntry, plan: Plan | null): readonly (readonly string[])[] {
  if (plan === null) return [];
  const values = sensitiveValues(plan);
  const derived = Object.keys(entry.data?.['derived'] ?? {});
  return [
    ...values.ofForm(entry.step ?? '').map((path) => ['form', ...path]),
    ...derived.flatMap((id) => values.of(id).map((path) => ['derived', id, ...path])),
  ];
}
