/** What was settled before, for a retry, a fork or a look back to feed through the chart again. */
import type { HistoryEntry } from '../ports/store.ts';

export interface RetryMaterial {
  /** Results by step. */
  readonly recorded: ReadonlyMap<string, HistoryEntry>;
  /** Failed children by step. */
  readonly failedChildren: ReadonlyMap<string, string>;
}

/** @param entries - of one generation, ascending */
export function retryMaterialOf(entries: readonly HistoryEntry[]): RetryMaterial {
  const recorded = new Map<string, HistoryEntry>();
  const failedChildren = new Map<string, string>();
  for (const entry of entries) {
    if (entry.step === null || entry.settles === null) continue;
    if (isStepResult(entry)) recorded.set(entry.step, entry);
    const child = entry.data?.['child'];
    if (entry.data?.['childStatus'] === 'failed' && typeof child === 'string')
      failedChildren.set(entry.step, child);
  }
  return { recorded, failedChildren };
}

function isStepResult(entry: HistoryEntry): boolean {
  const isOwn = entry.step !== 'completion' && entry.step?.startsWith('$') === false;
  return isOwn && entry.settles !== 'failed' && !entry.event.startsWith('undo.');
}
