/** Everything about one run for an audit: read by people, and proven by whoever has the file alone. */
import { canonical } from '../../engine/canonical.ts';
import type { HistoryEntry } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import { allEntries } from './history.ts';
import { planOfRun } from './plan-of-run.ts';

const pageSize = 1_000;

/** The run as it stood at one entry of its history, without sensitive values. */
export async function exportRun(parts: ServiceParts, runId: string) {
  const { orchestrator, clock } = parts;
  const run = await orchestrator.get(runId);
  const shown = await allEntries(parts, runId, run.entries);
  return {
    format: 1 as const,
    exportedAt: new Date(clock.nowMs()).toISOString(),
    run,
    chain: await orchestrator.verify(runId),
    plan: structuredClone(await planOfRun(parts, runId)) as never,
    ...(await withProof(parts, runId, shown)),
  };
}

/**
 * Salts prove the values they were hashed with, and would help to guess values that are left out: an entry has its salt if nothing of it
 * is. `withheld` names entries whose own hash cannot be recomputed, as values it covers directly are left out.
 */
async function withProof(
  { store }: Pick<ServiceParts, 'store'>,
  runId: string,
  shown: readonly HistoryEntry[],
): Promise<{ readonly history: readonly HistoryEntry[]; readonly withheld: readonly number[] }> {
  const history: HistoryEntry[] = [];
  const withheld: number[] = [];
  for (let at = 0; at < shown.length; at += pageSize) {
    const stored = await store.history(runId, { afterSeq: at, limit: pageSize });
    for (const [index, entry] of shown.slice(at, at + pageSize).entries()) {
      const { data = null, output, salt = null } = stored[index] ?? {};
      const isDataWhole = canonical(data) === canonical(entry.data);
      const isOutputWhole = canonical(output ?? null) === canonical(entry.output ?? null);
      if (!isDataWhole) withheld.push(entry.seq);
      history.push({ ...entry, salt: isDataWhole && isOutputWhole ? salt : null });
    }
  }
  return { history, withheld };
}
