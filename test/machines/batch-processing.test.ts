import { describe, expect, it } from 'vitest';
import log from '../../machines/batch-processing/access-log.json' with { type: 'json' };
import { isValidIban } from '../../machines/batch-processing/iban.ts';
import accounts from '../../machines/batch-processing/ibans.json' with { type: 'json' };
import { parseLogLine } from '../../machines/batch-processing/log-line.ts';
import text from '../../machines/batch-processing/text.json' with { type: 'json' };
import {
  batchProcessing,
  dataProcessing,
  fanOutFanIn,
} from '../../machines/batch-processing/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { entryOf, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  nothingThrows,
  startedUnconditionally,
} from './support/unreachable.ts';

const workflows = [batchProcessing, dataProcessing, fanOutFanIn];

describe('batch processing', () => {
  it('M109: says how many items there were, in how many batches, and what came of each', async () => {
    const { engine } = await openBench({ workflows });

    const run = await engine.start(batchProcessing, accounts);

    expect(await run.result()).toEqual({
      total_items: 12,
      batch_count: 2,
      results: [
        { valid: 9, invalid: ['DE89 3704 0044 0532 0130 01'] },
        { valid: 1, invalid: ['not an account'] },
      ],
    });
  });

  it.each([
    [0, []],
    [1, [1]],
    [10, [10]],
    [11, [10, 1]],
    [25, [10, 10, 5]],
  ])('M110: %i items are batches of %j', async (count, sizes) => {
    const { engine } = await openBench({ workflows });
    const items = Array.from({ length: count }, () => 'GB82 WEST 1234 5698 7654 32');

    const output = await (await engine.start(batchProcessing, { items })).result();

    expect(output).toMatchObject({ total_items: count, batch_count: sizes.length });
    expect(output.results.map(({ valid }) => valid)).toEqual(sizes);
  });

  it.each([
    ['DE89 3704 0044 0532 0130 00', true],
    ['DE89370400440532013001', false],
    ['gb82 west 1234 5698 7654 32', false],
    ['', false],
  ])('the account number "%s" is valid: %s', (iban, isValid) => {
    expect(isValidIban(iban)).toBe(isValid);
  });
});

describe('data processing', () => {
  it('M101: validates, analyses batches side by side, combines', async () => {
    const { engine } = await openBench({ workflows });

    const run = await engine.start(dataProcessing, log);

    expect(await run.result()).toEqual({
      processed_items: 13,
      batch_count: 1,
      result: { requests: 12, bytes: 1_266, by_status: { 200: 11, 404: 1 }, refused: 1 },
    });
  });

  it('M102: 250 lines are batches of 100, 100 and 50', async () => {
    const { engine } = await openBench({ workflows });
    const data = Array.from({ length: 250 }, (_, index) => aLine(index));

    const run = await engine.start(dataProcessing, { data });

    expect(await run.result()).toMatchObject({ processed_items: 250, batch_count: 3 });
    expect((await entryOf(engine, run.runId, 'analyze.completed')).output).toMatchObject([
      { requests: 100 },
      { requests: 100 },
      { requests: 50 },
    ]);
  });

  it('refuses what is no line of an access log', () => {
    expect(parseLogLine(aLine(7))).toEqual({ path: '/7', status: 200, bytes: 7 });
    expect(parseLogLine('192.0.2.1 - - [x] "GET / HTTP/2" 304 -')).toMatchObject({ bytes: 0 });
    expect(parseLogLine('GET /')).toBeNull();
    expect(parseLogLine('192.0.2.1 - - [x] "GET / HTTP/2" 999 1')).toBeNull();
  });
});

describe('fan-out, fan-in', () => {
  it('M111: three processors get the same input, and their results are combined', async () => {
    const { engine } = await openBench({ workflows });

    const run = await engine.start(fanOutFanIn, text);

    expect(await run.result()).toEqual({
      combined: {
        words: 14,
        commonest: 'the',
        sha256: '84f96f7df47eb1f2b08674ad6e706659c3d786da11a56b0fe8076a1463c3d26a',
      },
    });
  });

  it('M111: the three run at the same time', async () => {
    const { engine } = await openBench({ workflows });
    const run = await engine.start(fanOutFanIn, { text: '' });
    expect(await run.result()).toMatchObject({ combined: { words: 0, commonest: null } });

    const { state } = await engine.at(run.runId, 2);

    for (const processor of ['processor_a', 'processor_b', 'processor_c'])
      expect(JSON.stringify(state)).toContain(`"${processor}":"running"`);
  });
});

for (const workflow of workflows) {
  describeWorkflow(workflow, {
    unreachable: {
      ...neverUndone,
      ...startedUnconditionally,
      ...neverTimedOut,
      ...closedByPolicy,
      ...(workflow === fanOutFanIn && nothingThrows),
      ...(workflow === dataProcessing && {
        'processing.draining analyze.completed':
          'the map would have to complete at the moment it is stopped',
      }),
    },
    onDone: printWalk,
  });
  describeCrashes(workflow, sampled(30));
}

function aLine(index: number): string {
  return `192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET /${index} HTTP/1.1" 200 ${index}`;
}
