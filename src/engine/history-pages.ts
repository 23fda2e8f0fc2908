import { SignalboxError } from '../errors.ts';
import type { HistoryEntry, Store, StoredRun } from '../ports/store.ts';

const pageSize = 1_000;

/**
 * The entries of a run from the first to `seq`.
 *
 * @throws SignalboxError `SEQUENCE_UNKNOWN` if the run has no such entry
 */
export async function historyUpTo(
  store: Pick<Store, 'history'>,
  { header, state }: StoredRun,
  seq: number,
): Promise<readonly HistoryEntry[]> {
  const runId = header.id;
  if (!Number.isSafeInteger(seq) || seq < 1 || seq > state.seq) {
    throw new SignalboxError(
      'SEQUENCE_UNKNOWN',
      `Run "${runId}" has no history entry ${seq}; it has 1 to ${state.seq}`,
      {
        details: { runId, seq, entries: state.seq },
        hint: 'See "signalbox history" for the numbers',
      },
    );
  }
  const entries: HistoryEntry[] = [];
  while (entries.length < seq) {
    const limit = Math.min(pageSize, seq - entries.length);
    const page = await store.history(runId, { afterSeq: entries.length, limit });
    entries.push(...page);
    if (page.length < limit) break;
  }
  return entries;
}
