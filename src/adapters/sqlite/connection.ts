import { statSync } from 'node:fs';
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementResultingChanges,
  type StatementSync,
} from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import {
  isBusy,
  isInputOutputError,
  isStoreError,
  toStoreError,
  unavailableError,
} from './errors.ts';
import { searchColumn } from './listed.ts';

export type Row = Record<string, SQLOutputValue>;

/** Places where a test can throw or end the process: around the begin and commit of a transaction, its statements, each that changes rows, and a migration. */
export type SqliteOperation = 'begin' | 'write' | 'statement' | 'commit' | 'migrate';
/** Told before and after each operation; what it throws `before` keeps the operation from happening. */
export type OperationHook = (operation: SqliteOperation, phase: 'before' | 'after') => void;

export interface ConnectionOptions {
  readonly readOnly: boolean;
  /** How long to wait for another process that holds the lock. */
  readonly busyTimeoutMs: number;
  readonly onOperation: OperationHook;
}

/**
 * One connection with its prepared statements; replaced by a new one after an input/output error. Everything between two awaits is one step, so transactions never
 * interleave.
 */
export interface Connection {
  readonly file: string;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  iterate(sql: string, ...values: SQLInputValue[]): Iterable<Row>;
  /** Returns the number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** Returns the number of the row inserted, `null` if none was. */
  insert(sql: string, ...values: SQLInputValue[]): number | null;
  exec(sql: string): void;
  /** Repeats `work` while another process holds the lock. @throws SignalboxError `STORE_UNAVAILABLE`, `STORE_DAMAGED` */
  read<T>(work: () => T): Promise<T>;
  /** All of `work` or nothing. `synced`: on the disk, not just handed to the system, when it resolves. */
  write<T>(work: () => T, synced?: boolean): Promise<T>;
  /**
   * The same at the end of this turn of the event loop, or with the next `write` if that is earlier: what comes in one turn shares one transaction, and so
   * one flush. If one of them throws, the others are written; `work` may be done more than once.
   */
  writeSoon<T>(work: () => T): Promise<T>;
  readonly database: DatabaseSync;
  close(): void;
}

interface Write {
  readonly work: () => unknown;
  readonly synced: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export function openConnection(file: string, options: ConnectionOptions): Connection {
  let database = openDatabase(file, options);
  let statements = new Map<string, StatementSync>();
  let isSynced = true;
  let isClosed = false;
  const waiting: Write[] = [];
  const identity = identityOf(file);

  function statement(sql: string): StatementSync {
    let prepared = statements.get(sql);
    if (prepared === undefined) {
      prepared = database.prepare(sql);
      statements.set(sql, prepared);
    }
    return prepared;
  }

  function giveUpConnection(): void {
    try {
      database.close();
    } catch {
      // a connection that failed may fail to close
    }
  }

  function ensureOpen(): void {
    if (database.isOpen || isClosed) return;
    statements = new Map();
    isSynced = true;
    database = openDatabase(file, options);
  }

  function transaction(group: readonly Write[]): readonly unknown[] {
    // a deleted file would go on living, unseen, under its open descriptor
    if (identityOf(file) !== identity)
      throw unavailableError(file, 'it was deleted or replaced while open');
    const synced = group.some((write) => write.synced);
    if (synced !== isSynced) {
      database.exec(`PRAGMA synchronous = ${synced ? 'FULL' : 'NORMAL'}`);
      isSynced = synced;
    }
    const { onOperation } = options;
    onOperation('begin', 'before');
    statement('BEGIN IMMEDIATE').run();
    try {
      onOperation('begin', 'after');
      onOperation('write', 'before');
      const results = group.map(({ work }) => work());
      onOperation('write', 'after');
      onOperation('commit', 'before');
      statement('COMMIT').run();
      onOperation('commit', 'after');
      return results;
    } catch (error) {
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** A group that fails is written one by one, unless the file is at fault. */
  async function writeGroup(group: readonly Write[]): Promise<void> {
    try {
      const results = await attempt(() => transaction(group));
      for (const [index, write] of group.entries()) write.resolve(results[index]);
    } catch (error) {
      if (group.length > 1 && !isStoreError(error))
        for (const one of group) await writeGroup([one]);
      else for (const write of group) write.reject(error);
    }
  }

  function enqueue<T>(work: () => T, synced: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      waiting.push({ work, synced, resolve, reject });
    });
  }

  async function writeWaiting(): Promise<void> {
    if (waiting.length > 0) await writeGroup(waiting.splice(0));
  }

  function change(sql: string, values: readonly SQLInputValue[]): StatementResultingChanges {
    options.onOperation('statement', 'before');
    const changes = statement(sql).run(...values);
    options.onOperation('statement', 'after');
    return changes;
  }

  async function attempt<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + options.busyTimeoutMs;
    for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 50)) {
      try {
        ensureOpen();
        return work();
      } catch (error) {
        if (isInputOutputError(error)) giveUpConnection();
        if (!isBusy(error) || performance.now() >= deadline) throw toStoreError(error, file);
      }
      await delay(waitMs * (0.5 + Math.random() / 2));
    }
  }

  return {
    file,
    get: (sql, ...values) => statement(sql).get(...values),
    all: (sql, ...values) => statement(sql).all(...values),
    // a statement of its own: another query may run while this one is being read
    iterate: (sql, ...values) => database.prepare(sql).iterate(...values),
    run: (sql, ...values) => Number(change(sql, values).changes),
    insert(sql, ...values) {
      const { changes, lastInsertRowid } = change(sql, values);
      return Number(changes) === 0 ? null : Number(lastInsertRowid);
    },
    exec: (sql) => database.exec(sql),
    read: attempt,
    write: (work, synced = true) => {
      const written = enqueue(work, synced);
      void writeWaiting();
      return written;
    },
    writeSoon: (work) => {
      const written = enqueue(work, true);
      if (waiting.length === 1) setImmediate(() => void writeWaiting());
      return written;
    },
    get database() {
      return database;
    },
    close() {
      void writeWaiting();
      isClosed = true;
      if (database.isOpen) database.close();
    },
  };
}

function openDatabase(file: string, { readOnly }: ConnectionOptions): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly, enableForeignKeyConstraints: false });
  // for the migration that made runs searchable
  database.function('signalbox_search', { deterministic: true }, (header) =>
    searchColumn(JSON.parse(String(header))),
  );
  // short, because SQLite waits with the whole thread; the longer wait is in `attempt`
  database.exec(
    'PRAGMA busy_timeout = 5; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864',
  );
  // 16 MB: what is written again and again within them goes to the database file once
  database.exec('PRAGMA wal_autocheckpoint = 4096');
  return database;
}

function identityOf(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}
