import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { downloadText } from '../document-library/download.ts';
import { writeAtomically } from '../files.ts';
import { createLedger } from '../ledger.ts';
import { chunkText } from './chunk.ts';
import { embedderOf } from './embedding.ts';
import { Match, withIndex } from './vector-index.ts';
import { removeWorkFile, workFileName, workPath } from './work-file.ts';

const deadLetters = createLedger('document-index', 'dead-letters');

const DocId = z.string().min(1).max(200).describe('Id of the document');

export const DocumentEvent = z.object({
  doc_id: DocId,
  action: z.string().max(100).describe('created, updated or deleted; anything else is set aside'),
  url: z
    .string()
    .max(2_000)
    .optional()
    .describe('Where the document is: a URL, or a path below the address of the library'),
});
export type DocumentEvent = z.infer<typeof DocumentEvent>;

/** Three more attempts, after 1, 2 and 4 seconds. */
const threeRetries = {
  maxAttempts: 4,
  backoff: { kind: 'exponential', initial: '1s', factor: 2 },
} as const;

const Downloaded = z.object({ file: z.string(), bytes: z.int() });

export const downloadDocument = defineTask({
  name: 'download_document',
  description: 'Fetches the document over HTTP and keeps it in a file until it is indexed.',
  input: z.object({ doc_id: DocId, url: z.string() }),
  output: Downloaded,
  queue: 'default',
  retry: threeRetries,
  timeout: '30s',
  async run({ input: { doc_id, url }, idempotencyKey, signal, log }) {
    const text = await downloadText(url, signal);
    const file = workFileName(idempotencyKey, 'txt');
    await writeAtomically(workPath(file), text);
    const bytes = Buffer.byteLength(text);
    log.info({ doc_id, bytes }, 'document downloaded');
    return { file, bytes };
  },
  compensate: ({ output }) => removeWorkFile(output.file),
});

const Chunks = z.array(z.object({ start: z.int(), end: z.int() }));

export const chunkDocument = defineTask({
  name: 'chunk_document',
  description: 'Finds out where the document is to be cut, between its paragraphs.',
  input: z.object({ file: z.string() }),
  output: z.object({ chunks: Chunks }),
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    return { chunks: [...chunkText(await readFile(workPath(input.file), 'utf8'))] };
  },
});

export const embedChunks = defineTask({
  name: 'embed_chunks',
  description: 'Computes a vector for each chunk, offline unless EMBEDDING_BASE_URL is set.',
  input: z.object({ file: z.string(), chunks: Chunks }),
  output: z.object({ vectors: z.string(), model: z.string() }),
  queue: 'default',
  retry: threeRetries,
  timeout: '5m',
  async run({ input: { file, chunks }, idempotencyKey, signal }) {
    const embedder = embedderOf(process.env);
    const embedded = await embedder.embed(await textsOf(file, chunks), signal);
    const vectors = workFileName(idempotencyKey, 'vectors');
    await writeAtomically(workPath(vectors), Buffer.concat(embedded.map(bytesOf)));
    return { vectors, model: embedder.name };
  },
  compensate: ({ output }) => removeWorkFile(output.vectors),
});

export const upsertToIndex = defineTask({
  name: 'upsert_to_index',
  description:
    'Replaces the chunks of the document in the index, unless a newer change of it came first.',
  input: z.object({
    doc_id: DocId,
    file: z.string(),
    chunks: Chunks,
    vectors: z.string(),
    model: z.string(),
  }),
  output: z.object({
    doc_id: DocId,
    chunks_indexed: z.int(),
    status: z.enum(['success', 'superseded']),
  }),
  queue: 'default',
  retry: threeRetries,
  timeout: '60s',
  // What the index held before is gone; the next event of the document brings it up to date.
  compensate: 'irreversible',
  async run({ input: { doc_id, file, chunks, vectors, model }, run, log }) {
    const texts = await textsOf(file, chunks);
    const embedded = vectorsFrom(await readFile(workPath(vectors)), texts.length);
    const rows = texts.map((text, at) => ({ text, vector: embedded(at) }));
    const change = { docId: doc_id, atMs: run.startedAtMs };
    const indexed = await withIndex((index) => index.upsert(change, model, rows));
    if (indexed === null) {
      log.warn({ doc_id }, 'a newer change of the document is in the index');
      return { doc_id, chunks_indexed: 0, status: 'superseded' };
    }
    return { doc_id, chunks_indexed: indexed, status: 'success' };
  },
});

