/** The store without a disk: for tests, for trying out, and for runs that may end with the process. */
import { SignalboxError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { PruneQuery, RunPage, RunQuery, Store } from '../../ports/store.ts';
import {
  applyAnswer,
  applyBreaker,
  applyCommit,
  applyEntity,
  applyMessages,
  applyResultClaim,
  applyResultRelease,
  entityId,
  isStale,
} from '../shared/changes.ts';
import { checkCommit } from '../shared/commit-check.ts';
import {
  applyChanges,
  checkPage,
  prepareChanges,
  recordId,
  recordTable,
} from '../shared/records.ts';
import {
  checkpointsAt,
  historyOf,
  itemsAfter,
  type RunDocument,
  settledEntries,
  toExportedRun,
  toStoredRun,
  withCheckpoint,
  withErased,
  withItems,
} from '../shared/run-document.ts';
import {
  checkLimit,
  compareNewestFirst,
  countRuns,
  isPrunable,
  isUnrestricted,
  matches,
  parseCursor,
  toCursor,
} from '../shared/run-query.ts';
import { claimableRuns, earliestDueAtMs, renewLeases, runsAwaiting } from '../shared/scheduling.ts';
import { createTables, recordsOf, type Tables } from '../shared/tables.ts';
import { checkEntity, checkName, closedError, copyOf, mapTooLargeError } from '../shared/values.ts';

const maxMapItems = 100_000;

/** Everything is lost when the process ends. Not shared; `backup` is refused with `STORE_UNAVAILABLE`. */
export function createMemoryStore(): Store {
  const tables = createTables();
  let isClosed = false;

  function read<T>(query: () => T): T {
    if (isClosed) throw closedError('memory');
    return copyOf({ answer: query() }).answer;
  }

  function readRun<T>(runId: string, otherwise: T, query: (document: RunDocument) => T): T {
    return read(() => {
      const document = tables.runs.published.get(runId);
      return document === undefined ? otherwise : query(document);
    });
  }

  /** All of the change or, if it throws, nothing. */
  function write<T>(change: () => T): T {
    if (isClosed) throw closedError('memory');
    try {
      const result = change();
      tables.publish();
      return copyOf({ result }).result;
    } finally {
      tables.discard();
    }
  }

  function change(runId: string, next: (document: RunDocument) => RunDocument): void {
    const document = tables.runs.get(runId);
    if (document !== undefined) tables.runs.set(runId, next(document));
  }

  return {
    kind: 'memory',
    shared: false,
    readOnly: false,
    limits: { mapItems: maxMapItems },

    async commit(batch) {
      for (const commit of batch) checkCommit(commit);
      return write(() => copyOf(batch).map((commit) => applyCommit(tables, commit)));
    },

    load: async (runId) => readRun(runId, null, toStoredRun),
    async history(runId, { afterSeq, limit }) {
      checkLimit(limit, 10_000);
      return readRun(runId, [], (document) => historyOf(document, afterSeq, limit));
    },
    settled: async (runId, generation, steps) =>
      readRun(runId, [], (document) => settledEntries(document, generation, steps)),
    list: async (query) => read(() => listRuns(tables, query)),
    count: async (filter) =>
      read(() =>
        countRuns(
          [...tables.runs.published.values()]
            .map(toStoredRun)
            .filter((run) => matches(run, filter)),
        ),
      ),
    damaged: async () => read(() => []),

    claimable: async (query) => read(() => claimableRuns(tables, query)),
    nextDueAtMs: async () => read(() => earliestDueAtMs(tables)),
    renew: async (owner, runIds, expiresAtMs) =>
      read(() => renewLeases(tables, owner, runIds, expiresAtMs)),
    awaiting: async (event) => read(() => runsAwaiting(tables, event)),

    async send(messages) {
      for (const { id } of messages) checkName('messageId', id);
      return write(() => applyMessages(tables, copyOf(messages)));
    },
    inbox: async (runId) => read(() => tables.openMessages(runId).map(({ message }) => message)),
    answer: async (messageId) =>
      read(() => {
        const stored = tables.messages.published.get(messageId);
        return stored === undefined ? null : { answer: stored.answer };
      }),
    settleMessage: async (answer) => write(() => applyAnswer(tables, copyOf(answer))),

    key: async (key, nowMs) =>
      read(() => {
        const claim = tables.claims.published.get(key);
        return claim !== undefined && claim.expiresAtMs > nowMs ? claim : null;
      }),

    async claimResult(result, nowMs) {
      checkName('key', result.key);
      return write(() => applyResultClaim(tables, copyOf(result), nowMs));
    },
    releaseResult: async (key, claimant) => write(() => applyResultRelease(tables, key, claimant)),

    breakers: async () => read(() => [...tables.breakers.published.values()]),
    async saveBreaker(record) {
      checkName('breaker', record.name);
      return write(() => applyBreaker(tables, copyOf(record)));
    },

    savePlan: async (plan) => write(() => tables.plans.set(planKey(plan), copyOf(plan))),
    plan: async (name, version, hash) =>
      read(() => tables.plans.published.get(planKey({ name, version, hash })) ?? null),
    plans: async () =>
      read(() =>
        [...tables.plans.published.values()].map(({ name, version, hash }) => ({
          name,
          version,
          hash,
        })),
      ),

    async saveCheckpoint(checkpoint, fence) {
      checkName('checkpoint', checkpoint.name);
      return write(() => {
        if (isStale(tables, fence)) return false;
        change(fence.runId, (document) => withCheckpoint(document, copyOf(checkpoint)));
        return true;
      });
    },
    checkpoints: async (runId, generation, path) =>
      readRun(runId, [], (document) => checkpointsAt(document, generation, path)),

    saveItems: async (items, fence) =>
      write(() => {
        const tooLarge = items.find((item) => item.index >= maxMapItems);
        if (tooLarge !== undefined)
          throw mapTooLargeError(fence.runId, tooLarge.step, tooLarge.index, maxMapItems);
        if (isStale(tables, fence)) return false;
        change(fence.runId, (document) => withItems(document, copyOf(items)));
        return true;
      }),
    items: async (runId, generation, step, page) =>
      readRun(runId, [], (document) =>
        itemsAfter(document, generation, step, page.afterIndex, page.limit),
      ),

    entity: async (name, key) =>
      read(() => tables.entities.published.get(entityId(name, key)) ?? null),
    async saveEntity(record, fence) {
      checkEntity(record);
      return write(() => applyEntity(tables, copyOf(record), fence));
    },
    async *entities() {
      if (isClosed) throw closedError('memory');
      for (const record of tables.entities.published.values()) yield copyOf(record);
    },

    record: async (collection, key) =>
      read(() => tables.records.published.get(recordId(collection, key)) ?? null),
    async records(collection, page) {
      checkPage(page);
      return read(() => recordsOf(tables, collection, page));
    },
    async saveRecords(changes) {
      const prepared = prepareChanges(changes);
      return write(() => applyChanges(recordTable(tables.records), prepared));
    },

    erase: async (runId, seqs) =>
      write(() => change(runId, (document) => withErased(document, seqs))),
    prune: async (query) => write(() => pruneRuns(tables, query)),
    async *export() {
      if (isClosed) throw closedError('memory');
      const documents = [...tables.runs.published.values()];
      for (const document of documents) yield copyOf(toExportedRun(document));
    },
    async backup(destination) {
      throw new SignalboxError(
        'STORE_UNAVAILABLE',
        `Store "memory" has no files to back up to "${destination}"`,
        { details: { destination } },
      );
    },
    async close() {
      isClosed = true;
    },
  };
}

function listRuns(tables: Tables, query: RunQuery): RunPage {
  checkLimit(query.limit, 1_000);
  const after = parseCursor(query.cursor);
  const found = [...tables.runs.published.values()]
    .map((document) => ({
      run: toStoredRun(document),
      place: { createdAtMs: document.header.createdAtMs, tie: document.header.id },
    }))
    .filter(
      ({ run, place }) =>
        matches(run, query) && (after === null || compareNewestFirst(after, place) < 0),
    )
    .sort((a, b) => compareNewestFirst(a.place, b.place));
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  return {
    runs: page.map(({ run }) => run),
    cursor: last !== undefined && found.length > page.length ? toCursor(last.place) : null,
  };
}

function pruneRuns(tables: Tables, query: PruneQuery): readonly string[] {
  const { published } = tables.runs;
  const find = (runId: string) => {
    const found = published.get(runId);
    return found === undefined ? null : toStoredRun(found);
  };
  const documents = [...published.values()].filter((document) =>
    isPrunable(toStoredRun(document), query, find),
  );
  const ids = documents.map(({ header }) => header.id);
  if (query.dryRun) return ids;
  const gone = new Set<string | null>(ids);
  for (const { header, claimedKey } of documents) {
    tables.runs.delete(header.id);
    if (claimedKey !== null && tables.claims.get(claimedKey)?.runId === header.id)
      tables.claims.delete(claimedKey);
  }
  for (const [id, { message }] of tables.messages.published) {
    if (gone.has(message.runId)) tables.messages.delete(id);
  }
  if (isUnrestricted(query)) forgetExpired(tables, query.finishedBeforeMs);
  return ids;
}

function forgetExpired(tables: Tables, beforeMs: number): void {
  for (const [key, claim] of tables.claims.published)
    if (claim.expiresAtMs < beforeMs) tables.claims.delete(key);
  for (const [key, result] of tables.remembered.published)
    if (result.expiresAtMs < beforeMs) tables.remembered.delete(key);
  for (const [id, { message, answer }] of tables.messages.published) {
    if (message.runId === null && answer !== null && message.atMs < beforeMs)
      tables.messages.delete(id);
  }
}

function planKey(plan: Pick<Plan, 'name' | 'version' | 'hash'>): string {
  return JSON.stringify([plan.name, plan.version, plan.hash]);
}
