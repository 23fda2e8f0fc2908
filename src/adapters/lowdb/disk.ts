/** The directory of a store and what of it is in memory: every run that is not settled, and what its inbox holds. */

import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import type { DamagedRun, EntityRecord, RememberedResult } from '../../ports/store.ts';
import type { RunDocument } from '../shared/run-document.ts';
import type { StoredClaim, StoredMessage, Tables } from '../shared/tables.ts';
import { readDocument } from './document.ts';
import { DamagedDocument } from './document-text.ts';
import { damagedRunError } from './errors.ts';
import { type FileSystem, hasCode } from './file-system.ts';
import { entityFormat, keyFormat, messageFormat, resultFormat, runFormat } from './formats.ts';
import { extension, fileNameOf, type Layout } from './layout.ts';

/** One document of the log of records: what the rounds from `first` to `last` changed. */
export interface Segment {
  readonly first: number;
  readonly last: number;
  /** Number of its changes. */
  readonly size: number;
}

export interface Disk {
  readonly files: FileSystem;
  readonly layout: Layout;
  readonly tables: Tables;
  readonly readOnly: boolean;
  /** By file name of the run. */
  readonly damaged: Map<string, DamagedRun>;
  /** Ids of the messages that documents of runs still carry as pending, by run: forgetting them would let them be delivered again. */
  readonly carried: Map<string, readonly string[]>;
  /** Ids of the runs in memory, by file name. */
  readonly residentIds: Map<string, string>;
  /** Settled runs whose documents have yet to be moved to the finished ones. */
  readonly settling: Set<string>;
  /** The log of records, oldest first. */
  readonly segments: Segment[];
}

/** A run stays in memory as long as an engine may have to look at it. */
export function isResident({ tables, settling }: Disk, runId: string): boolean {
  return settling.has(runId) || tables.live.has(runId) || tables.hasOpenMessages(runId);
}

/** From memory, or from the folder of finished runs. @throws SignalboxError `RUN_DAMAGED` */
export async function findRun(disk: Disk, runId: string): Promise<RunDocument | null> {
  const name = fileNameOf(runId);
  const document = disk.tables.runs.published.get(runId) ?? (await findByFileName(disk, name));
  const damage = document === null ? disk.damaged.get(name) : undefined;
  if (damage !== undefined) throw damagedRunError(runId, damage.reason, damage.location);
  // an id that is no well-formed text may have the hash of one that is
  return document?.header.id === runId ? document : null;
}

/** `null` if there is no such run, or if it is damaged. */
export async function findByFileName(disk: Disk, name: string): Promise<RunDocument | null> {
  const { tables, layout, damaged, residentIds } = disk;
  const inMemory = () => tables.runs.published.get(residentIds.get(name) ?? '') ?? null;
  const onDisk = async () =>
    damaged.has(name) ? null : readFinished(disk, layout.finishedRun(name), name);
  // a run may move from the disk into memory while it is looked for
  return inMemory() ?? (await onDisk()) ?? inMemory();
}

async function readFinished(disk: Disk, path: string, name: string): Promise<RunDocument | null> {
  try {
    const file = await readDocument(disk.files, path, runFormat);
    if (file === null) return null;
    const { id } = file.document.header;
    if (fileNameOf(id) !== name) throw new DamagedDocument(path, `belongs to run "${id}"`);
    return file.document;
  } catch (error) {
    if (!(error instanceof DamagedDocument)) throw error;
    await setAside(disk, path, 'run', error.reason);
    return null;
  }
}

/** Keeps the bytes under another name, so that nothing overwrites them. */
export async function setAside(
  { files, layout, damaged, readOnly }: Disk,
  path: string,
  kind: 'run' | 'message' | 'other',
  reason: string,
): Promise<void> {
  const name = basename(path, extension);
  const runId = kind === 'run' ? await idFromRemains(files, path, name) : '';
  const location = readOnly ? path : join(layout.damaged, `${kind}~${name}~${randomUUID()}`);
  if (!readOnly) {
    try {
      await files.rename(path, location);
      await files.syncDirectory(layout.damaged);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  damaged.set(kind === 'run' ? name : location, { runId, reason, location });
}

/** The id may still be legible where the name of the file is a hash. */
export async function idFromRemains(
  files: FileSystem,
  path: string,
  name: string,
): Promise<string> {
  if (!name.startsWith('_')) return name;
  const remains = (await files.readFile(path)).toString('utf8', 0, 10_000);
  const [, quoted] = /"id": ("(?:[^"\\]|\\.)*")/.exec(remains) ?? [];
  try {
    const id: unknown = JSON.parse(quoted ?? '');
    return typeof id === 'string' && fileNameOf(id) === name ? id : name;
  } catch {
    return name;
  }
}

export async function findMessage(
  { files, layout, tables }: Disk,
  id: string,
): Promise<StoredMessage | null> {
  const read = () => readDocument(files, layout.answeredMessage(id), messageFormat);
  return (
    tables.messages.published.get(id) ?? (await read()) ?? tables.messages.published.get(id) ?? null
  );
}

/** A claim holds only if its run exists: it is written before the run, and a crash may have come in between. */
export async function findClaim(disk: Disk, key: string): Promise<StoredClaim | null> {
  const claim = await readDocument(disk.files, disk.layout.key(key), keyFormat);
  return claim !== null && (await hasRun(disk, claim.runId)) ? claim : null;
}

async function hasRun({ tables, damaged, files, layout }: Disk, runId: string): Promise<boolean> {
  if (tables.runs.published.has(runId) || damaged.has(fileNameOf(runId))) return true;
  try {
    await files.stat(layout.finishedRun(fileNameOf(runId)));
    return true;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return tables.runs.published.has(runId);
  }
}

/** Read whenever it is asked for: there may be many, and few are used at a time. */
export function findEntity({ files, layout }: Disk, id: string): Promise<EntityRecord | null> {
  return readDocument(files, layout.entity(id), entityFormat);
}

export function findResult({ files, layout }: Disk, key: string): Promise<RememberedResult | null> {
  return readDocument(files, layout.result(key), resultFormat);
}