export const discardFiles = defineTask({
  name: 'discard_files',
  description: 'Deletes what the steps before kept in files.',
  input: z.object({ file: z.string(), vectors: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    await removeWorkFile(input.file);
    await removeWorkFile(input.vectors);
  },
});

export const deleteFromIndex = defineTask({
  name: 'delete_from_index',
  description: 'Takes the document out of the index; nobody may find any more what was deleted.',
  input: z.object({ doc_id: DocId }),
  output: z.object({
    doc_id: DocId,
    chunks_deleted: z.int(),
    status: z.enum(['deleted', 'superseded']),
  }),
  // Ahead of documents that wait to be indexed.
  queue: 'high_priority',
  priority: 'high',
  retry: threeRetries,
  timeout: '60s',
  compensate: 'irreversible',
  async run({ input: { doc_id }, run }) {
    const change = { docId: doc_id, atMs: run.startedAtMs };
    const deleted = await withIndex((index) => index.delete(change));
    if (deleted === null) return { doc_id, chunks_deleted: 0, status: 'superseded' };
    return { doc_id, chunks_deleted: deleted, status: 'deleted' };
  },
});

export const keepDeadLetter = defineTask({
  name: 'keep_dead_letter',
  description: 'Records an event nobody knows what to do with, for a person to look at.',
  input: z.object({ event: DocumentEvent, reason: z.string() }),
  output: z.object({
    doc_id: DocId,
    status: z.literal('dead_letter'),
    reason: z.string(),
    dead_letter_id: z.string(),
  }),
  queue: 'low_priority',
  priority: 'low',
  timeout: '10s',
  async run({ input: { event, reason }, idempotencyKey, log }) {
    const { doc_id } = event;
    const dead_letter_id = await deadLetters.record(idempotencyKey, {
      event: { ...event, url: event.url ?? null },
      reason,
    });
    log.warn({ doc_id, action: event.action, dead_letter_id }, `event set aside: ${reason}`);
    return { doc_id, status: 'dead_letter', reason, dead_letter_id };
  },
  compensate: ({ output }) => deadLetters.undo(output.dead_letter_id),
});

export const recordFailure = defineTask({
  name: 'record_failure',
  description: 'Records for its sender why a document could not be indexed.',
  input: z.object({
    run: z.object({ runId: z.string() }),
    input: DocumentEvent,
    failure: z.object({ name: z.string(), message: z.string() }),
  }),
  output: z.object({ dead_letter_id: z.string() }),
  queue: 'low_priority',
  priority: 'low',
  timeout: '10s',
  compensate: 'none',
  async run({ input: { run, input, failure }, idempotencyKey, log }) {
    const { doc_id } = input;
    const letter = { doc_id, status: 'failed', error: failure.message };
    log.error({ ...letter, runId: run.runId }, 'document not indexed');
    return { dead_letter_id: await deadLetters.record(idempotencyKey, letter) };
  },
});

export const searchIndex = defineTask({
  name: 'search_index',
  description: 'Finds the chunks closest to a question.',
  input: z.object({ query: z.string(), limit: z.int() }),
  output: z.object({
    matches: z.array(Match),
    model: z.string().describe('What made the vectors that were compared'),
  }),
  retry: threeRetries,
  timeout: '60s',
  compensate: 'none',
  async run({ input: { query, limit }, signal }) {
    const embedder = embedderOf(process.env);
    const [vector] = await embedder.embed([query], signal);
    if (vector === undefined) throw new Error(`"${embedder.name}" made no vector`);
    const matches = await withIndex((index) => index.nearest(embedder.name, vector, limit));
    return { matches: [...matches], model: embedder.name };
  },
});

async function textsOf(file: string, chunks: z.infer<typeof Chunks>): Promise<readonly string[]> {
  const text = await readFile(workPath(file), 'utf8');
  return chunks.map(({ start, end }) => text.slice(start, end));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Vectors that were written one after the other, all of one length. */
function vectorsFrom(bytes: Buffer, count: number): (at: number) => Float32Array {
  const all = new Float32Array(new Uint8Array(bytes).buffer);
  const dimensions = all.length / count;
  return (at) => all.slice(at * dimensions, (at + 1) * dimensions);
}
