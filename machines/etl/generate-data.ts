/**
 * Makes a CSV file of orders, the same ones every time for the same number of rows.
 * `node machines/etl/generate-data.ts 1000000 [path]` writes it by hand; the pipeline makes it itself at first use.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { dataPath } from '../files.ts';
import { seededRandom } from '../seeded-random.ts';
import { columns } from './order.ts';

const rowsPerChunk = 1_000;
const firstDayMs = Date.UTC(2025, 0, 1);
const dayMs = 86_400_000;
const products = ['bolt-m6', 'bolt-m8', 'gasket-40', 'pump-07', 'valve-12', 'filter-3'];
/** What makes CSV more than splitting at commas: quotes, separators and line breaks inside of fields. */
const notes = [
  '',
  '',
  '',
  '',
  'gift',
  '"Leave at the ""back"" door, please"',
  '"ring\ntwice"',
  'été',
];

/** Makes the file in the data directory unless it is there, and returns its name. It appears under it only when complete. */
export async function ensureOrdersCsv(rows: number, signal?: AbortSignal): Promise<string> {
  const name = `orders-${rows}.csv`;
  await writeOrdersCsv(dataPath('etl', name), rows, signal);
  return name;
}

async function writeOrdersCsv(path: string, rows: number, signal?: AbortSignal): Promise<void> {
  if (existsSync(path)) return;
  const temporary = `${path}.${randomUUID()}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(Readable.from(chunks(rows)), createWriteStream(temporary, { flush: true }), {
      ...(signal && { signal }),
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function* chunks(rows: number): Generator<string> {
  const random = seededRandom(rows);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  yield `${columns.join(',')}\n`;
  for (let first = 1; first <= rows; first += rowsPerChunk) {
    const last = Math.min(first + rowsPerChunk - 1, rows);
    let text = '';
    for (let id = first; id <= last; id += 1) {
      const day = new Date(firstDayMs + Math.floor(random() * 365) * dayMs);
      const price = (1 + random() * 400).toFixed(2);
      text += `${id},${day.toISOString().slice(0, 10)},Customer${Math.floor(random() * 5_000)}@Example.com,`;
      text += `${pick(products)},${1 + Math.floor(random() * 9)},${price},${pick(notes)}\n`;
    }
    yield text;
  }
}

if (process.argv[1] === import.meta.filename) {
  const rows = Number(process.argv[2]);
  if (!Number.isInteger(rows) || rows < 1) {
    process.stderr.write('Usage: node machines/etl/generate-data.ts ROWS [PATH]\n');
    process.exit(2);
  }
  const path = process.argv[3] ?? dataPath('etl', `orders-${rows}.csv`);
  await writeOrdersCsv(path, rows);
  process.stdout.write(`${path}\n`);
}
