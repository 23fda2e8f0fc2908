import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import payment from '../../machines/resilient-processing/payment.json' with { type: 'json' };
import { resilientProcessing } from '../../machines/resilient-processing/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { openBench, second } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  nothingThrows,
  startedUnconditionally,
} from './support/unreachable.ts';

const tabled = { euro_cents: 24_223, rate: 0.9689, rate_from: 'table of 2025-01-02' };
const live = { euro_cents: 24_000, rate: 0.96, rate_from: 'live' };

/** One status an answer; the last goes on. */
let statuses: number[] = [];
let asked: (string | undefined)[] = [];
const server = createServer((request, response) => {
  asked.push(request.url);
  const status = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
  response.writeHead(status, { connection: 'close' });
  response.end(status === 200 ? '{"euro":0.96}' : 'no');
});

beforeEach(async () => {
  statuses = [];
  asked = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It has no port');
  vi.stubEnv('RATES_URL', `http://127.0.0.1:${address.port}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
});

describe('resilient processing', () => {
  it('yields the result of the critical step when it succeeds', async () => {
    const { engine } = await openBench({ workflows: [resilientProcessing] });

    const run = await engine.start(resilientProcessing, payment);

    expect(await run.result()).toEqual({ result: live });
    expect(asked).toEqual(['/rates/USD']);
  });

  it('M119, M120: three attempts, 1 s and 2 s apart; after the last the fallback does the work', async () => {
    statuses = [503];
    const { engine, clock, runId } = await aPayment();

    await retryIsDue(engine, runId, 1);
    await clock.advance(second - 1);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    await retryIsDue(engine, runId, 2);
    await clock.advance(2 * second - 1);
    expect(asked).toHaveLength(2);
    await clock.advance(1);

    expect(await engine.result(runId)).toEqual({ result: tabled });
    expect(asked).toHaveLength(3);
  });

  it('M119: a success at the third attempt needs no fallback', async () => {
    statuses = [503, 429, 200];
    const { engine, clock, runId } = await aPayment();

    await retryIsDue(engine, runId, 1);
    await clock.advance(second);
    await retryIsDue(engine, runId, 2);
    await clock.advance(2 * second);

    expect(await engine.result(runId)).toEqual({ result: live });
  });

  it('M121: a permanent error goes to the fallback at once, without another attempt', async () => {
    statuses = [404];
    const { engine, runId } = await aPayment();

    expect(await engine.result(runId)).toEqual({ result: tabled });
    expect(asked).toHaveLength(1);
  });

  it('M120: a service that is not there is as one that fails for the moment', async () => {
    await new Promise((resolve) => server.close(resolve));
    const { engine, clock, runId } = await aPayment();

    await retryIsDue(engine, runId, 1);
    await clock.advance(second);
    await retryIsDue(engine, runId, 2);
    await clock.advance(2 * second);

    expect(await engine.result(runId)).toEqual({ result: tabled });
  });

  it('fails when the fallback has no answer either', async () => {
    statuses = [404];
    const { engine } = await openBench({ workflows: [resilientProcessing] });

    const run = await engine.start(resilientProcessing, { amount: 1, currency: 'XXX' });

    await expect(run.result()).rejects.toThrow('There is no rate of XXX in the table');
  });
});

describeWorkflow(resilientProcessing, {
  unreachable: {
    ...neverUndone,
    ...nothingThrows,
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
  },
  onDone: printWalk,
});
describeCrashes(resilientProcessing, sampled(40));

type Engine = Awaited<ReturnType<typeof openBench>>['engine'];

async function aPayment() {
  const { engine, clock } = await openBench({ workflows: [resilientProcessing] });
  const { runId } = await engine.start(resilientProcessing, payment);
  return { engine, clock, runId };
}

async function retryIsDue(engine: Engine, runId: string, failed: number): Promise<void> {
  await eventually(async () => {
    expect(asked.length).toBeLessThanOrEqual(failed);
    const { waitingOn } = await engine.get(runId);
    expect(waitingOn.map(({ kind }) => kind)).toContain('retry');
    const entries = await engine.history(runId);
    expect(entries.filter(({ event }) => event === 'processing.failed')).toHaveLength(failed);
  });
}
