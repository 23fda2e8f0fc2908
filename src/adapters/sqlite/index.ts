/** The store in one SQLite file: one machine, any number of processes, high load. */
import type { Store } from '../../ports/store.ts';
import type { ConnectionOptions, OperationHook } from './connection.ts';
import { openFile } from './open.ts';
import { createStore } from './store.ts';

export type { OperationHook, SqliteOperation } from './connection.ts';

export interface SqliteStoreOptions {
  /** Takes no locks for long and writes no rows. Default: false. */
  readonly readOnly?: boolean;
  /** How long a call waits for another process that holds the lock. Default: 5,000. */
  readonly busyTimeoutMs?: number;
  /**
   * Called around every transaction's parts; what it throws is treated as an error of the database, and after a commit comes too late to
   * undo it. For tests.
   */
  readonly onOperation?: OperationHook;
}

/**
 * Opens the store in `file`, created with its folder if it is missing.
 *
 * @throws SignalboxError `STORE_TOO_NEW`, `STORE_DAMAGED`, `STORE_UNAVAILABLE`
 */
export async function openSqliteStore(
  file: string,
  options: SqliteStoreOptions = {},
): Promise<Store> {
  const { readOnly = false, busyTimeoutMs = 5_000, onOperation = () => {} } = options;
  const connectionOptions: ConnectionOptions = { readOnly, busyTimeoutMs, onOperation };
  const connection = await openFile(file, connectionOptions);
  return createStore(connection, connectionOptions);
}
