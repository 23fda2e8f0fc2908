import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { dataPath, writeAtomically } from '../files.ts';
import { createLedger } from '../ledger.ts';

const notices = createLedger('conditional-fan-out', 'notices');
const compress = promisify(gzip);

export const Readings = z.array(z.number()).min(1).max(10_000).describe('One number a reading');

const Core = z.object({ readings: z.array(z.number()), count: z.int(), mean: z.number() });

export const coreProcessing = defineTask({
  name: 'core_processing',
  description: 'Sorts the readings and takes their mean.',
  input: Readings,
  output: Core,
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const readings = input.toSorted((a, b) => a - b);
    const mean = readings.reduce((sum, reading) => sum + reading, 0) / readings.length;
    return { readings, count: readings.length, mean };
  },
});

export const runAnalytics = defineTask({
  name: 'run_analytics',
  description: 'How far the readings spread.',
  input: Core,
  output: z.object({ median: z.number(), p95: z.number(), deviation: z.number() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { readings, count, mean } }) {
    // The nearest rank: the smallest reading that is not below the given share of them.
    const rank = (share: number) => readings[Math.max(0, Math.ceil(share * count) - 1)] ?? mean;
    const squares = readings.reduce((sum, reading) => sum + (reading - mean) ** 2, 0);
    return { median: rank(0.5), p95: rank(0.95), deviation: Math.sqrt(squares / count) };
  },
});

export const sendNotifications = defineTask({
  name: 'send_notifications',
  description: 'Tells the people on duty; undone by withdrawing the notice.',
  input: Core,
  output: z.object({ notice_id: z.string() }),
  timeout: '10s',
  async run({ input: { count, mean }, idempotencyKey }) {
    return { notice_id: await notices.record(idempotencyKey, { count, mean }) };
  },
  async compensate({ output }) {
    await notices.undo(output.notice_id);
  },
});

export const createBackup = defineTask({
  name: 'create_backup',
  description: 'Keeps the readings in a compressed file; undone by deleting it.',
  input: Core,
  output: z.object({ file: z.string(), bytes: z.int() }),
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    // The same name on every attempt: a repeat writes the same file once more.
    const file = `${idempotencyKey}.json.gz`;
    const contents = await compress(JSON.stringify(input.readings));
    await writeAtomically(backupPath(file), contents);
    return { file, bytes: contents.length };
  },
  async compensate({ output }) {
    await rm(backupPath(output.file), { force: true });
  },
});

function backupPath(file: string): string {
  return dataPath('conditional-fan-out', 'backups', file);
}
