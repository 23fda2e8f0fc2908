import type { HistoryEntry } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';

export interface HistoryQuery {
  readonly afterSeq?: number;
  readonly beforeSeq?: number;
  readonly order: 'oldest' | 'newest';
  readonly limit: number;
}

/** Entries have no gaps, so that a page from the end is one from the beginning, turned round. */
export async function historyPage(
  { orchestrator }: Pick<ServiceParts, 'orchestrator'>,
  runId: string,
  { afterSeq = 0, beforeSeq = Number.MAX_SAFE_INTEGER, order, limit }: HistoryQuery,
) {
  const { entries: total } = await orchestrator.get(runId);
  const [first, last] = [afterSeq + 1, Math.min(beforeSeq - 1, total)];
  const from = order === 'oldest' ? first : Math.max(first, last - limit + 1);
  const count = Math.min(limit, last - from + 1);
  const entries =
    count <= 0 ? [] : await orchestrator.history(runId, { afterSeq: from - 1, limit: count });
  const isDone = order === 'oldest' ? from + count > last : from <= first;
  const edge = order === 'oldest' ? entries.at(-1) : entries[0];
  return {
    entries: order === 'oldest' ? entries : [...entries].reverse(),
    total,
    next: isDone || edge === undefined ? null : edge.seq,
  };
}

/** Every entry up to `lastSeq`, a page at a time. */
export async function* entriesOf(
  { orchestrator }: Pick<ServiceParts, 'orchestrator'>,
  runId: string,
  lastSeq = Number.POSITIVE_INFINITY,
): AsyncGenerator<HistoryEntry> {
  for (let afterSeq = 0; afterSeq < lastSeq; ) {
    const limit = Math.min(1_000, lastSeq - afterSeq);
    const page = await orchestrator.history(runId, { afterSeq, limit });
    yield* page;
    afterSeq = page.at(-1)?.seq ?? lastSeq;
    if (page.length < limit) return;
  }
}

export async function allEntries(
  parts: Pick<ServiceParts, 'orchestrator'>,
  runId: string,
  lastSeq?: number,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of entriesOf(parts, runId, lastSeq)) entries.push(entry);
  return entries;
}
