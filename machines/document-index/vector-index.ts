/** The index: an SQLite file with the chunks of all documents, and their vectors in tables of the extension sqlite-vec. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { TransientError } from '../../src/index.ts';
import { dataPath } from '../files.ts';

export interface EmbeddedChunk {
  readonly text: string;
  readonly vector: Float32Array;
}

export const Match = z.object({
  doc_id: z.string(),
  chunk: z.int().describe('Place of the chunk in its document, from 0'),
  text: z.string(),
  similarity: z.number().describe('Cosine of the angle between the vectors; 1 is the same'),
});
export type Match = z.infer<typeof Match>;

/** Which change of a document this is: events overtake each other, and an older one must not undo a newer one. */
export interface Change {
  readonly docId: string;
  readonly atMs: number;
}

export interface VectorIndex {
  /**
   * Replaces all chunks of the document; harmless to repeat.
   *
   * @param model - name of what made the vectors
   * @returns chunks in the index now, or `null` if a newer change of the document came first, and nothing was done
   */
  upsert(change: Change, model: string, chunks: readonly EmbeddedChunk[]): number | null;
  /** Removes the document; harmless to repeat. Returns the number of chunks removed, or `null` if a newer change came first. */
  delete(change: Change): number | null;
  /** The chunks closest to a vector of the same model, closest first. */
  nearest(model: string, vector: Float32Array, limit: number): readonly Match[];
}

const tables = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS document (
    doc_id TEXT PRIMARY KEY, changed_at_ms INTEGER NOT NULL, vectors TEXT
  );
  CREATE TABLE IF NOT EXISTS chunk (
    id INTEGER PRIMARY KEY, doc_id TEXT NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (doc_id, position)
  );`;

const Document = z.object({ changed_at_ms: z.number(), vectors: z.string().nullable() });
const Row = z.object({
  doc_id: z.string(),
  position: z.number(),
  text: z.string(),
  distance: z.number(),
});

/**
 * Opens the index below the data directory for one transaction, which is undone if `use` throws. The file is created if there is none.
 *
 * @throws TransientError if another process held the file for too long
 */
export async function withIndex<T>(use: (index: VectorIndex) => T): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite');
  const { load } = await import('sqlite-vec');
  const path = dataPath('document-index', 'index.db');
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { allowExtension: true });
  try {
    load(database);
    database.enableLoadExtension(false);
    database.exec(tables);
    database.exec('BEGIN IMMEDIATE');
    const result = use(indexOf(database));
    database.exec('COMMIT');
    return result;
  } catch (error) {
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
    throw isBusy ? new TransientError('The index is in use', { cause: error }) : error;
  } finally {
    // Closing undoes a transaction that is still open.
    database.close();
  }
}

/** SQLITE_BUSY of https://www.sqlite.org/rescode.html */
const sqliteBusy = 5;

function indexOf(database: DatabaseSync): VectorIndex {
  /** Takes the document's chunks out, unless a newer change came first. */
  function replace({ docId, atMs }: Change, vectors: string | null): number | null {
    const row = database.prepare('SELECT * FROM document WHERE doc_id = ?').get(docId);
    const before = row === undefined ? null : Document.parse(row);
    if (before !== null && before.changed_at_ms > atMs) return null;
    if (before !== null && before.vectors !== null) {
      const chunks = 'SELECT id FROM chunk WHERE doc_id = ?';
      database.prepare(`DELETE FROM ${before.vectors} WHERE chunk_id IN (${chunks})`).run(docId);
    }
    const { changes } = database.prepare('DELETE FROM chunk WHERE doc_id = ?').run(docId);
    database
      .prepare('INSERT OR REPLACE INTO document (doc_id, changed_at_ms, vectors) VALUES (?, ?, ?)')
      .run(docId, atMs, vectors);
    return Number(changes);
  }

  /** A table holds vectors of one length, so each model has its own. */
  function tableOf(model: string, dimensions: number): string {
    const digest = createHash('sha256').update(model).digest('hex').slice(0, 12);
    const table = `vectors_${dimensions}_${digest}`;
    database.exec(
      `CREATE VIRTUAL TABLE IF NOT EXISTS ${table} USING vec0 (
        chunk_id INTEGER PRIMARY KEY, embedding FLOAT[${dimensions}] distance_metric=cosine
      )`,
    );
    return table;
  }

  return {
    upsert(change, model, chunks) {
      const dimensions = chunks[0]?.vector.length;
      const table = dimensions === undefined ? null : tableOf(model, dimensions);
      if (replace(change, table) === null) return null;
      if (table === null) return 0;
      const insertChunk = database.prepare(
        'INSERT INTO chunk (doc_id, position, text) VALUES (?, ?, ?)',
      );
      const insertVector = database.prepare(
        `INSERT INTO ${table} (chunk_id, embedding) VALUES (?, ?)`,
      );
      for (const [position, { text, vector }] of chunks.entries()) {
        const { lastInsertRowid } = insertChunk.run(change.docId, position, text);
        // The extension takes numbers of JavaScript for floats.
        insertVector.run(BigInt(lastInsertRowid), vector);
      }
      return chunks.length;
    },
    delete: (change) => replace(change, null),
    nearest(model, vector, limit) {
      const table = tableOf(model, vector.length);
      const rows = database
        .prepare(
          `SELECT doc_id, position, text, distance FROM ${table} JOIN chunk ON chunk.id = chunk_id
           WHERE embedding MATCH ? AND k = ? ORDER BY distance`,
        )
        .all(vector, BigInt(limit));
      return rows.map((row) => {
        const { distance, position, ...rest } = Row.parse(row);
        return { ...rest, chunk: position, similarity: 1 - distance };
      });
    },
  };
}
