/** Carries out changes of a directory in rounds, and keeps in memory what has to be there. */
import { randomUUID } from 'node:crypto';
import type { SignalboxError } from '../../errors.ts';
import type { RunDocument } from '../shared/run-document.ts';
import { isSettled } from '../shared/run-query.ts';
import { closedError } from '../shared/values.ts';
import {
  type Disk,
  findByFileName,
  findClaim,
  findEntity,
  findMessage,
  findResult,
  isResident,
} from './disk.ts';
import { SyncFailure } from './document.ts';
import { toStoreError, unavailableError } from './errors.ts';
import { nothingPending, type Pending } from './formats.ts';
import { inParallel } from './in-parallel.ts';
import { fileNameOf } from './layout.ts';
import type { Lock } from './lock.ts';
import { createRounds } from './rounds.ts';
import { createWriter, PartialWrite } from './writer.ts';

/** Called with every run that is about to change or to go, as it is before. */
export type Watcher = (before: RunDocument) => void;

export interface Changes {
  submit<T>(change: {
    readonly needs: Needs;
    readonly apply: () => T;
    readonly isSynced?: boolean;
  }): Promise<T>;
  /** Adds to what the run's next document will ask of others. */
  addPending(runId: string, pending: Pending): void;
  readonly watchers: Set<Watcher>;
  /** @throws SignalboxError `CLOSED` */
  assertOpen(): void;
  /** Writes what was submitted before and gives up the lock. */
  close(): Promise<void>;
}

/** For a directory that is only read. */
export const withoutWrites: Pick<Changes, 'submit' | 'watchers'> = {
  watchers: new Set(),
  async submit({ needs, apply }) {
    await needs.work?.();
    return apply();
  },
};

/** What a change reads, and must therefore be in memory. */
export interface Needs {
  readonly runs?: readonly string[];
  readonly keys?: readonly string[];
  readonly messages?: readonly string[];
  readonly results?: readonly string[];
  readonly entities?: readonly string[];
  /** Anything else to be done while nothing is being written. */
  readonly work?: () => Promise<void>;
}

export function createChanges(disk: Disk, lock: Lock): Changes {
  const { tables, layout } = disk;
  const writer = createWriter(disk, randomUUID());
  const watchers = new Set<Watcher>();
  const pending = new Map<string, Pending>();
  const borrowed = { runs: new Set<string>(), messages: new Set<string>() };
  let failure: SignalboxError | null = null;
  let isClosed = false;

  function assertOpen(): void {
    if (isClosed) throw closedError('lowdb');
  }

  async function bringIn({
    runs = [],
    keys = [],
    messages = [],
    results = [],
    entities = [],
    work,
  }: Needs): Promise<void> {
    try {
      await inParallel(runs, async (runId) => {
        if (tables.runs.published.has(runId)) return;
        const document = await findByFileName(disk, fileNameOf(runId));
        if (document === null) return;
        borrowed.runs.add(runId);
        disk.residentIds.set(fileNameOf(runId), runId);
        tables.runs.keep(runId, document);
      });
      await inParallel(keys, async (key) => {
        const claim = await findClaim(disk, key);
        if (claim !== null) tables.claims.keep(key, claim);
      });
      await inParallel(messages, async (id) => {
        if (tables.messages.published.has(id)) return;
        const message = await findMessage(disk, id);
        if (message === null) return;
        borrowed.messages.add(id);
        tables.messages.keep(id, message);
      });
      await inParallel(results, async (key) => {
        const result = await findResult(disk, key);
        if (result !== null) tables.remembered.keep(key, result);
      });
      await inParallel(entities, async (id) => {
        const entity = await findEntity(disk, id);
        if (entity !== null) tables.entities.keep(id, entity);
      });
      await work?.();
    } catch (error) {
      throw toStoreError(error, layout.root);
    }
  }

  const rounds = createRounds(async (isSynced) => {
    try {
      await ensureUsable();
      if (!hasStaged()) return;
      // only what one document holds may be lost by a fast commit, never the accord of several
      await writer.write(pending, isSynced || pending.size > 0 || tables.claims.staged.size > 0);
      afterWrite();
    } catch (error) {
      throw explain(error);
    } finally {
      tables.discard();
      pending.clear();
      for (const runId of disk.settling) borrowed.runs.add(runId);
      if (failure === null) await writer.settle();
      letGo();
    }
  });

  async function ensureUsable(): Promise<void> {
    if (failure !== null) throw failure;
    if (await lock.isHeld()) return;
    failure = unavailableError(
      layout.root,
      'the directory was deleted or replaced, or its lock was taken over',
      'Open it again',
    );
    throw failure;
  }

  function explain(error: unknown): unknown {
    const explained = toStoreError(
      error instanceof PartialWrite ? error.cause : error,
      layout.root,
    );
    if (failure === null && (error instanceof PartialWrite || error instanceof SyncFailure)) {
      failure = unavailableError(
        layout.root,
        'a write failed half-way, so only the disk knows what is written',
        'Open it again',
        error,
      );
      return failure;
    }
    return explained;
  }

  function hasStaged(): boolean {
    return [
      tables.runs,
      tables.claims,
      tables.messages,
      tables.remembered,
      tables.breakers,
      tables.entities,
      tables.plans,
      tables.records,
    ].some(({ staged }) => staged.size > 0);
  }

  function afterWrite(): void {
    for (const [runId, document] of tables.runs.staged) {
      const before = tables.runs.published.get(runId);
      if (before !== undefined) for (const watch of watchers) watch(before);
      disk.carried.delete(runId);
      const messages = pending.get(runId)?.messages.map(({ id }) => id) ?? [];
      if (messages.length > 0) disk.carried.set(runId, messages);
      // what was settled before lies with the finished already, unless it had something pending
      const isInActiveFolder =
        document !== undefined &&
        isSettled(document.state) &&
        (before === undefined || tables.live.has(runId) || pending.has(runId));
      if (isInActiveFolder) disk.settling.add(runId);
      else if (document === undefined || !isSettled(document.state)) disk.settling.delete(runId);
      borrowed.runs.add(runId);
      disk.residentIds.set(fileNameOf(runId), runId);
    }
    for (const [id, stored] of tables.messages.staged) {
      borrowed.messages.add(id);
      const runId = (stored ?? tables.messages.published.get(id))?.message.runId ?? null;
      if (runId !== null) borrowed.runs.add(runId);
    }
    tables.publish();
  }

  function letGo(): void {
    for (const runId of borrowed.runs) {
      if (isResident(disk, runId)) continue;
      tables.runs.forget(runId);
      disk.residentIds.delete(fileNameOf(runId));
    }
    for (const id of borrowed.messages) {
      if (tables.messages.published.get(id)?.answer !== null) tables.messages.forget(id);
    }
    for (const key of tables.claims.published.keys()) tables.claims.forget(key);
    for (const key of tables.remembered.published.keys()) tables.remembered.forget(key);
    for (const id of tables.entities.published.keys()) tables.entities.forget(id);
    borrowed.runs.clear();
    borrowed.messages.clear();
  }

  return {
    watchers,
    assertOpen,
    async submit({ needs, apply, isSynced = true }) {
      assertOpen();
      return rounds.submit({ prepare: () => bringIn(needs), apply, isSynced });
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await rounds.idle();
      await lock.release().catch(() => {});
    },
    addPending(runId, { messages, answers, remember }) {
      const before = pending.get(runId) ?? nothingPending;
      pending.set(runId, {
        messages: [...before.messages, ...messages],
        answers: [...before.answers, ...answers],
        remember: [...before.remember, ...remember],
      });
    },
  };
}
