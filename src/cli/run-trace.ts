import type { RunTrace } from '../diagram/run-overlay.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { stateText } from './run-lines.ts';
import type { Session } from './session.ts';

/**
 * What a drawing reads of a run: how its parts stand, never a value.
 *
 * @param seq - entry of the history after which it is seen; `undefined`: now
 */
export async function traceOf(
  session: Pick<Session, 'orchestrator' | 'store'>,
  runId: string,
  seq?: number,
): Promise<RunTrace> {
  const { orchestrator, store } = session;
  const past = seq === undefined ? null : await orchestrator.at(runId, seq);
  const view = past ?? (await orchestrator.get(runId));
  const entries = await readHistory(session, runId);
  const history = entries.filter(
    (entry) => entry.generation === view.generation && entry.seq <= (seq ?? entry.seq),
  );
  const state = past === null ? await storedState(store, runId) : past.state;
  const moment = seq === undefined ? '' : ` after entry ${seq}`;
  return {
    status: view.status,
    state,
    waitingOn: view.waitingOn,
    failedStep: view.outcome?.failure?.step ?? null,
    history,
    title: `run ${runId}${moment}: ${stateText(view)}`,
  };
}

/** Without the definition, which may be gone. */
async function storedState(store: Session['store'], runId: string): Promise<Json> {
  const snapshot = (await store.load(runId))?.state.body['snapshot'];
  const isObject = typeof snapshot === 'object' && snapshot !== null && !Array.isArray(snapshot);
  return isObject ? ((snapshot as JsonObject)['value'] ?? null) : null;
}

async function readHistory(
  { orchestrator }: Pick<Session, 'orchestrator'>,
  runId: string,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (;;) {
    const afterSeq = entries.at(-1)?.seq ?? 0;
    const page = await orchestrator.history(runId, { afterSeq, limit: 1_000 });
    entries.push(...page);
    if (page.length < 1_000) return entries;
  }
}
