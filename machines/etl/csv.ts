/** Reads a CSV file of any size in bounded memory: once for where its batches begin and end, then each batch by itself. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CsvError, type Options, parse } from 'csv-parse';
import { PermanentError } from '../../src/index.ts';
import { columns } from './order.ts';

/** Records as a range of bytes: `start` is the first byte, `end` the first one behind the range. */
export type Range = { start: number; end: number; rows: number };

const format: Options = {
  max_record_size: 64 * 1024,
  // A record with too many or too few fields is refused by itself and does not end the run.
  relax_column_count: true,
  skip_empty_lines: true,
};

/**
 * Where batches of `size` records lie in the file, in order; the last may be shorter. The header is in none.
 *
 * @param onBatch - told the number of batches found so far
 * @throws PermanentError if the header is another one, a quote is never closed or a record is too long
 */
export async function findBatches(
  path: string,
  size: number,
  options: { readonly signal: AbortSignal; readonly onBatch: (found: number) => void },
): Promise<Range[]> {
  const batches: Range[] = [];
  let header: string[] | undefined;
  let current: Range = { start: 0, end: 0, rows: 0 };
  const finish = () => {
    if (current.rows > 0) options.onBatch(batches.push(current));
    current = { start: current.end, end: current.end, rows: 0 };
  };
  await readRecords(path, {}, options.signal, (record, { bytes }) => {
    if (header === undefined) {
      header = record;
      current = { start: bytes, end: bytes, rows: 0 };
      return;
    }
    current.end = bytes;
    current.rows += 1;
    if (current.rows === size) finish();
  });
  finish();
  if (header?.join() !== columns.join()) {
    throw new PermanentError(
      `"${path}" must begin with the header "${columns.join()}", found "${header?.join() ?? ''}"`,
    );
  }
  return batches;
}

/** @throws PermanentError if the range holds another number of records: the file is not the one that was measured */
export async function readBatch(
  path: string,
  { start, end, rows }: Range,
  signal: AbortSignal,
): Promise<string[][]> {
  const records: string[][] = [];
  await readRecords(path, { start, end: end - 1 }, signal, (record) => {
    records.push(record);
  });
  if (records.length !== rows) {
    throw new PermanentError(
      `Bytes ${start} to ${end} of "${path}" hold ${records.length} records instead of ${rows}; the file has changed`,
    );
  }
  return records;
}

async function readRecords(
  path: string,
  range: { start?: number; end?: number },
  signal: AbortSignal,
  onRecord: (record: string[], at: { bytes: number }) => void,
): Promise<void> {
  const parser = parse({
    ...format,
    on_record(record, at) {
      onRecord(record, at);
      // Nothing is passed on, so nothing piles up behind the parser.
      return null;
    },
  });
  try {
    await pipeline(createReadStream(path, range), parser.resume(), { signal });
  } catch (error) {
    if (error instanceof CsvError) {
      throw new PermanentError(`"${path}" is not valid CSV: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
