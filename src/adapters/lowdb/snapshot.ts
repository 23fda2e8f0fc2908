/** The whole store at one moment. */
import { dirname, join, sep } from 'node:path';
import type { EntityRecord, ExportedRun } from '../../ports/store.ts';
import { type RunDocument, toExportedRun } from '../shared/run-document.ts';
import { copyOf } from '../shared/values.ts';
import type { Changes, Watcher } from './changes.ts';
import { makeWithParents } from './directory.ts';
import { type Disk, findByFileName } from './disk.ts';
import { readDocument } from './document.ts';
import { unavailableError } from './errors.ts';
import { hasCode } from './file-system.ts';
import { entityFormat } from './formats.ts';
import { inParallel } from './in-parallel.ts';
import { fileNameOf } from './layout.ts';
import { placesNewestFirst } from './listing.ts';

/** Names are collected while nothing is written; what changes afterwards is kept as it was until its turn has come. */
export async function* exportRuns(
  disk: Disk,
  changes: Pick<Changes, 'submit' | 'watchers'>,
): AsyncIterable<ExportedRun> {
  const names = new Set<string>();
  const kept = new Map<string, RunDocument>();
  const watch: Watcher = (before) => {
    const name = fileNameOf(before.header.id);
    if (names.has(name) && !kept.has(name)) kept.set(name, before);
  };
  const work = async () => {
    for await (const { tie } of placesNewestFirst(disk, {})) names.add(tie);
    changes.watchers.add(watch);
  };
  try {
    await changes.submit({ needs: { work }, apply: () => {} });
    for (const name of names) {
      const found = kept.get(name) ?? (await findByFileName(disk, name));
      const document = kept.get(name) ?? found;
      names.delete(name);
      kept.delete(name);
      if (document !== null) yield copyOf(toExportedRun(document));
    }
  } finally {
    changes.watchers.delete(watch);
  }
}

/** Each as it is when its turn comes. */
export async function* readEntities({ files, layout }: Disk): AsyncIterable<EntityRecord> {
  const names = await files.list(layout.entities).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  for (const name of names) {
    const record = await readDocument(files, join(layout.entities, name), entityFormat);
    if (record !== null) yield record;
  }
}

/** Copies every file while nothing is written; the file that makes it a store comes last. @throws SignalboxError `STORE_UNAVAILABLE` */
export async function backUp(
  { files, layout }: Disk,
  changes: Pick<Changes, 'submit'>,
  destination: string,
): Promise<void> {
  async function copyFolder(from: string, to: string): Promise<void> {
    await files.makeDirectory(to, { recursive: false });
    const names = await files.list(from);
    await inParallel(names, async (name) => {
      if (
        from === layout.drafts ||
        (from === layout.root &&
          (name.startsWith('lock-') || join(from, name) === layout.storeFile))
      )
        return;
      const [source, target] = [join(from, name), join(to, name)];
      const { isDirectory } = await files.stat(source);
      await (isDirectory ? copyFolder(source, target) : files.copy(source, target));
    });
    await files.syncDirectory(to);
  }

  async function work(): Promise<void> {
    if (destination === layout.root || destination.startsWith(layout.root + sep))
      throw unavailableError(destination, 'a backup cannot lie within the store itself');
    if (await isThere(destination))
      throw unavailableError(destination, 'a backup does not overwrite what is there');
    await makeWithParents(files, dirname(destination));
    await copyFolder(layout.root, destination);
    await files.copy(layout.storeFile, join(destination, 'signalbox.json'));
    await files.syncDirectory(destination);
  }

  async function isThere(path: string): Promise<boolean> {
    try {
      await files.stat(path);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  await changes.submit({ needs: { work }, apply: () => {} });
}
