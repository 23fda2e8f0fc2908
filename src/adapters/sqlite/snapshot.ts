/** The whole store at one moment. */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, rename, rm } from 'node:fs/promises';
import { backup } from 'node:sqlite';
import { SignalboxError } from '../../errors.ts';
import type { Checkpoint, ExportedRun, HistoryEntry } from '../../ports/store.ts';
import { type Connection, openConnection } from './connection.ts';
import { mayPass, unavailableError } from './errors.ts';
import { integer, runColumns, text, toMapItem, toStoredRun } from './rows.ts';

/** Reads on a connection of its own, in one transaction: later writes do not show. Damaged runs are left out. */
export async function* exportRuns(file: string, busyTimeoutMs: number): AsyncIterable<ExportedRun> {
  const connection = openConnection(file, { readOnly: true, busyTimeoutMs, onOperation: () => {} });
  try {
    await connection.read(() => connection.exec('BEGIN'));
    const sql = `SELECT ${runColumns} FROM runs r JOIN states s ON s.run = r.n ORDER BY r.n`;
    for (const row of connection.iterate(sql)) {
      const stored = toStoredRun(row);
      if (!('damage' in stored))
        yield { ...stored, ...partsOf(connection, integer(row['n']), text(row['id'])) };
    }
  } finally {
    connection.close();
  }
}

function partsOf(
  connection: Connection,
  run: number,
  runId: string,
): Pick<ExportedRun, 'history' | 'checkpoints' | 'items'> {
  const history: HistoryEntry[] = connection
    .all('SELECT entry FROM history WHERE run = ? ORDER BY seq', run)
    .map((row) => JSON.parse(text(row['entry'])));
  const checkpoints: Checkpoint[] = connection
    .all('SELECT generation, path, name, value FROM checkpoints WHERE run = ? ORDER BY rowid', run)
    .map((row) => ({
      runId,
      generation: integer(row['generation']),
      path: text(row['path']),
      name: text(row['name']),
      value: JSON.parse(text(row['value'])),
    }));
  const items = connection
    .all('SELECT * FROM items WHERE run = ? ORDER BY generation, step, position', run)
    .map((row) => toMapItem(row, runId));
  return { history, checkpoints, items };
}

/** Written under another name first, so that a copy under its own name is complete. @throws SignalboxError `STORE_UNAVAILABLE` */
export async function backUp(connection: Connection, destination: string): Promise<void> {
  if (existsSync(destination))
    throw unavailableError(destination, 'a backup does not overwrite the file that is there');
  const draft = `${destination}.new-${randomUUID()}`;
  try {
    await copyInto(connection, draft);
    await chmod(draft, 0o600);
    await rename(draft, destination);
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof SignalboxError) throw error;
    throw unavailableError(
      destination,
      error instanceof Error ? error.message : String(error),
      error,
    );
  }
}

const maxCopies = 5;

/** Pages are copied on another thread; one that meets a commit of this process fails with busy, or with no code at all, and begins anew. */
async function copyInto(connection: Connection, draft: string): Promise<void> {
  for (let copies = 1; ; copies += 1) {
    try {
      await backup(connection.database, draft);
      return;
    } catch (error) {
      if (copies === maxCopies || !mayPass(error)) throw error;
      await rm(draft, { force: true });
    }
  }
}
