/** Everything of one run as a value: each change makes a new document, so that readers keep what they have. */
import type {
  Checkpoint,
  ExportedRun,
  HistoryEntry,
  MapItem,
  RunCommit,
  RunHeader,
  RunState,
  StoredRun,
} from '../../ports/store.ts';

/** An array that only grows, shared by the documents of a run; each sees its own `length` of it. */
interface HistoryLog {
  readonly entries: HistoryEntry[];
  readonly length: number;
}

export interface RunDocument {
  readonly header: RunHeader;
  readonly state: RunState;
  /** The idempotency key the run was created with. */
  readonly claimedKey: string | null;
  readonly log: HistoryLog;
  readonly checkpoints: readonly Checkpoint[];
  /** By generation and step; the place in the list is the item's index. */
  readonly items: ReadonlyMap<string, readonly (MapItem | undefined)[]>;
}

export function createRunDocument(header: RunHeader, commit: RunCommit): RunDocument {
  const log = append({ entries: [], length: 0 }, commit.history);
  return {
    header,
    state: commit.state,
    claimedKey: commit.claim?.key ?? null,
    log,
    checkpoints: [],
    items: new Map(),
  };
}

export function withCommit(document: RunDocument, commit: RunCommit): RunDocument {
  return {
    ...document,
    header: commit.header ?? document.header,
    state: commit.state,
    log: append(document.log, commit.history),
  };
}

function append(log: HistoryLog, added: readonly HistoryEntry[]): HistoryLog {
  // beyond the length lie entries of a commit that was given up
  if (log.entries.length > log.length) log.entries.length = log.length;
  log.entries.push(...added);
  return { entries: log.entries, length: log.length + added.length };
}

export function historyOf(
  document: RunDocument,
  afterSeq = 0,
  limit = Number.POSITIVE_INFINITY,
): readonly HistoryEntry[] {
  const start = Math.max(0, afterSeq);
  return document.log.entries.slice(start, Math.min(document.log.length, start + limit));
}

export function settledEntries(
  document: RunDocument,
  generation: number,
  steps: readonly string[] | undefined,
): readonly HistoryEntry[] {
  const isWanted = ({ step }: HistoryEntry) =>
    steps === undefined || (step !== null && steps.includes(step));
  return historyOf(document).filter(
    (entry) => entry.settles !== null && entry.generation === generation && isWanted(entry),
  );
}

export function toStoredRun({ header, state }: RunDocument): StoredRun {
  return { header, state };
}

export function toExportedRun(document: RunDocument): ExportedRun {
  return {
    ...toStoredRun(document),
    history: historyOf(document),
    checkpoints: document.checkpoints,
    items: allItems(document),
  };
}

/** The entry as it stays after an erasure: the digests remain, so that the chain still verifies. */
export function erased({ output: _, ...kept }: HistoryEntry): HistoryEntry {
  return { ...kept, inputHash: null, salt: null };
}

export function withErased(document: RunDocument, seqs: readonly number[]): RunDocument {
  const chosen = new Set(seqs);
  const entries = historyOf(document).map((entry) =>
    chosen.has(entry.seq) ? erased(entry) : entry,
  );
  return { ...document, log: { entries, length: entries.length } };
}

export function withCheckpoint(document: RunDocument, checkpoint: Checkpoint): RunDocument {
  const same = (other: Checkpoint) =>
    other.generation === checkpoint.generation &&
    other.path === checkpoint.path &&
    other.name === checkpoint.name;
  return {
    ...document,
    checkpoints: [...document.checkpoints.filter((other) => !same(other)), checkpoint],
  };
}

export function withItems(document: RunDocument, added: readonly MapItem[]): RunDocument {
  const items = new Map(document.items);
  const changed = new Map<string, (MapItem | undefined)[]>();
  for (const item of added) {
    const key = itemsKey(item.generation, item.step);
    let list = changed.get(key);
    if (list === undefined) {
      list = items.get(key)?.slice() ?? [];
      changed.set(key, list);
      items.set(key, list);
    }
    list[item.index] = item;
  }
  return { ...document, items };
}

export function itemsAfter(
  document: RunDocument,
  generation: number,
  step: string,
  afterIndex: number,
  limit: number,
): readonly MapItem[] {
  const following = document.items.get(itemsKey(generation, step))?.slice(afterIndex + 1) ?? [];
  return following.filter((item) => item !== undefined).slice(0, limit);
}

export function checkpointsAt(
  document: RunDocument,
  generation: number,
  path: string,
): readonly Checkpoint[] {
  return document.checkpoints.filter(
    (checkpoint) => checkpoint.generation === generation && checkpoint.path === path,
  );
}

export function allItems(document: RunDocument): readonly MapItem[] {
  return [...document.items.values()].flatMap((list) => list.filter((item) => item !== undefined));
}

function itemsKey(generation: number, step: string): string {
  return `${generation}/${step}`;
}
