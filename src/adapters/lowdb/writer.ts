/**
 * Writes what is staged in the tables, in an order in which a crash between any two steps loses nothing and doubles nothing:
 *
 * 1. every new document, complete, under a temporary name: if one cannot be written, none is;
 * 2. entries of the listing, and keys: a key whose run is missing is free;
 * 3. documents of runs, each with what it asks of other documents: here a commit has happened;
 * 4. messages, answers, results, breakers, entities, plans, records: made up for at the next start if a crash comes before them;
 * 5. removals.
 */
import { dirname, join } from 'node:path';
import type { RunDocument } from '../shared/run-document.ts';
import { isSettled } from '../shared/run-query.ts';
import type { Table } from '../shared/table.ts';
import type { Disk } from './disk.ts';
import {
  type DocumentFormat,
  type PreparedDocument,
  prepareDocument,
  SyncFailure,
  syncOrFail,
} from './document.ts';
import { hasCode } from './file-system.ts';
import {
  breakerFormat,
  entityFormat,
  keyFormat,
  messageFormat,
  nothingPending,
  type Pending,
  planFormat,
  resultFormat,
  runFormat,
  segmentFormat,
} from './formats.ts';
import { inParallel } from './in-parallel.ts';
import { fileNameOf } from './layout.ts';
import { mergeSegments, stagedSegment } from './record-log.ts';

export interface Writer {
  /**
   * @param pending - what the commits of each run ask of other documents
   * @throws PartialWrite or SyncFailure if only the disk knows what is written; after any other error nothing is
   */
  write(pending: ReadonlyMap<string, Pending>, isSynced: boolean): Promise<void>;
  /** Moves the documents of settled runs to the folder that no start reads, and merges those of records. */
  settle(): Promise<void>;
}

export class PartialWrite extends Error {
  override readonly name = 'PartialWrite';
}

/** Documents that become visible together, as far as the disk can do that. */
type Step = PreparedDocument[];

