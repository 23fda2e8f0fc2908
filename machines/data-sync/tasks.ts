import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { dataPath, writeAtomically } from '../files.ts';
import { readRecords, Source } from './source.ts';

export const DataSource = z.object({
  name: z
    .string()
    .max(100)
    .regex(/^[\w-]+$/),
  from: Source,
});

const Synced = z.object({
  records: z.int(),
  sha256: z.string().describe('Digest of the copy, in hex'),
  copy: z.string().describe('File in the folder "data-sync" of the data directory'),
});

export const syncDataSource = defineTask({
  name: 'sync_data_source',
  description: 'Copies the records of one source; undone by deleting the copy.',
  input: DataSource,
  output: Synced,
  retry: { maxAttempts: 3, backoff: { kind: 'exponential', initial: '1s', factor: 2 } },
  timeout: '30s',
  async run({ input: { name, from }, idempotencyKey, signal }) {
    const records = await readRecords(from, signal);
    const text = `${JSON.stringify(records, null, 2)}\n`;
    // Each step that copies has a file of its own, so undoing it takes nothing away from earlier ones.
    const copy = `${name}-${idempotencyKey}.json`;
    await writeAtomically(dataPath('data-sync', copy), text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { records: records.length, sha256, copy };
  },
  async compensate({ output }) {
    await rm(dataPath('data-sync', output.copy), { force: true });
  },
});
