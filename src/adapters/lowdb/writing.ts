/** The writes of the store port. */
import type { CommitOutcome, RunCommit, Store } from '../../ports/store.ts';
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
import { applyChanges, prepareChanges, recordTable } from '../shared/records.ts';
import { type RunDocument, withCheckpoint, withErased, withItems } from '../shared/run-document.ts';
import { renewLeases } from '../shared/scheduling.ts';
import { checkEntity, checkName, copyOf, mapTooLargeError } from '../shared/values.ts';
import type { Changes } from './changes.ts';
import type { Disk } from './disk.ts';
import { fileNameOf } from './layout.ts';
import { pruneRuns } from './pruning.ts';

/** The document of a run holds its items and is rewritten with each group of them. */
export const maxMapItems = 10_000;

type Writes = Pick<
  Store,
  | 'commit'
  | 'renew'
  | 'send'
  | 'settleMessage'
  | 'claimResult'
  | 'releaseResult'
  | 'saveBreaker'
  | 'savePlan'
  | 'saveCheckpoint'
  | 'saveItems'
  | 'saveEntity'
  | 'saveRecords'
  | 'erase'
  | 'prune'
>;

export function createWrites(disk: Disk, changes: Changes): Writes {
  const { tables } = disk;

  function change(runId: string, next: (document: RunDocument) => RunDocument): void {
    const document = tables.runs.get(runId);
    if (document !== undefined) tables.runs.set(runId, next(document));
  }

  function applyOne(commit: RunCommit): CommitOutcome {
    if (disk.damaged.has(fileNameOf(commit.runId))) return { outcome: 'conflict' };
    const outcome = applyCommit(tables, commit);
    if (
      outcome.outcome === 'committed' &&
      commit.messages.length + commit.answers.length + commit.remember.length > 0
    )
      changes.addPending(commit.runId, commit);
    return outcome;
  }

  return {
    async commit(batch) {
      for (const commit of batch) checkCommit(commit);
      const commits = copyOf(batch);
      return changes.submit({
        needs: {
          runs: commits.map(({ runId }) => runId),
          keys: commits.flatMap(({ claim }) => (claim === null ? [] : [claim.key])),
          messages: commits.flatMap(({ messages, answers }) =>
            [...messages, ...answers].map(({ id }) => id),
          ),
        },
        apply: () => commits.map(applyOne),
        isSynced: commits.some(({ durability }) => durability === 'durable'),
      });
    },

    /** In memory only: leases are not shared, and void when the store is opened. */
    async renew(owner, runIds, expiresAtMs) {
      changes.assertOpen();
      return renewLeases(tables, owner, runIds, expiresAtMs);
    },

    async send(messages) {
      for (const { id } of messages) checkName('messageId', id);
      const copies = copyOf(messages);
      const runs = copies.flatMap(({ runId }) => (runId === null ? [] : [runId]));
      return changes.submit({
        needs: { messages: copies.map(({ id }) => id), runs },
        apply: () => applyMessages(tables, copies),
      });
    },

    async settleMessage(answer) {
      const copy = copyOf(answer);
      return changes.submit({
        needs: { messages: [copy.id] },
        apply: () => applyAnswer(tables, copy),
      });
    },

    async claimResult(result, nowMs) {
      checkName('key', result.key);
      const copy = copyOf(result);
      return changes.submit({
        needs: { results: [copy.key] },
        apply: () => applyResultClaim(tables, copy, nowMs),
      });
    },

    releaseResult: (key, claimant) =>
      changes.submit({
        needs: { results: [key] },
        apply: () => applyResultRelease(tables, key, claimant),
      }),

    async saveBreaker(record) {
      checkName('breaker', record.name);
      const copy = copyOf(record);
      return changes.submit({ needs: {}, apply: () => applyBreaker(tables, copy) });
    },

    async savePlan(plan) {
      const copy = copyOf(plan);
      return changes.submit({
        needs: {},
        apply: () => tables.plans.set(JSON.stringify([copy.name, copy.version, copy.hash]), copy),
      });
    },

    async saveCheckpoint(checkpoint, fence) {
      checkName('checkpoint', checkpoint.name);
      const copy = copyOf(checkpoint);
      return changes.submit({
        needs: { runs: [fence.runId] },
        apply() {
          if (isStale(tables, fence)) return false;
          change(fence.runId, (document) => withCheckpoint(document, copy));
          return true;
        },
      });
    },

    async saveItems(items, fence) {
      const tooLarge = items.find(({ index }) => index >= maxMapItems);
      if (tooLarge !== undefined)
        throw mapTooLargeError(fence.runId, tooLarge.step, tooLarge.index, maxMapItems);
      const copies = copyOf(items);
      return changes.submit({
        needs: { runs: [fence.runId] },
        apply() {
          if (isStale(tables, fence)) return false;
          change(fence.runId, (document) => withItems(document, copies));
          return true;
        },
      });
    },

    async saveEntity(record, fence) {
      checkEntity(record);
      const copy = copyOf(record);
      return changes.submit({
        needs: { runs: [fence.runId], entities: [entityId(copy.name, copy.key)] },
        apply: () => applyEntity(tables, copy, fence),
      });
    },

    async saveRecords(records) {
      const prepared = prepareChanges(records);
      return changes.submit({
        needs: {},
        apply: () => applyChanges(recordTable(tables.records), prepared),
      });
    },

    async erase(runId, seqs) {
      const chosen = [...seqs];
      await changes.submit({
        needs: { runs: [runId] },
        apply: () => change(runId, (document) => withErased(document, chosen)),
      });
    },

    async prune(query) {
      changes.assertOpen();
      return pruneRuns(disk, changes, query);
    },
  };
}
