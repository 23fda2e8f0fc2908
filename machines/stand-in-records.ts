/** What a stand-in keeps, in an SQLite file: it survives the process, and two processes may use it at the same time. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Answer, Collection, Rows } from './platform.ts';

export interface Records {
  rows<T>(collection: Collection<T>): Rows<T>;
  /** How an earlier request with this key was answered, and the digest of its body; `null` if there was none. */
  answer(scope: string, key: string): { readonly digest: string; readonly answer: Answer } | null;
  remember(scope: string, key: string, digest: string, answer: Answer): void;
}

const tables = `
  PRAGMA busy_timeout = 5000;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS row (
    collection TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (collection, id)
  );
  CREATE TABLE IF NOT EXISTS answer (
    scope TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (scope, key)
  );`;

const Text = z.object({ json: z.string() });
const Stored = Text.extend({ digest: z.string() });
const StoredAnswer = z.object({
  status: z.int(),
  body: z.json(),
  contentType: z.string().optional(),
});

/** Reads and changes the file in one transaction, which is undone if `use` throws. The file is created if there is none. */
export function openRecords<T>(path: string, use: (records: Records) => T): T {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    database.exec(tables);
    database.exec('BEGIN IMMEDIATE');
    const result = use(recordsOf(database));
    database.exec('COMMIT');
    return result;
  } finally {
    // Closing undoes a transaction that is still open.
    database.close();
  }
}

function recordsOf(database: DatabaseSync): Records {
  return {
    rows({ name, schema }) {
      const parse = (row: unknown) => schema.parse(JSON.parse(Text.parse(row).json));
      return {
        get(id) {
          const row = database
            .prepare('SELECT json FROM row WHERE collection = ? AND id = ?')
            .get(name, id);
          return row === undefined ? null : parse(row);
        },
        all: () =>
          database
            .prepare('SELECT json FROM row WHERE collection = ? ORDER BY rowid')
            .all(name)
            .map(parse),
        put(id, row) {
          database
            .prepare(
              'INSERT INTO row VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json',
            )
            .run(name, id, JSON.stringify(row));
        },
        delete(id) {
          database.prepare('DELETE FROM row WHERE collection = ? AND id = ?').run(name, id);
        },
      };
    },
    answer(scope, key) {
      const row = database
        .prepare('SELECT digest, json FROM answer WHERE scope = ? AND key = ?')
        .get(scope, key);
      if (row === undefined) return null;
      const { digest, json } = Stored.parse(row);
      return { digest, answer: StoredAnswer.parse(JSON.parse(json)) };
    },
    remember(scope, key, digest, answer) {
      database
        .prepare('INSERT INTO answer VALUES (?, ?, ?, ?)')
        .run(scope, key, digest, JSON.stringify(answer));
    },
  };
}
