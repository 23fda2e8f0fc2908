import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';
import { dataPath, isMissing } from '../files.ts';
import { ensureOrdersCsv } from './generate-data.ts';
import { transform } from './order.ts';
import { countLoaded, loadBatch, unloadBatch } from './warehouse.ts';

export const batchSize = 1_000;

const FileName = z
  .string()
  .max(100)
  .regex(/^[\w-]+(\.[\w-]+)*$/)
  .describe('File in the folder "etl" of the data directory');

export const Source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), name: FileName }),
  z.object({
    kind: z.literal('generated'),
    rows: z.int().min(1).max(4_000_000).describe('Made at first use, the same orders every time'),
  }),
]);

export const Destination = FileName.describe(
  'SQLite database in the folder "etl" of the data directory; made at first use',
);

/** A reference to records, never the records: what a run keeps does not grow with the size of a row. */
const Range = z.object({ start: z.int(), end: z.int(), rows: z.int() });

const Extracted = z.object({
  name: z.string(),
  /** Of the file when it was measured; a file that was written to since is not loaded. */
  modified_at_ms: z.number(),
  extracted_count: z.int(),
  batches: z.array(Range),
});

const Loaded = z.object({ batch_id: z.int(), loaded: z.int(), rejected: z.int() });

const busyRetry = {
  maxAttempts: 5,
  backoff: { kind: 'exponential', initial: '1s', max: '30s', jitter: 'full' },
} as const;

export const extract = defineTask({
  name: 'extract',
  description: `Reads the file once, in bounded memory, and notes where batches of ${batchSize} rows begin and end.`,
  input: z.object({ source: Source }),
  output: Extracted,
  timeout: '30m',
  heartbeatTimeout: '60s',
  compensate: 'none',
  async run({ input: { source }, signal, ...attempt }) {
    const { findBatches } = await import('./csv.ts');
    const name = source.kind === 'file' ? source.name : await ensureOrdersCsv(source.rows, signal);
    const modified_at_ms = await modifiedAtMs(name);
    const batches = await findBatches(dataPath('etl', name), batchSize, {
      signal,
      onBatch: (found) => attempt.heartbeat({ batches: found }),
    });
    const extracted_count = batches.reduce((sum, { rows }) => sum + rows, 0);
    return { name, modified_at_ms, extracted_count, batches };
  },
});

export const processBatch = defineTask({
  name: 'process_batch',
  description:
    'Transforms the rows of one batch and loads them in one transaction; undone by deleting them.',
  input: z.object({
    name: z.string(),
    modified_at_ms: z.number(),
    destination: Destination,
    range: Range,
    index: z.int(),
  }),
  output: Loaded,
  timeout: '2m',
  retry: busyRetry,
  async run({ input, idempotencyKey, run, signal }) {
    const { readBatch } = await import('./csv.ts');
    if ((await modifiedAtMs(input.name)) !== input.modified_at_ms) {
      throw new PermanentError(`"${input.name}" has changed since its batches were measured`);
    }
    const records = await readBatch(dataPath('etl', input.name), input.range, signal);
    return loadBatch(dataPath('etl', input.destination), {
      key: idempotencyKey,
      loadId: run.runId,
      index: input.index,
      rows: records.map(transform),
    });
  },
  async compensate({ input, output }) {
    unloadBatch(dataPath('etl', input.destination), output.batch_id);
  },
});

export const reconcile = defineTask({
  name: 'reconcile',
  description:
    'Counts the loaded rows in the database; a load that lost rows or refused too many fails, and is undone.',
  input: z.object({
    destination: Destination,
    extracted_count: z.int(),
    transformed_count: z.int(),
    max_rejected: z.int(),
  }),
  output: z.object({
    extracted_count: z.int(),
    transformed_count: z.int(),
    loaded_count: z.int().describe('Counted in the database'),
    pipeline_success: z.literal(true),
  }),
  timeout: '2m',
  retry: busyRetry,
  compensate: 'none',
  async run({ input: { destination, max_rejected, ...counts }, run }) {
    const loaded_count = countLoaded(dataPath('etl', destination), run.runId);
    if (loaded_count !== counts.transformed_count) {
      throw new PermanentError(
        `"${destination}" holds ${loaded_count} rows of this load instead of ${counts.transformed_count}`,
      );
    }
    const rejected = counts.extracted_count - counts.transformed_count;
    if (rejected > max_rejected) {
      throw new PermanentError(`${rejected} rows were rejected, at most ${max_rejected} may be`);
    }
    return { ...counts, loaded_count, pipeline_success: true };
  },
});

async function modifiedAtMs(name: string): Promise<number> {
  try {
    return (await stat(dataPath('etl', name))).mtimeMs;
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new PermanentError(`There is no file "${dataPath('etl', name)}"`, { cause: error });
  }
}
