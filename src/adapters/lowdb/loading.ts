/** Reading a directory into memory: what is not settled, and nothing of what is. */
import { join } from 'node:path';
import { isSettled } from '../shared/run-query.ts';
import { createTables, type StoredMessage } from '../shared/tables.ts';
import { type Disk, findRun, idFromRemains, setAside } from './disk.ts';
import { type DocumentFormat, readDocument } from './document.ts';
import { DamagedDocument, parseDocumentText } from './document-text.ts';
import type { FileSystem } from './file-system.ts';
import { breakerFormat, messageFormat, type Pending, planFormat, runFormat } from './formats.ts';
import { inParallel } from './in-parallel.ts';
import { extension, fileNameOf, type Layout } from './layout.ts';
import { loadRecords } from './record-log.ts';

export interface Loaded {
  readonly disk: Disk;
  /** What commits asked of other documents, by run; perhaps done already. */
  readonly pending: ReadonlyMap<string, Pending>;
}

export async function loadDisk(
  files: FileSystem,
  layout: Layout,
  readOnly: boolean,
): Promise<Loaded> {
  const disk: Disk = {
    files,
    layout,
    readOnly,
    tables: createTables(),
    damaged: new Map(),
    carried: new Map(),
    settling: new Set(),
    residentIds: new Map(),
    segments: [],
  };
  await loadDamaged(disk);
  const pending = await loadActiveRuns(disk);
  await loadMessages(disk);
  await loadPlansAndBreakers(disk);
  disk.segments.push(...(await loadRecords(disk)));
  disk.tables.publish();
  return { disk, pending };
}

async function loadDamaged({ files, layout, damaged }: Disk): Promise<void> {
  await inParallel(await files.list(layout.damaged), async (entry) => {
    const [kind, name] = entry.split('~');
    if (kind === undefined || name === undefined) return;
    const location = join(layout.damaged, entry);
    const runId = kind === 'run' ? await idFromRemains(files, location, name) : '';
    damaged.set(kind === 'run' ? name : location, {
      runId,
      reason: await reasonOf(files, location),
      location,
    });
  });
}

async function reasonOf(files: FileSystem, location: string): Promise<string> {
  try {
    parseDocumentText('run', await files.readFile(location), location);
    return 'is not the document that belongs there';
  } catch (error) {
    return error instanceof DamagedDocument ? error.reason : 'cannot be read';
  }
}

async function loadActiveRuns(disk: Disk): Promise<ReadonlyMap<string, Pending>> {
  const { tables, layout, damaged, carried, settling, residentIds } = disk;
  const all = new Map<string, Pending>();
  await readFolder(disk, layout.active, runFormat, 'run', ({ document, pending }, path) => {
    const runId = document.header.id;
    if (layout.activeRun(runId) !== path)
      throw new DamagedDocument(path, `belongs to run "${runId}"`);
    tables.runs.set(runId, document);
    residentIds.set(fileNameOf(runId), runId);
    damaged.delete(fileNameOf(runId));
    if (isSettled(document.state)) settling.add(runId);
    if (pending.messages.length + pending.answers.length + pending.remember.length === 0) return;
    all.set(runId, pending);
    carried.set(
      runId,
      pending.messages.map(({ id }) => id),
    );
  });
  return all;
}

async function loadMessages(disk: Disk): Promise<void> {
  const { files, layout, tables } = disk;
  const open: StoredMessage[] = [];
  await readFolder(
    disk,
    layout.openMessages,
    messageFormat,
    'message',
    (stored) => void open.push(stored),
  );
  open.sort((a, b) => a.arrival - b.arrival);
  for (const stored of open) {
    const answered = await readDocument(
      files,
      layout.answeredMessage(stored.message.id),
      messageFormat,
    );
    if (answered === null) tables.messages.set(stored.message.id, stored);
    else if (!disk.readOnly) await files.remove(layout.openMessage(stored.message.id));
  }
  for (const { message } of open) {
    if (
      message.runId === null ||
      tables.runs.get(message.runId) !== undefined ||
      disk.damaged.has(fileNameOf(message.runId))
    )
      continue;
    const document = await findRun(disk, message.runId).catch(ignoreDamage);
    if (document === null) continue;
    tables.runs.set(message.runId, document);
    disk.residentIds.set(fileNameOf(message.runId), message.runId);
  }
}

function ignoreDamage(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'RUN_DAMAGED') return null;
  throw error;
}

async function loadPlansAndBreakers(disk: Disk): Promise<void> {
  const { layout, tables } = disk;
  await readFolder(disk, layout.breakers, breakerFormat, 'other', (record) =>
    tables.breakers.set(record.name, record),
  );
  await readFolder(disk, layout.plans, planFormat, 'other', (plan) =>
    tables.plans.set(JSON.stringify([plan.name, plan.version, plan.hash]), plan),
  );
}

/** Damaged documents are set aside; what is no document is left alone. */
async function readFolder<T>(
  disk: Disk,
  folder: string,
  format: DocumentFormat<T>,
  kind: 'run' | 'message' | 'other',
  take: (data: T, path: string) => void,
): Promise<void> {
  const names = await disk.files.list(folder);
  await inParallel(
    names.filter((name) => name.endsWith(extension) && !name.startsWith('.')),
    async (name) => {
      const path = join(folder, name);
      try {
        const data = await readDocument(disk.files, path, format);
        if (data !== null) take(data, path);
      } catch (error) {
        if (!(error instanceof DamagedDocument)) throw error;
        await setAside(disk, path, kind, error.reason);
      }
    },
  );
}
