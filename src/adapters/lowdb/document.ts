import { type Adapter, Low } from 'lowdb';
import {
  DamagedDocument,
  type DocumentKind,
  parseDocumentText,
  toDocumentText,
} from './document-text.ts';
import { type FileSystem, hasCode } from './file-system.ts';

/** How the data of one kind of document are put into text and taken out of it. */
export interface DocumentFormat<T> {
  readonly kind: DocumentKind;
  toText(data: T): string;
  fromJson(content: ReturnType<typeof parseDocumentText>): T;
}

/** A failed sync leaves unknown what is on the disk; only a full disk is known to have refused the write. */
export class SyncFailure extends Error {
  override readonly name = 'SyncFailure';
}

/** The new content of a document, complete on the disk under a temporary name. */
export interface PreparedDocument {
  readonly path: string;
  publish(): Promise<void>;
  discard(): Promise<void>;
}

/** Where a new version of a document is put before it takes the place of the old one. */
export interface Draft {
  readonly path: string;
  readonly draft: string;
  readonly isSynced: boolean;
}

/** Returns `null` if there is no such file. @throws DamagedDocument */
export async function readDocument<T>(
  files: FileSystem,
  path: string,
  format: DocumentFormat<T>,
): Promise<T | null> {
  const place = { path, draft: path, isSynced: true };
  const document = new Low<T | null>(createAdapter(files, place, format), null);
  await document.read();
  return document.data;
}

/** Writes `data` under the name `draft`. The document itself is as before until `publish`. @throws SyncFailure */
export async function prepareDocument<T>(
  files: FileSystem,
  place: Draft,
  format: DocumentFormat<T>,
  data: T,
): Promise<PreparedDocument> {
  await new Low<T | null>(createAdapter(files, place, format), data).write();
  const { path, draft } = place;
  return { path, publish: () => files.rename(draft, path), discard: () => files.remove(draft) };
}

/** lowdb's own adapter writes under a fixed temporary name and does not sync. */
function createAdapter<T>(
  files: FileSystem,
  { path, draft, isSynced }: Draft,
  format: DocumentFormat<T>,
): Adapter<T | null> {
  return {
    async read() {
      const bytes = await readIfThere(files, path);
      return bytes === null ? null : format.fromJson(parseDocumentText(format.kind, bytes, path));
    },
    async write(data) {
      if (data !== null)
        await writeFile(files, draft, toDocumentText(format.kind, format.toText(data)), isSynced);
    },
  };
}

async function readIfThere(files: FileSystem, path: string): Promise<Buffer | null> {
  try {
    return await files.readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EISDIR')) return null;
    if (hasCode(error, 'EIO')) throw new DamagedDocument(path, 'cannot be read from the disk');
    throw error;
  }
}

export async function writeFile(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  isSynced: boolean,
): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(bytes);
    if (isSynced) await syncOrFail(() => file.sync(), path);
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await files.remove(path).catch(() => {});
    throw error;
  }
}

/** @throws SyncFailure */
export async function syncOrFail(sync: () => Promise<void>, path: string): Promise<void> {
  try {
    await sync();
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
    throw new SyncFailure(`Sync of "${path}" failed`, { cause: error });
  }
}
