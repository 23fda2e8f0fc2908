/** The reads of the store port. */
import type { Store } from '../../ports/store.ts';
import { entityId } from '../shared/changes.ts';
import { checkPage, recordId } from '../shared/records.ts';
import {
  checkpointsAt,
  historyOf,
  itemsAfter,
  type RunDocument,
  settledEntries,
  toStoredRun,
} from '../shared/run-document.ts';
import { checkLimit } from '../shared/run-query.ts';
import { claimableRuns, earliestDueAtMs, runsAwaiting } from '../shared/scheduling.ts';
import { recordsOf } from '../shared/tables.ts';
import { copyOf } from '../shared/values.ts';
import { type Disk, findClaim, findEntity, findMessage, findRun } from './disk.ts';
import { countRuns, listRuns } from './listing.ts';

type Reads = Pick<
  Store,
  | 'load'
  | 'history'
  | 'settled'
  | 'list'
  | 'count'
  | 'damaged'
  | 'claimable'
  | 'nextDueAtMs'
  | 'awaiting'
  | 'inbox'
  | 'answer'
  | 'key'
  | 'breakers'
  | 'plan'
  | 'plans'
  | 'checkpoints'
  | 'items'
  | 'entity'
  | 'record'
  | 'records'
>;

/** @param using - calls its argument with the directory as it is now; throws what a caller may see */
export function createReads(using: <T>(read: (disk: Disk) => T | Promise<T>) => Promise<T>): Reads {
  /** The answer shares nothing with what is in memory. */
  function query<T>(read: (disk: Disk) => T | Promise<T>): Promise<T> {
    return using(async (disk) => copyOf({ answer: await read(disk) }).answer);
  }

  function queryRun<T>(
    runId: string,
    otherwise: T,
    read: (document: RunDocument) => T,
  ): Promise<T> {
    return query(async (disk) => {
      const document = await findRun(disk, runId);
      return document === null ? otherwise : read(document);
    });
  }

  return {
    load: (runId) => queryRun(runId, null, toStoredRun),
    async history(runId, { afterSeq, limit }) {
      checkLimit(limit, 10_000);
      return queryRun(runId, [], (document) => historyOf(document, afterSeq, limit));
    },
    settled: (runId, generation, steps) =>
      queryRun(runId, [], (document) => settledEntries(document, generation, steps)),
    list: (runs) => query((disk) => listRuns(disk, runs)),
    count: (filter) => query((disk) => countRuns(disk, filter)),
    damaged: () => query(({ damaged }) => [...damaged.values()]),
    claimable: (runs) => query(({ tables }) => claimableRuns(tables, runs)),
    nextDueAtMs: () => query(({ tables }) => earliestDueAtMs(tables)),
    awaiting: (event) => query(({ tables }) => runsAwaiting(tables, event)),
    inbox: (runId) =>
      query(({ tables }) => tables.openMessages(runId).map(({ message }) => message)),
    answer: (messageId) =>
      query(async (disk) => {
        const stored = await findMessage(disk, messageId);
        return stored === null ? null : { answer: stored.answer };
      }),
    key: (key, nowMs) =>
      query(async (disk) => {
        const claim = await findClaim(disk, key);
        return claim !== null && claim.expiresAtMs > nowMs ? claim : null;
      }),
    breakers: () => query(({ tables }) => [...tables.breakers.published.values()]),
    plan: (name, version, hash) =>
      query(
        ({ tables }) => tables.plans.published.get(JSON.stringify([name, version, hash])) ?? null,
      ),
    plans: () =>
      query(({ tables }) =>
        [...tables.plans.published.values()].map(({ name, version, hash }) => ({
          name,
          version,
          hash,
        })),
      ),
    checkpoints: (runId, generation, path) =>
      queryRun(runId, [], (document) => checkpointsAt(document, generation, path)),
    record: (collection, key) =>
      query(({ tables }) => tables.records.published.get(recordId(collection, key)) ?? null),
    async records(collection, page) {
      checkPage(page);
      return query(({ tables }) => recordsOf(tables, collection, page));
    },
    entity: (name, key) => query((disk) => findEntity(disk, entityId(name, key))),
    items: (runId, generation, step, { afterIndex, limit }) =>
      queryRun(runId, [], (document) => itemsAfter(document, generation, step, afterIndex, limit)),
  };
}
