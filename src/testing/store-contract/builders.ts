/** Values for tests of stores, of which a case states only what matters to it. */
import type { Plan } from '../../plan/plan.ts';
import type {
  BreakerRecord,
  HistoryEntry,
  MapItem,
  Message,
  RunCommit,
  RunHeader,
  RunState,
  Store,
} from '../../ports/store.ts';

export const startMs = 1_700_000_000_000;

export function aHeader(header: Partial<RunHeader> & { readonly id: string }): RunHeader {
  return {
    workflow: 'order',
    version: 1,
    planHash: 'hash-1',
    input: { orderId: 'o-1' },
    actor: 'ann',
    key: null,
    labels: {},
    priority: 'default',
    parent: null,
    depth: 0,
    createdAtMs: startMs,
    ...header,
  };
}

export function aState(state: Partial<RunState> = {}): RunState {
  return {
    revision: 1,
    epoch: 1,
    lease: null,
    status: 'processing',
    generation: 1,
    updatedAtMs: startMs,
    finishedAtMs: null,
    pausedAtMs: null,
    seq: 1,
    headHash: 'head-1',
    active: false,
    dueAtMs: null,
    awaits: [],
    reviews: [],
    body: { snapshot: { value: 'start' } },
    ...state,
  };
}

export function anEntry(entry: Partial<HistoryEntry> & { readonly seq: number }): HistoryEntry {
  return {
    generation: 1,
    atMs: startMs,
    event: 'step.completed',
    actor: 'engine',
    from: 'processing',
    to: 'processing',
    step: 'charge',
    attempt: 1,
    durationMs: 5,
    settles: null,
    inputHash: null,
    inputDigest: null,
    outputDigest: null,
    salt: null,
    error: null,
    data: null,
    previousHash: `hash-${entry.seq - 1}`,
    hash: `hash-${entry.seq}`,
    ...entry,
  };
}

type CommitParts = Partial<Omit<RunCommit, 'header' | 'state' | 'runId'>>;

/** Commit that creates run `id` with one history entry. */
export function creation(
  id: string,
  parts: CommitParts & {
    readonly header?: Partial<RunHeader>;
    readonly state?: Partial<RunState>;
  } = {},
): RunCommit {
  const { header, state, ...rest } = parts;
  const history = rest.history ?? [
    anEntry({ seq: 1, event: 'run.started', from: null, to: 'pending', step: null }),
  ];
  return {
    runId: id,
    expectedRevision: 0,
    expectedEpoch: 0,
    header: aHeader({ id, ...header }),
    state: aState({ seq: history.length, ...state }),
    claim: null,
    messages: [],
    answers: [],
    remember: [],
    durability: 'durable',
    ...rest,
    history,
  };
}

/** Commit that follows `before`, with one history entry more. */
export function next(
  before: RunCommit,
  parts: CommitParts & { readonly state?: Partial<RunState> } = {},
): RunCommit {
  const { state, ...rest } = parts;
  const history = rest.history ?? [anEntry({ seq: before.state.seq + 1 })];
  return {
    runId: before.runId,
    expectedRevision: before.state.revision,
    expectedEpoch: before.state.epoch,
    header: null,
    state: {
      ...before.state,
      revision: before.state.revision + 1,
      seq: before.state.seq + history.length,
      ...state,
    },
    claim: null,
    messages: [],
    answers: [],
    remember: [],
    durability: 'durable',
    ...rest,
    history,
  };
}

/** Commits one after the other; fails unless all are committed. Returns the last. */
export async function commitAll(
  store: Store,
  ...commits: readonly RunCommit[]
): Promise<RunCommit> {
  for (const commit of commits) {
    const [outcome] = await store.commit([commit]);
    if (outcome?.outcome !== 'committed')
      throw new Error(`Commit of run "${commit.runId}" ended with ${JSON.stringify(outcome)}`);
  }
  const last = commits.at(-1);
  if (last === undefined) throw new Error('Nothing to commit');
  return last;
}

export const finished = {
  status: 'complete',
  finishedAtMs: startMs + 1_000,
} as const satisfies Partial<RunState>;

export function aMessage(message: Partial<Message> & { readonly id: string }): Message {
  return { runId: 'run-1', kind: 'signal', body: { text: 'hello' }, atMs: startMs, ...message };
}

export function anItem(index: number, item: Partial<MapItem> = {}): MapItem {
  return {
    runId: 'run-1',
    generation: 1,
    step: 'each',
    index,
    status: 'waiting',
    state: { index },
    ...item,
  };
}

export function aBreaker(record: Partial<BreakerRecord> = {}): BreakerRecord {
  return {
    name: 'model',
    revision: 1,
    state: 'closed',
    failures: 1,
    openedAtMs: null,
    probe: null,
    failureThreshold: 3,
    resetAfterMs: 60_000,
    ...record,
  };
}

export function aPlan(plan: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    name: 'order',
    version: 1,
    input: {},
    sensitiveInput: [],
    onFailure: 'compensate',
    stopping: 'drain',
    abortGraceMs: 10_000,
    durability: 'durable',
    startOn: [],
    events: {},
    context: {},
    nodes: [],
    output: { kind: 'literal', value: null },
    finish: { approve: { by: 'automatic' }, requesterMayDecide: false },
    sensitiveOutput: [],
    hash: 'hash-1',
    ...plan,
  };
}
