import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SignalboxError } from '../../errors.ts';
import { type Connection, type ConnectionOptions, openConnection } from './connection.ts';
import { toStoreError, unavailableError } from './errors.ts';
import { integer } from './rows.ts';
import { applicationId, migrations } from './schema.ts';

/**
 * Opens the file, created with all its tables if it is missing and brought to the present version if it is older.
 *
 * @throws SignalboxError `STORE_TOO_NEW`; `STORE_DAMAGED` if the file is empty, of another application, or no database;
 * `STORE_UNAVAILABLE` if it cannot be read, or is missing and `readOnly` is set
 */
export async function openFile(
  file: string,
  options: ConnectionOptions,
  steps = migrations,
): Promise<Connection> {
  try {
    const size = sizeOf(file);
    if (size === 0 && sizeOf(`${file}-wal`) === null) throw damaged(file, 'it is empty');
    if (size === null && options.readOnly) throw unavailableError(file, 'there is no such file');
    if (size === null) await createFile(file, options, steps);
    const connection = openConnection(file, options);
    try {
      await connection.read(() => checkFormat(connection, steps.length));
      if (!options.readOnly) await migrate(connection, options, steps);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof SignalboxError) throw error;
    const explained = toStoreError(error, file);
    throw explained instanceof SignalboxError
      ? explained
      : unavailableError(file, error instanceof Error ? error.message : String(error), error);
  }
}

/** Complete under another name first, so that an empty or half-made file under the real one is always damage. */
async function createFile(
  file: string,
  options: ConnectionOptions,
  steps: readonly string[],
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.new-${randomUUID()}`;
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    const connection = openConnection(draft, options);
    try {
      connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
      await migrate(connection, options, steps);
    } finally {
      connection.close();
    }
    linkSync(draft, file);
    syncDirectory(dirname(file));
  } catch (error) {
    // another process was faster; its file is as good
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal'])
      rmSync(`${draft}${suffix}`, { force: true });
  }
}

function checkFormat(connection: Connection, supported: number): void {
  const owner = connection.get('PRAGMA application_id')?.['application_id'];
  if (owner !== applicationId) throw damaged(connection.file, 'it belongs to another application');
  const found = versionOf(connection);
  if (found <= supported) return;
  throw new SignalboxError(
    'STORE_TOO_NEW',
    `Database "${connection.file}" has format ${found}; this version of Signalbox knows formats up to ${supported}`,
    {
      details: { file: connection.file, found, supported },
      hint: 'Update Signalbox; nothing was written',
    },
  );
}

/** Each migration is a transaction of its own: interrupted, it is rolled back and made again at the next start. */
async function migrate(
  connection: Connection,
  { onOperation }: ConnectionOptions,
  steps: readonly string[],
): Promise<void> {
  if ((await connection.read(() => versionOf(connection))) === steps.length) return;
  for (const [index, step] of steps.entries()) {
    await connection.write(() => {
      if (versionOf(connection) > index) return;
      onOperation('migrate', 'before');
      connection.exec(
        `CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, at INTEGER NOT NULL); ${step}`,
      );
      connection.run(
        `INSERT INTO migrations (version, at) VALUES (?, unixepoch() * 1000)`,
        index + 1,
      );
      onOperation('migrate', 'after');
    });
  }
}

function versionOf(connection: Connection): number {
  const exists =
    connection.get(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'`) !==
    undefined;
  return exists
    ? integer(
        connection.get('SELECT coalesce(max(version), 0) AS version FROM migrations')?.['version'],
      )
    : 0;
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null;
}

function damaged(file: string, reason: string): SignalboxError {
  return new SignalboxError(
    'STORE_DAMAGED',
    `File "${file}" is not a Signalbox database: ${reason}`,
    {
      details: { file },
      hint: 'Restore a backup, or move the file away to begin with an empty store',
    },
  );
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
