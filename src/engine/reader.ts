/** Reading runs: always what is stored, never what is only in memory. Works on a store opened for reading only. */
import type { Json } from '../plan/json.ts';
import type { Plan } from '../plan/plan.ts';
import type { HistoryEntry, RunHeader, RunQuery, Store, StoredRun } from '../ports/store.ts';
import { type Catalogue, planMissing } from './catalogue.ts';
import { type ChainFault, genesisHash, verifyEntry } from './history-entry.ts';
import { historyUpTo } from './history-pages.ts';
import { toHistoryView } from './history-view.ts';
import type { Holds } from './holds.ts';
import { restoreSnapshot } from './live-run.ts';
import { headerAtStart, type PastRun, toPastRun } from './past-run.ts';
import { replayRun } from './replay.ts';
import { parseBody } from './run-body.ts';
import { notFound } from './run-table.ts';
import { type Explanation, explainRun, type RunView, toView } from './views.ts';

export interface ChainReport {
  readonly runId: string;
  /** Entries that are sound, from the first on. */
  readonly entries: number;
  readonly fault: ChainFault | null;
}

export type ListQuery = Partial<RunQuery>;

export interface Reader {
  get(runId: string): Promise<RunView>;
  explain(runId: string): Promise<Explanation>;
  /** As it stood after entry `seq` of its history. @throws SignalboxError `SEQUENCE_UNKNOWN`, `HISTORY_UNREADABLE` */
  at(runId: string, seq: number): Promise<PastRun>;
  list(
    query: ListQuery,
  ): Promise<{ readonly runs: readonly RunView[]; readonly cursor: string | null }>;
  history(
    runId: string,
    page: { readonly afterSeq?: number; readonly limit?: number },
  ): Promise<readonly HistoryEntry[]>;
  /** Output of a completed run. */
  output(run: Pick<RunView, 'runId' | 'generation'>): Promise<Json>;
  verify(runId: string): Promise<ChainReport>;
}

const pageSize = 1_000;

export function createReader(store: Store, catalogue: Catalogue, holds: Holds): Reader {
  async function stored(runId: string): Promise<StoredRun> {
    const found = await store.load(runId);
    if (found === null) throw notFound(runId);
    return found;
  }

  const storedPlans = new Map<string, Plan>();

  /** Also of a workflow that is not registered here: it says what is sensitive. */
  async function planOf({ workflow, version, planHash }: RunHeader): Promise<Plan | null> {
    const registered = catalogue.find(workflow, version);
    if (registered !== null && registered.plan.hash === planHash) return registered.plan;
    const known = storedPlans.get(planHash);
    if (known !== undefined) return known;
    const plan = await store.plan(workflow, version, planHash);
    if (plan !== null) storedPlans.set(planHash, plan);
    return plan;
  }

  /** The plan an entry was written under: the run may have moved to another version since. */
  async function plansOf({ header, state }: StoredRun): Promise<(seq: number) => Plan | null> {
    const { moves = [] } = parseBody(header.id, state.body);
    const left = await Promise.all(
      moves.map(async ({ version, planHash, lastSeq }) => ({
        lastSeq,
        plan: await planOf({ ...header, version, planHash }),
      })),
    );
    const present = await planOf(header);
    return (seq) => {
      const before = left.find(({ lastSeq }) => seq <= lastSeq);
      return before === undefined ? present : before.plan;
    };
  }

  async function view(run: StoredRun): Promise<RunView> {
    const plan = await planOf(run.header);
    const hasEnded = run.state.finishedAtMs !== null;
    const mode = plan === null ? 'queued' : catalogue.modeOf(plan);
    const lacking = hasEnded || plan === null ? [] : catalogue.lacking(plan);
    return toView(run, plan, mode, lacking, holds.standstillOf(run.header.workflow));
  }

  return {
    get: async (runId) => view(await stored(runId)),
    async explain(runId) {
      const found = await stored(runId);
      const plan = await planOf(found.header);
      if (plan === null) throw planMissing(found.header);
      const snapshot = restoreSnapshot(found, catalogue.chartOf(plan));
      return explainRun({ snapshot }, await view(found));
    },
    async at(runId, seq) {
      const found = await stored(runId);
      const header = headerAtStart(found);
      const definition = await catalogue.definitionOf(header);
      const entries = await historyUpTo(store, found, seq);
      return toPastRun(replayRun(header, definition, entries), entries);
    },
    async list(query) {
      const page = await store.list({ ...query, limit: query.limit ?? 100 });
      return { runs: await Promise.all(page.runs.map(view)), cursor: page.cursor };
    },
    async history(runId, { afterSeq = 0, limit = pageSize }) {
      const planAt = await plansOf(await stored(runId));
      const entries = await store.history(runId, { afterSeq, limit });
      return entries.map((entry) => toHistoryView(entry, planAt(entry.seq)));
    },
    async output({ runId, generation }) {
      const entries = await store.settled(runId, generation, ['completion']);
      return entries.at(-1)?.output ?? null;
    },
    async verify(runId) {
      const { state } = await stored(runId);
      let previous = { seq: 0, hash: genesisHash };
      for (let isDone = false; !isDone; ) {
        const page = await store.history(runId, { afterSeq: previous.seq, limit: pageSize });
        for (const entry of page) {
          // Written since the state was read; the next look covers it.
          if (entry.seq > state.seq) break;
          const fault = verifyEntry(entry, previous);
          if (fault !== null) return { runId, entries: previous.seq, fault };
          previous = { seq: entry.seq, hash: entry.hash };
        }
        isDone = page.length < pageSize || previous.seq === state.seq;
      }
      const { seq, hash } = previous;
      const isWhole = seq === state.seq && hash === state.headHash;
      const reason = `the history ends at entry ${seq}, the run counts ${state.seq}`;
      return { runId, entries: seq, fault: isWhole ? null : { seq: seq + 1, reason } };
    },
  };
}
