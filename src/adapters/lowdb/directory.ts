/** Opening the directory of a store: what is new, what is ours, what is damaged. */

import { randomUUID } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { SignalboxError } from '../../errors.ts';
import { prepareDocument, readDocument } from './document.ts';
import { unavailableError } from './errors.ts';
import { type FileSystem, hasCode } from './file-system.ts';
import { type StoreFile, storeFormat } from './formats.ts';
import type { Layout } from './layout.ts';

const format = 1;

/** Creates the directory if it is missing, and its folders if it is empty. @throws SignalboxError `STORE_UNAVAILABLE`, `STORE_DAMAGED`, `STORE_TOO_NEW` */
export async function prepareDirectory(
  files: FileSystem,
  layout: Layout,
  readOnly: boolean,
): Promise<void> {
  if (!(await isThere(files, layout.root))) {
    if (readOnly) throw unavailableError(layout.root, 'there is no such directory');
    await makeWithParents(files, layout.root);
  }
  if (!(await files.stat(layout.root)).isDirectory)
    throw unavailableError(layout.root, 'it is not a directory');
  const names = await files.list(layout.root);
  const store = await readDocument(files, layout.storeFile, storeFormat);
  if (store !== null) {
    checkFormat(store, layout.root);
    for (const folder of layout.folders) {
      if (!(await isThere(files, folder)))
        throw damagedError(layout.root, `folder "${relative(layout.root, folder)}" is missing`);
    }
    return;
  }
  const foreign = names.find((name) => !isOurs(layout, name));
  if (foreign !== undefined)
    throw damagedError(layout.root, `it has no signalbox.json, but "${foreign}"`);
  if (await holdsDocuments(files, layout))
    throw damagedError(layout.root, 'signalbox.json is missing, but there are documents');
  if (readOnly) throw unavailableError(layout.root, 'there is no store in it yet');
  for (const folder of layout.folders) await files.makeDirectory(folder, { recursive: false });
  for (const parent of new Set(layout.folders.map((folder) => dirname(folder))))
    await files.syncDirectory(parent);
}

/** Also makes sure that none of the new folders is lost with its name in the one above. */
export async function makeWithParents(files: FileSystem, folder: string): Promise<void> {
  const first = await files.makeDirectory(folder, { recursive: true });
  if (first === null) return;
  for (let made = folder; ; made = dirname(made)) {
    await files.syncDirectory(dirname(made));
    if (made === first) return;
  }
}

/** Comes last, so that a directory with this file is complete. */
export async function ensureStoreFile(files: FileSystem, layout: Layout): Promise<void> {
  const existing = await readDocument(files, layout.storeFile, storeFormat);
  if (existing !== null) return checkFormat(existing, layout.root);
  const draft = join(layout.drafts, randomUUID());
  const data = { format, createdAt: new Date().toISOString() };
  const document = await prepareDocument(
    files,
    { path: layout.storeFile, draft, isSynced: true },
    storeFormat,
    data,
  );
  await document.publish();
  await files.syncDirectory(layout.root);
}

function checkFormat({ format: found }: StoreFile, root: string): void {
  if (found <= format) return;
  throw new SignalboxError(
    'STORE_TOO_NEW',
    `Store "${root}" has format ${found}; this version of Signalbox knows formats up to ${format}`,
    {
      details: { directory: root, found, supported: format },
      hint: 'Update Signalbox; nothing was written',
    },
  );
}

function isOurs(layout: Layout, name: string): boolean {
  const ours = layout.folders.map((folder) => relative(layout.root, folder));
  return (
    ours.includes(name) ||
    name.startsWith('.') ||
    name === 'lost+found' ||
    /^lock-[0-9]+\.json$/.test(name)
  );
}

/** Whether an interrupted first start could not have left this. */
async function holdsDocuments(files: FileSystem, layout: Layout): Promise<boolean> {
  for (const folder of layout.folders) {
    if (folder === layout.drafts || !(await isThere(files, folder))) continue;
    for (const name of await files.list(folder))
      if (!layout.folders.includes(join(folder, name))) return true;
  }
  return false;
}

async function isThere(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function damagedError(root: string, reason: string): SignalboxError {
  return new SignalboxError(
    'STORE_DAMAGED',
    `Directory "${root}" is not a complete store: ${reason}`,
    {
      details: { directory: root },
      hint: 'Restore a backup, or choose an empty directory to begin with an empty store',
    },
  );
}
