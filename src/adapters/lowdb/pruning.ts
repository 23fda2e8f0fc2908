import { join } from 'node:path';
import type { PruneQuery, RememberedResult, StoredRun } from '../../ports/store.ts';
import { toStoredRun } from '../shared/run-document.ts';
import { isPrunable, isUnrestricted } from '../shared/run-query.ts';
import type { StoredClaim, StoredMessage } from '../shared/tables.ts';
import type { Changes } from './changes.ts';
import { type Disk, findByFileName } from './disk.ts';
import { type DocumentFormat, readDocument } from './document.ts';
import { keyFormat, messageFormat, resultFormat } from './formats.ts';
import { fileNameOf } from './layout.ts';
import { placesNewestFirst } from './listing.ts';

/** Runs removed per round, so that others get in between. */
const chunk = 200;

/** Reads every finished run that is old enough. */
export async function prunableRuns(disk: Disk, query: PruneQuery): Promise<readonly string[]> {
  const ids = new Set<string>();
  for await (const { tie } of placesNewestFirst(disk, {
    createdBeforeMs: query.finishedBeforeMs,
  })) {
    const document = await findByFileName(disk, tie);
    if (document === null) continue;
    const run = toStoredRun(document);
    const parents = await parentsOf(disk, run);
    if (isPrunable(run, query, (runId) => parents.get(runId) ?? null)) ids.add(run.header.id);
  }
  return [...ids];
}

/** Up to the outermost. */
async function parentsOf(disk: Disk, run: StoredRun): Promise<ReadonlyMap<string, StoredRun>> {
  const parents = new Map<string, StoredRun>();
  for (let { parent } = run.header; parent !== null; ) {
    const document = await findByFileName(disk, fileNameOf(parent.runId));
    if (document === null) break;
    parents.set(parent.runId, toStoredRun(document));
    ({ parent } = document.header);
  }
  return parents;
}

/** Reads every answered message, too, if it removes any run. */
export async function pruneRuns(
  disk: Disk,
  changes: Changes,
  query: PruneQuery,
): Promise<readonly string[]> {
  const candidates = await prunableRuns(disk, query);
  if (query.dryRun) return candidates;
  const removed: string[] = [];
  for (const ids of chunksOf(candidates))
    removed.push(
      ...(await changes.submit({
        needs: { runs: ids },
        apply: () => removeRuns(disk, ids, query),
      })),
    );
  await removeExpired(disk, changes, query, new Set(removed));
  return removed;
}

function removeRuns(
  { tables }: Disk,
  ids: readonly string[],
  query: PruneQuery,
): readonly string[] {
  const inMemory = (runId: string) => {
    const found = tables.runs.get(runId);
    return found === undefined ? null : toStoredRun(found);
  };
  return ids.filter((id) => {
    const document = tables.runs.get(id);
    // it, or a parent, was retried since it was looked at
    if (document === undefined || !isPrunable(toStoredRun(document), query, inMemory)) return false;
    tables.runs.delete(id);
    return true;
  });
}

/** Messages of the runs that are gone; if all runs were meant, also what expired before the date. A key of a run that is gone is free. */
async function removeExpired(
  disk: Disk,
  changes: Changes,
  query: PruneQuery,
  gone: ReadonlySet<string>,
): Promise<void> {
  const { tables, layout } = disk;
  const isAll = isUnrestricted(query);
  if (gone.size === 0 && !isAll) return;
  const carried = new Set([...disk.carried.values()].flat());
  const isOver = ({ message, answer }: StoredMessage) =>
    !carried.has(message.id) &&
    (message.runId === null
      ? isAll && answer !== null && message.atMs < query.finishedBeforeMs
      : gone.has(message.runId));
  const messages = await collect<StoredMessage>(
    disk,
    layout.answeredMessages,
    messageFormat,
    isOver,
    ({ message }) => message.id,
  );
  messages.push(
    ...[...tables.messages.published.values()].filter(isOver).map(({ message }) => message.id),
  );
  const isExpired = ({ expiresAtMs }: { readonly expiresAtMs: number }) =>
    isAll && expiresAtMs < query.finishedBeforeMs;
  const isFree = (claim: StoredClaim) => isExpired(claim) || gone.has(claim.runId);
  const keys = await collect<StoredClaim>(disk, layout.keys, keyFormat, isFree, ({ key }) => key);
  const results = isAll
    ? await collect<RememberedResult>(
        disk,
        layout.results,
        resultFormat,
        isExpired,
        ({ key }) => key,
      )
    : [];

  for (const ids of chunksOf(messages))
    await changes.submit({
      needs: { messages: ids },
      apply() {
        for (const id of ids) tables.messages.delete(id);
      },
    });
  for (const some of chunksOf(keys)) {
    const apply = () => {
      for (const key of some) {
        const claim = tables.claims.get(key);
        // a claim of a run that is gone is not even brought in; one that was brought in may be new
        if (claim === undefined || isFree(claim)) tables.claims.delete(key);
      }
    };
    await changes.submit({ needs: { keys: some }, apply });
  }
  for (const some of chunksOf(results)) {
    const apply = () => {
      for (const key of some) {
        const result = tables.remembered.get(key);
        if (result !== undefined && isExpired(result)) tables.remembered.delete(key);
      }
    };
    await changes.submit({ needs: { results: some }, apply });
  }
}

/** Keys of those documents in the folders of `parent` that are to go; damaged ones stay. */
async function collect<T>(
  { files }: Disk,
  parent: string,
  format: DocumentFormat<T>,
  isWanted: (data: T) => boolean,
  keyOf: (data: T) => string,
): Promise<string[]> {
  const keys: string[] = [];
  for (const folder of (await files.list(parent)).filter((name) => name.length === 2)) {
    for (const name of await files.list(join(parent, folder))) {
      const data = await readDocument(files, join(parent, folder, name), format).catch(() => null);
      if (data !== null && isWanted(data)) keys.push(keyOf(data));
    }
  }
  return keys;
}

function* chunksOf<T>(values: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < values.length; start += chunk)
    yield values.slice(start, start + chunk);
}
