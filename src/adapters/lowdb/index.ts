/** The embedded default: a directory with one readable JSON document a run, for one process. */
import { join, resolve } from 'node:path';
import type { Store } from '../../ports/store.ts';
import { closedError, readOnlyError } from '../shared/values.ts';
import { createChanges, withoutWrites } from './changes.ts';
import { ensureStoreFile, prepareDirectory } from './directory.ts';
import type { Disk } from './disk.ts';
import { toStoreError } from './errors.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { createLayout, type Layout } from './layout.ts';
import { loadDisk } from './loading.ts';
import { acquireLock } from './lock.ts';
import { prunableRuns } from './pruning.ts';
import { createReads } from './reading.ts';
import { recover } from './recovery.ts';
import { backUp, exportRuns, readEntities } from './snapshot.ts';
import { createWrites, maxMapItems } from './writing.ts';

export type { FileFacts, FileSystem, NewFile } from './file-system.ts';
export { nodeFileSystem } from './file-system.ts';

export interface LowdbStoreOptions {
  /** Takes no lock and writes nothing; every call reads the directory anew. Default: false. */
  readonly readOnly?: boolean;
  /** Takes the lock of a process on another host or in another container, which cannot be checked from here. Default: false. */
  readonly takeOver?: boolean;
  /** Without it a power loss may cost the latest commits, or damage their runs; the end of the process costs nothing. Default: true. */
  readonly fsync?: boolean;
  /** Default: the file system of Node. */
  readonly files?: FileSystem;
}

/**
 * Opens the store in `directory`, created if it is missing. Reads the runs that are not settled, however many others there are.
 *
 * A batch whose documents cannot all be prepared is not written at all; a crash in the middle of a batch leaves each run either before or
 * after its commit. After a failed sync the store refuses every write with `STORE_UNAVAILABLE` until it is opened again.
 *
 * @throws SignalboxError `STORE_LOCKED`, `STORE_TOO_NEW`, `STORE_DAMAGED`, `STORE_UNAVAILABLE`
 */
export async function openLowdbStore(
  directory: string,
  options: LowdbStoreOptions = {},
): Promise<Store> {
  const { readOnly = false, takeOver = false, files = nodeFileSystem, fsync = true } = options;
  const layout = createLayout(resolve(directory));
  const used = fsync ? files : withoutSync(files);
  try {
    await prepareDirectory(used, layout, readOnly);
    return readOnly ? createReader(used, layout) : await openForWriting(used, layout, takeOver);
  } catch (error) {
    throw toStoreError(error, layout.root);
  }
}

async function openForWriting(
  files: FileSystem,
  layout: Layout,
  takeOver: boolean,
): Promise<Store> {
  const lock = await acquireLock(files, {
    directory: layout.root,
    drafts: layout.drafts,
    takeOver,
  });
  try {
    await ensureStoreFile(files, layout);
    await removeDrafts(files, layout);
    const { disk, pending } = await loadDisk(files, layout, false);
    const changes = createChanges(disk, lock);
    await recover(disk, changes, pending);
    return {
      ...features(false),
      ...createReads(async (read) => {
        changes.assertOpen();
        return explaining(layout, () => read(disk));
      }),
      ...createWrites(disk, changes),
      async *export() {
        changes.assertOpen();
        yield* exportRuns(disk, changes);
      },
      async *entities() {
        changes.assertOpen();
        yield* readEntities(disk);
      },
      backup: (destination) => backUp(disk, changes, resolve(destination)),
      close: () => changes.close(),
    };
  } catch (error) {
    await lock.release().catch(() => {});
    throw error;
  }
}

/** Every call sees the directory as it is at that time, whoever writes it. */
function createReader(files: FileSystem, layout: Layout): Store {
  let isClosed = false;
  const refuse = async () => {
    throw readOnlyError('lowdb', layout.root);
  };
  async function look(): Promise<Disk> {
    if (isClosed) throw closedError('lowdb');
    return (await loadDisk(files, layout, true)).disk;
  }
  return {
    ...features(true),
    ...createReads((read) => explaining(layout, async () => read(await look()))),
    commit: refuse,
    renew: refuse,
    send: refuse,
    settleMessage: refuse,
    claimResult: refuse,
    releaseResult: refuse,
    saveBreaker: refuse,
    savePlan: refuse,
    saveCheckpoint: refuse,
    saveItems: refuse,
    erase: refuse,
    prune: async (query) =>
      query.dryRun ? explaining(layout, async () => prunableRuns(await look(), query)) : refuse(),
    async *export() {
      yield* exportRuns(await look(), withoutWrites);
    },
    async *entities() {
      yield* readEntities(await look());
    },
    saveEntity: refuse,
    saveRecords: refuse,
    backup: refuse,
    async close() {
      isClosed = true;
    },
  };
}

function features(readOnly: boolean) {
  return { kind: 'lowdb', shared: false, readOnly, limits: { mapItems: maxMapItems } } as const;
}

async function explaining<T>(layout: Layout, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error, layout.root);
  }
}

/** What is left of writes that a crash interrupted; if something cannot be removed, no new draft has its name. */
async function removeDrafts(files: FileSystem, { drafts }: Layout): Promise<void> {
  for (const name of await files.list(drafts))
    await files.remove(join(drafts, name)).catch(() => {});
}

function withoutSync(files: FileSystem): FileSystem {
  const skip = async () => {};
  return {
    ...files,
    syncDirectory: skip,
    create: async (path) => ({ ...(await files.create(path)), sync: skip }),
  };
}