export function createWriter(disk: Disk, token: string): Writer {
  const { files, layout, tables } = disk;
  const folders = new Set(layout.folders);
  let drafts = 0;

  async function ensureFolder(folder: string): Promise<void> {
    if (folders.has(folder)) return;
    // not with its parents: a store that was deleted must not come back empty
    await files.makeDirectory(folder, { recursive: false });
    await syncOrFail(() => files.syncDirectory(dirname(folder)), folder);
    folders.add(folder);
  }

  async function syncFolders(paths: readonly string[]): Promise<void> {
    await inParallel(new Set(paths.map(dirname)), (folder) =>
      syncOrFail(() => files.syncDirectory(folder), folder),
    );
  }

  async function publish(step: Step, isSynced: boolean): Promise<void> {
    await inParallel(step, (document) => document.publish());
    if (isSynced) await syncFolders(step.map(({ path }) => path));
  }

  async function createEntries(paths: readonly string[], isSynced: boolean): Promise<void> {
    await inParallel(paths, async (path) => {
      await ensureFolder(dirname(path));
      try {
        await (await files.create(path)).close();
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
    });
    if (isSynced) await syncFolders(paths);
  }

  /** The document of a run lies with the finished ones: it was settled before this write. */
  function isAtRest(runId: string): boolean {
    return tables.runs.published.has(runId) && !tables.live.has(runId) && !disk.settling.has(runId);
  }

  function pathOfRun(
    runId: string,
    { state }: RunDocument,
    pending: ReadonlyMap<string, Pending>,
  ): string {
    // what is pending must be found by the next start
    const mayStay = isAtRest(runId) && isSettled(state) && !pending.has(runId);
    return mayStay ? layout.finishedRun(fileNameOf(runId)) : layout.activeRun(runId);
  }

  async function prepareAll(
    pending: ReadonlyMap<string, Pending>,
    isSynced: boolean,
  ): Promise<readonly [Step, Step, Step]> {
    const steps: readonly [Step, Step, Step] = [[], [], []];
    const [keys, runs, others] = steps;
    const jobs: (() => Promise<void>)[] = [];
    function add<T>(step: Step, format: DocumentFormat<T>, path: string, data: T): void {
      jobs.push(async () => {
        await ensureFolder(dirname(path));
        const draft = join(layout.drafts, `${token}-${++drafts}`);
        step.push(await prepareDocument(files, { path, draft, isSynced }, format, data));
      });
    }
    for (const [key, claim] of written(tables.claims)) add(keys, keyFormat, layout.key(key), claim);
    for (const [runId, document] of written(tables.runs)) {
      add(runs, runFormat, pathOfRun(runId, document, pending), {
        document,
        pending: pending.get(runId) ?? nothingPending,
      });
    }
    for (const [id, message] of written(tables.messages)) {
      add(
        others,
        messageFormat,
        message.answer === null ? layout.openMessage(id) : layout.answeredMessage(id),
        message,
      );
    }
    for (const [key, result] of written(tables.remembered))
      add(others, resultFormat, layout.result(key), result);
    for (const [name, breaker] of written(tables.breakers))
      add(others, breakerFormat, layout.breaker(name), breaker);
    for (const [id, entity] of written(tables.entities))
      add(others, entityFormat, layout.entity(id), entity);
    for (const [, plan] of written(tables.plans))
      add(others, planFormat, layout.plan(plan.name, plan.version, plan.hash), plan);
    if (tables.records.staged.size > 0) {
      const round = nextRound();
      add(others, segmentFormat, layout.recordSegment(round, round), stagedSegment(tables.records));
    }
    try {
      await inParallel(jobs, (job) => job());
    } catch (error) {
      await discard(steps);
      throw error;
    }
    return steps;
  }

  function nextRound(): number {
    return (disk.segments.at(-1)?.last ?? 0) + 1;
  }

  async function discard(steps: readonly Step[]): Promise<void> {
    await inParallel(steps.flat(), (document) => document.discard().catch(() => {}));
  }

  function newEntries(): readonly string[] {
    const created = written(tables.runs).filter(([runId]) => !tables.runs.published.has(runId));
    return created.map(([runId, { header }]) => layout.listingEntry(header.createdAtMs, runId));
  }

  async function removeAll(
    pending: ReadonlyMap<string, Pending>,
    isSynced: boolean,
  ): Promise<void> {
    const runs: string[] = [];
    for (const [runId, document] of tables.runs.staged) {
      const before = tables.runs.published.get(runId);
      if (document === undefined) {
        runs.push(
          disk.settling.has(runId)
            ? layout.activeRun(runId)
            : layout.finishedRun(fileNameOf(runId)),
        );
        if (before !== undefined) runs.push(layout.listingEntry(before.header.createdAtMs, runId));
      } else if (
        isAtRest(runId) &&
        pathOfRun(runId, document, pending) !== layout.finishedRun(fileNameOf(runId))
      )
        runs.push(layout.finishedRun(fileNameOf(runId)));
    }
    await inParallel(runs, (path) => files.remove(path));
    if (isSynced) await syncFolders(runs);
    const others = [
      ...removed(tables.claims).map((key) => layout.key(key)),
      ...removed(tables.remembered).map((key) => layout.result(key)),
      ...removed(tables.messages).flatMap((id) => [
        layout.answeredMessage(id),
        layout.openMessage(id),
      ]),
      // should these come back after a power loss, the next start finds that they are answered
      ...written(tables.messages).flatMap(([id, { answer }]) =>
        answer !== null && tables.messages.published.has(id) ? [layout.openMessage(id)] : [],
      ),
    ];
    await inParallel(others, (path) => files.remove(path));
  }

  return {
    async write(pending, isSynced) {
      const steps = await prepareAll(pending, isSynced);
      const [keys, runs, others] = steps;
      try {
        await createEntries(newEntries(), isSynced);
        await publish(keys, isSynced);
      } catch (error) {
        await discard(steps);
        throw error;
      }
      try {
        await publish(runs, isSynced);
        await publish(others, isSynced);
        await removeAll(pending, isSynced);
      } catch (error) {
        throw error instanceof SyncFailure
          ? error
          : new PartialWrite('A round of writes stopped half-way', { cause: error });
      }
      const size = tables.records.staged.size;
      if (size > 0) disk.segments.push({ first: nextRound(), last: nextRound(), size });
    },

    async settle() {
      await mergeSegments(disk, token);
      await inParallel(disk.settling, async (runId) => {
        const path = layout.finishedRun(fileNameOf(runId));
        try {
          await ensureFolder(dirname(path));
          await files.rename(layout.activeRun(runId), path);
          disk.settling.delete(runId);
        } catch {
          // stays where it is, and in memory, until the next round
        }
      });
    },
  };
}

function written<V>({ staged }: Table<V>): readonly (readonly [key: string, value: V])[] {
  return [...staged].flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
}

function removed<V>({ staged }: Table<V>): readonly string[] {
  return [...staged].flatMap(([key, value]) => (value === undefined ? [key] : []));
}
