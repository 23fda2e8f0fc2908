import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { syncDataSource } from '../../machines/data-sync/tasks.ts';
import { dataSync } from '../../machines/data-sync/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench, second } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';
import { printWalk } from './support/print-walk.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

const dataDirectory = useDataDirectory();
const customers = aFile('customers');
const orders = aFile('orders');
const products = aFile('products');
const prices = '[{"id":"pump-07","price":240}]';

describe('data sync', () => {
  it('M090: lists what was copied with its result, and what failed with its error', async () => {
    const output = await synced([customers, orders, aFile('nowhere'), products]);

    expect(output).toEqual({
      successful: [
        { source: 'customers', result: expect.objectContaining({ records: 2 }) },
        { source: 'products', result: expect.objectContaining({ records: 1 }) },
      ],
      failed: [
        { source: 'orders', error: expect.stringContaining('The source has no list of records') },
        { source: 'nowhere', error: 'There is no source file "nowhere.json"' },
      ],
    });
  });

  it('M091: the failure of the first source does not stop the others, over HTTP as well', async () => {
    const url = await serve((_request, response) => void response.end(prices));
    const refusing = await serve((_request, response) => void response.writeHead(403).end());

    const output = await synced([anAddress('refusing', refusing), anAddress('prices', url)]);

    expect(output).toEqual({
      successful: [
        {
          source: 'prices',
          result: {
            records: 1,
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            copy: expect.any(String),
          },
        },
      ],
      failed: [{ source: 'refusing', error: 'The source answered 403' }],
    });
  });

  it('M091: all may fail, and the run still says so', async () => {
    expect(await synced([orders])).toMatchObject({
      successful: [],
      failed: [{ source: 'orders' }],
    });
  });

  it('copies what the source sends', async () => {
    const url = await serve((_request, response) => void response.end(prices));

    const { copy } = await callTask(syncDataSource, anAddress('prices', url));

    const text = await readFile(join(dataDirectory(), 'data-sync', copy), 'utf8');
    expect(JSON.parse(text)).toEqual([{ id: 'pump-07', price: 240 }]);
  });

  it('asks a busy source again, three times in all', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      if (asked < 3) response.writeHead(503).end();
      else response.end(prices);
    });
    const { engine, clock } = await openBench({ workflows: [dataSync] });
    const run = await engine.start(dataSync, { sources: [anAddress('prices', url)] });

    // The waits are on the clock that stands still, the answers come from a real server.
    await eventually(async () => {
      await clock.advance(2 * second);
      expect((await engine.get(run.runId)).status).toBe('complete');
    });

    expect(asked).toBe(3);
    expect(await run.result()).toMatchObject({ successful: [{ source: 'prices' }], failed: [] });
  });

  it.each([
    ['sends too much', (length: number) => `["${'x'.repeat(length)}"]`, 'more than 1048576 bytes'],
    ['sends no JSON', () => '<html>', 'no list of records'],
  ])('takes nothing from a source that %s', async (_what, body, message) => {
    const url = await serve((_request, response) => void response.end(body(1024 * 1024)));

    await expect(callTask(syncDataSource, anAddress('odd', url))).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringContaining(message),
    });
  });

  it('deletes the copy when it is undone, also the second time', async () => {
    const output = await callTask(syncDataSource, customers);
    const path = join(dataDirectory(), 'data-sync', output.copy);
    expect(existsSync(path)).toBe(true);

    await undoTask(syncDataSource, { input: customers, output });
    await undoTask(syncDataSource, { input: customers, output });

    expect(existsSync(path)).toBe(false);
  });

  it.each(['../secret.json', '/etc/passwd', 'a.txt'])('opens no file "%s"', async (name) => {
    const { engine } = await openBench({ workflows: [dataSync] });
    const sources = [{ name: 'x', from: { kind: 'file', name } }];

    await expect(engine.start('data-sync', { sources })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describeWorkflow(dataSync, {
  unreachable: {
    'compensating.choosing always[1]': 'nothing of the workflow is to be undone',
    'processing.draining always': 'nothing of the workflow can be undone',
    'processing.draining always[3]': 'nothing in the workflow can fail',
    'processing.working.sources.running sources.failed': 'failures of items are collected',
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
  },
  onDone: printWalk,
});
describeCrashes(dataSync, sampled(40));
describeCrashes(dataSync, { stores: ['lowdb'], ...sampled(12) });

function aFile(name: string) {
  return { name, from: { kind: 'file' as const, name: `${name}.json` } };
}

function anAddress(name: string, url: string) {
  return { name, from: { kind: 'http' as const, url } };
}

async function synced(sources: (ReturnType<typeof aFile> | ReturnType<typeof anAddress>)[]) {
  const { engine } = await openBench({ workflows: [dataSync] });
  return (await engine.start(dataSync, { sources })).result();
}

/** A server of records for the length of the test; returns its address. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It has no port');
  return `http://127.0.0.1:${address.port}/records`;
}
