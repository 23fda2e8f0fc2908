import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import { priceService } from '../../machines/managed-resources/price-service.ts';
import input from '../../machines/managed-resources/tools.json' with { type: 'json' };
import { managedResources } from '../../machines/managed-resources/workflow.ts';
import { startStandIn } from '../../machines/stand-in.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench, second, until } from '../support/engine-bench.ts';

const dataDirectory = useDataDirectory();

async function aBench() {
  const service = await startStandIn(priceService);
  vi.stubEnv('PRICES_URL', service.url);
  const bench = await openBench({ workflows: [managedResources] });
  const resources = () =>
    bench.log.lines.flatMap(({ message, resource }) =>
      typeof resource === 'string' ? [`${resource}: ${message}`] : [],
    );
  return { ...bench, service, resources };
}

function storedRows(): readonly unknown[] {
  const database = new DatabaseSync(`${dataDirectory()}/managed-resources/stock.db`);
  try {
    return database.prepare('SELECT product, cents FROM valuations ORDER BY product').all();
  } finally {
    database.close();
  }
}

describe('managed-resources', () => {
  it('M142: two steps share one connection, another the client; both are closed at the end', async () => {
    const { engine, service, resources } = await aBench();

    const run = await engine.start(managedResources, input);
    const output = await run.result();
    await engine.close();

    expect(output).toEqual({ processed_count: 3, stored: 3 });
    expect(service.count('GET /prices/:product')).toBe(3);
    expect(resources()).toEqual([
      'stock_db: resource opened',
      'price_client: resource opened',
      'price_client: resource closed',
      'stock_db: resource closed',
    ]);
    expect(storedRows()).toEqual([
      { product: 'anvil', cents: 3 * 12_900 },
      { product: 'hammer', cents: 12 * 1_850 },
      { product: 'tongs', cents: 5 * 2_400 },
    ]);
    await service.close();
  });

  it('M143: both are closed when the price service refuses, and nothing is stored', async () => {
    const { engine, service, resources } = await aBench();
    service.fault('GET /prices/:product', { status: 403 });

    const run = await engine.start(managedResources, input);
    const view = await engine.drive(run.runId, 'finished');

    expect(view.status).toBe('failed');
    await engine.close();
    expect(resources().filter((line) => line.endsWith('opened'))).toHaveLength(2);
    expect(resources().filter((line) => line.endsWith('closed'))).toHaveLength(2);
    expect(storedRows()).toEqual([]);
    await service.close();
  });

  it('a client that met an overloaded service is replaced for the next attempt', async () => {
    const { engine, clock, log, service, resources } = await aBench();
    service.fault('GET /prices/:product', { status: 503 });

    const run = await engine.start(managedResources, input);
    await until(() => log.saying('retrying in 1s').length > 0);
    await clock.advance(second);

    expect(await run.result()).toEqual({ processed_count: 3, stored: 3 });
    expect(resources().filter((line) => line === 'price_client: resource opened')).toHaveLength(2);
    expect(service.count('GET /prices/:product')).toBe(4);
    await service.close();
  });
});

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';
const onceOnly = 'no undo of the workflow is tried again';

describeWorkflow(managedResources, {
  unreachable: {
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.working run.timed_out': noLimit,
    'waiting_review run.timed_out': noLimit,
    'waiting_review run.timed_out[1]': noLimit,
    'processing.working run.faulted':
      'the workflow has no condition or derived value that could throw',
    'waiting_review run.faulted': unasked,
    'waiting_review run.faulted[1]': unasked,
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
    'processing.draining always[2]': 'nothing of the workflow can be undone',
    'compensating.choosing always[2]': onceOnly,
    'compensating.undoing undo.failed': onceOnly,
    'compensating.backing_off undo.retry_due': onceOnly,
  },
});
describeCrashes(managedResources, sampled(40));
if (isFull) describeCrashes(managedResources, { stores: ['lowdb', 'sqlite'] });
