import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import sales from '../../machines/data-pipeline/sales.json' with { type: 'json' };
import { dataPipeline } from '../../machines/data-pipeline/workflow.ts';
import { createInlineExecutor } from '../../src/adapters/inline/executor.ts';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import {
  assertCrashProof,
  crashEverywhere,
  describeCrashes,
  describeWorkflow,
  ManualClock,
} from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { openBench, second } from '../support/engine-bench.ts';

/** Each step takes a second of the injected clock. */
function slowExecutor(clock: ManualClock) {
  const executor = createInlineExecutor(clock);
  return {
    ...executor,
    async attempt(request: Parameters<typeof executor.attempt>[0]) {
      const outcome = await executor.attempt(request);
      await clock.advance(second);
      return outcome;
    },
  };
}

async function aPipeline() {
  const clock = new ManualClock();
  return openBench({ workflows: [dataPipeline], clock, executor: slowExecutor(clock) });
}

describe('data-pipeline', () => {
  it('M088, M082: three stages share start time, batch id and count', async () => {
    const { engine } = await aPipeline();

    const run = await engine.start(dataPipeline, sales);
    const output = await run.result();

    expect(output).toEqual({
      result: [
        { customer: 'ada', sales: 2, cents: 2_000 },
        { customer: 'bob', sales: 1, cents: 320 },
      ],
      batch_id: expect.stringMatching(/^batch_[0-9a-f]{12}$/),
      duration: 4 * second,
      processed_count: 5 + 4 + 3,
    });
    expect(Object.keys(output)).toEqual(['result', 'batch_id', 'duration', 'processed_count']);
  });

  it('M089: time is the injected clock, and updates are commits the history shows', async () => {
    const { engine, clock } = await aPipeline();
    await clock.advance(1_000_000);
    const startedAtMs = clock.nowMs();

    const run = await engine.start(dataPipeline, sales);
    await run.result();

    const entries = await engine.history(run.runId);
    const after = async (event: string) => {
      const seq = entries.find((entry) => entry.event === event)?.seq ?? 0;
      return (await engine.at(run.runId, seq)).context;
    };
    const started = { start_time: startedAtMs, batch_id: '', processed_count: 0 };
    expect(await after('run.started')).toEqual(started);
    const opened = { ...started, batch_id: expect.stringMatching(/^batch_/) };
    expect(await after('open_batch.completed')).toEqual(opened);
    expect(await after('process_stage1.completed')).toEqual({ ...opened, processed_count: 5 });
    expect(await after('process_stage2.completed')).toEqual({ ...opened, processed_count: 9 });
    expect(await after('process_stage3.completed')).toEqual({ ...opened, processed_count: 12 });
  });

  it('M108: a process that dies in the third stage loses none of the count', async () => {
    const bench = await openBench({ workflows: [dataPipeline] });
    const executor = createInlineExecutor(bench.clock);
    const reached = Promise.withResolvers<void>();
    await bench.restart({
      executor: {
        ...executor,
        attempt(request) {
          if (request.step !== 'process_stage3') return executor.attempt(request);
          reached.resolve();
          return new Promise(() => {});
        },
      },
    });
    const { runId } = await bench.engine.start(dataPipeline, sales);
    await reached.promise;

    const next = await bench.crash({ executor });

    expect(await next.result(runId)).toMatchObject({ processed_count: 12 });
  });
});

describe('a count in parallel', () => {
  const count = defineTask({
    name: 'count',
    input: z.object({ items: z.int() }),
    output: z.object({ counted: z.int() }),
    compensate: 'none',
    run: async ({ input }) => ({ counted: input.items }),
  });
  const counting = defineWorkflow({
    name: 'counting',
    version: 1,
    input: z.object({ items: z.int().min(0).max(1_000) }),
    context: { processed_count: { schema: z.int(), initial: 0, reduce: 'sum' } },
    steps(w) {
      const parts = ['one', 'two', 'three'].map((part) => {
        const counted = w.task(part, count, { input: w.input });
        w.update('processed_count', counted.$.counted);
        return counted;
      });
      return w.task('total', count, { input: { items: w.context.processed_count }, after: parts });
    },
  });

  it('M108: parallel tasks add up, each once, wherever the process dies', async () => {
    const { engine } = await openBench({ workflows: [counting] });
    const run = await engine.start(counting, { items: 7 });
    expect(await run.result()).toEqual({ counted: 21 });

    const fixtures = {
      tasks: { count: ({ input }: { input: { items: number } }) => ({ counted: input.items }) },
    };
    assertCrashProof(await crashEverywhere(counting, { ...fixtures, ...sampled(40) }));
  });
});

const noUndo = 'nothing of the workflow is to be undone';
const undoable = 'nothing of the workflow can be undone';
const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';

describeWorkflow(dataPipeline, {
  unreachable: {
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.draining always': undoable,
    'processing.draining always[2]': undoable,
    'processing.working run.faulted':
      'the workflow has no condition or derived value that could throw',
    'processing.working run.timed_out': noLimit,
    'waiting_review run.timed_out': noLimit,
    'waiting_review run.timed_out[1]': noLimit,
    'waiting_review run.faulted': unasked,
    'waiting_review run.faulted[1]': unasked,
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
    'compensating.choosing always': noUndo,
    'compensating.choosing always[1]': noUndo,
    'compensating.choosing always[2]': noUndo,
    'compensating.undoing undo.completed': noUndo,
    'compensating.undoing undo.failed': noUndo,
    'compensating.undoing undo.failed[1]': noUndo,
    'compensating.backing_off undo.retry_due': noUndo,
  },
});
describeCrashes(dataPipeline, sampled(40));
if (isFull) describeCrashes(dataPipeline, { stores: ['lowdb'], modes: ['kill', 'power_loss'] });
