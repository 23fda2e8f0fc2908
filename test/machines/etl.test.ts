import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureOrdersCsv } from '../../machines/etl/generate-data.ts';
import { batchSize, extract, processBatch } from '../../machines/etl/tasks.ts';
import { etl } from '../../machines/etl/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, report, sampled } from '../crash/support/seed.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

const dataDirectory = useDataDirectory();
const destination = 'warehouse.sqlite';
const header = 'order_id,ordered_on,email,product,quantity,unit_price,note';

describe('etl', () => {
  it('M130: extracts, transforms and loads every row, and says how many', async () => {
    const { engine } = await openBench({ workflows: [etl] });
    const source = { kind: 'generated', rows: 2_500 } as const;

    const run = await engine.start(etl, { source, destination });

    expect(await run.result()).toEqual({
      extracted_count: 2_500,
      transformed_count: 2_500,
      loaded_count: 2_500,
      pipeline_success: true,
    });
    expect(
      query('SELECT count(DISTINCT order_id) AS orders, count(*) AS rows FROM orders'),
    ).toEqual([{ orders: 2_500, rows: 2_500 }]);
  });

  it('M131: a batch has 1000 rows, the last what is left', async () => {
    const { batches } = await callTask(extract, { source: { kind: 'generated', rows: 2_500 } });

    expect(batchSize).toBe(1_000);
    expect(batches.map(({ rows }) => rows)).toEqual([1_000, 1_000, 500]);
    expect(batches[0]?.start).toBe(`${header}\n`.length);
    expect(batches.slice(1).map(({ start }) => start)).toEqual(
      batches.slice(0, -1).map(({ end }) => end),
    );
  });

  it('transforms money to cents, addresses to lower case, and keeps quotes and line breaks', async () => {
    await aFile('one.csv', [
      '7,2025-03-01, Kim@Example.COM ,pump-07,3,19.99,"Say ""hello"",\nthen ring"',
    ]);
    const { engine } = await openBench({ workflows: [etl] });

    await (
      await engine.start(etl, { source: { kind: 'file', name: 'one.csv' }, destination })
    ).result();

    expect(query('SELECT * FROM orders')).toEqual([
      {
        batch_id: 1,
        order_id: 7,
        ordered_on: '2025-03-01',
        email: 'kim@example.com',
        product: 'pump-07',
        quantity: 3,
        total_cents: 5_997,
        note: 'Say "hello",\nthen ring',
      },
    ]);
  });

  it('keeps rows it refuses aside with the reason, up to the number allowed', async () => {
    await aFile('two.csv', [
      '1,2025-03-01,kim@example.com,pump-07,1,19.99,',
      '2,2025-02-30,kim@example.com,pump-07,1,19.99,',
      '3,2025-03-01,kim@example.com',
    ]);
    const { engine } = await openBench({ workflows: [etl] });
    const source = { kind: 'file', name: 'two.csv' } as const;

    const run = await engine.start(etl, { source, destination, max_rejected: 2 });

    expect(await run.result()).toMatchObject({ extracted_count: 3, loaded_count: 1 });
    expect(query('SELECT row_index, reason FROM rejected')).toEqual([
      { row_index: 1, reason: 'ordered_on: Invalid ISO date' },
      { row_index: 2, reason: '3 fields instead of 7' },
    ]);
  });

  it('deletes what it has loaded when too many rows are refused', async () => {
    await aFile('bad.csv', ['1,2025-03-01,kim@example.com,pump-07,1,19.99,', 'nonsense']);
    const { engine } = await openBench({ workflows: [etl] });
    const source = { kind: 'file', name: 'bad.csv' } as const;

    const run = await engine.start(etl, { source, destination });

    await expect(run.result()).rejects.toThrow('1 rows were rejected, at most 0 may be');
    expect((await engine.get(run.runId)).outcome).toMatchObject({ compensation: 'complete' });
    expect(query('SELECT * FROM orders')).toEqual([]);
    expect(query('SELECT status FROM batches')).toEqual([{ status: 'undone' }]);
  });

  it.each([
    ['another header', 'a,b\n1,2\n', 'must begin with the header'],
    ['a quote that is never closed', `${header}\n1,"2\n`, 'is not valid CSV'],
  ])('gives up on a file with %s', async (_what, text, message) => {
    await mkdir(join(dataDirectory(), 'etl'));
    await writeFile(join(dataDirectory(), 'etl', 'odd.csv'), text);

    const reading = callTask(extract, { source: { kind: 'file', name: 'odd.csv' } });

    await expect(reading).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringContaining(message),
    });
  });

  it('gives up on a file that is not there, and takes no name that leads out of its folder', async () => {
    const { engine } = await openBench({ workflows: [etl] });

    await expect(
      callTask(extract, { source: { kind: 'file', name: 'none.csv' } }),
    ).rejects.toMatchObject({ name: 'PermanentError' });
    await expect(
      engine.start('etl', { source: { kind: 'file', name: '../secret.csv' }, destination }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('a batch', () => {
  it('is loaded once, however often it is attempted', async () => {
    const input = await aBatch();

    const first = await callTask(processBatch, input);
    const second = await callTask(processBatch, input, { attempt: 2 });

    expect(second).toEqual(first);
    expect(query('SELECT count(*) AS rows FROM orders')).toEqual([{ rows: 1_000 }]);
  });

  it('does not come back after it was undone, which may be repeated', async () => {
    const input = await aBatch();
    const output = await callTask(processBatch, input);

    await undoTask(processBatch, { input, output });
    await undoTask(processBatch, { input, output });

    await expect(callTask(processBatch, input)).rejects.toThrow('was undone');
    expect(query('SELECT count(*) AS rows FROM orders')).toEqual([{ rows: 0 }]);
  });

  it('is not read from a file that has changed', async () => {
    const input = await aBatch();
    await utimes(join(dataDirectory(), 'etl', input.name), 1, 1);

    await expect(callTask(processBatch, input)).rejects.toThrow('has changed');
  });

  it('waits its turn while another process writes', async () => {
    const input = await aBatch();
    await callTask(processBatch, input, { idempotencyKey: 'other' });
    const path = join(dataDirectory(), 'etl', destination);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    onTestFinished(() => other.close());

    await expect(callTask(processBatch, input)).rejects.toMatchObject({ name: 'TransientError' });
  });
});

describe('killed in the middle', () => {
  it('20,000 rows: goes on with kill -9 behind it and repeats no loaded batch', async () => {
    await killedInTheMiddle({ kind: 'lowdb', rows: 20_000, hold: 8 });
  });

  it.runIf(isFull)(
    '1,000,000 rows: the same, below 300 MiB resident',
    async () => {
      const { before, after } = await killedInTheMiddle({
        kind: 'sqlite',
        rows: 1_000_000,
        hold: 500,
      });

      report(`etl, 1,000,000 rows: ${before} MiB resident until the kill, ${after} MiB after it`);
      expect(before).toBeLessThan(300);
      expect(after).toBeLessThan(300);
    },
    600_000,
  );
});

describeWorkflow(etl, {
  unreachable: { ...startedUnconditionally, ...neverTimedOut, ...closedByPolicy },
  onDone: printWalk,
});
describeCrashes(etl, sampled(40));
describeCrashes(etl, { stores: ['lowdb'], ...sampled(12) });

async function killedInTheMiddle(load: { kind: 'lowdb' | 'sqlite'; rows: number; hold: number }) {
  const { kind, rows, hold } = load;
  await ensureOrdersCsv(rows);
  const place = join(dataDirectory(), 'runs');

  const first = start(kind, place, String(rows), String(hold));
  const held = await nextLine(first);
  const loadedThen = loadedBatches();
  first.kill('SIGKILL');
  expect(await once(first, 'exit')).toEqual([null, 'SIGKILL']);
  expect(held).toMatchObject({ holding: hold });
  expect(loadedThen).toHaveLength(hold);

  const second = start(kind, place, 'resume');
  const ended = await nextLine(second);
  await once(second, 'exit');

  expect(ended['output']).toEqual({
    extracted_count: rows,
    transformed_count: rows,
    loaded_count: rows,
    pipeline_success: true,
  });
  const loadedNow = loadedBatches();
  // Row numbers are never given twice, so a batch loaded anew would have others.
  expect(loadedNow.slice(0, hold)).toEqual(loadedThen);
  expect(loadedNow).toHaveLength(rows / batchSize);
  expect(new Set(loadedNow.map(({ batch_index }) => batch_index)).size).toBe(rows / batchSize);
  expect(query('SELECT count(DISTINCT order_id) AS orders, count(*) AS rows FROM orders')).toEqual([
    { orders: rows, rows },
  ]);
  expect(
    query(
      'SELECT count(*) AS batches FROM (SELECT 1 FROM orders GROUP BY batch_id HAVING count(*) <> 1000)',
    ),
  ).toEqual([{ batches: 0 }]);
  return { before: Number(held['maxRssMiB']), after: Number(ended['maxRssMiB']) };
}

function start(...args: string[]) {
  const script = fileURLToPath(new URL('support/etl-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, SIGNALBOX_LOG: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function nextLine(child: ReturnType<typeof start>): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('The process ended without a word');
}

/** Each batch with the row numbers of its first and last order. */
function loadedBatches() {
  return query(
    `SELECT batch_id, batch_index, key, min(orders.rowid) AS first, max(orders.rowid) AS last
       FROM batches JOIN orders USING (batch_id) GROUP BY batch_id ORDER BY batch_id`,
  );
}

function query(sql: string) {
  const database = new DatabaseSync(join(dataDirectory(), 'etl', destination), { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

async function aFile(name: string, lines: readonly string[]): Promise<void> {
  await mkdir(join(dataDirectory(), 'etl'), { recursive: true });
  await writeFile(join(dataDirectory(), 'etl', name), `${[header, ...lines].join('\n')}\n`);
}

async function aBatch() {
  const { name, modified_at_ms, batches } = await callTask(extract, {
    source: { kind: 'generated', rows: 1_500 },
  });
  const [range] = batches;
  if (range === undefined) throw new Error('There is no batch');
  return { name, modified_at_ms, destination, range, index: 0 };
}
