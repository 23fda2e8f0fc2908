import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { closeBatch, Lines, openBatch, priceSales, readLines, totalSales } from './tasks.ts';

export const dataPipeline = defineWorkflow({
  name: 'data-pipeline',
  version: 1,
  description: 'Sales pass three stages that share a context: start time, batch id and a count.',
  owner: 'Data',
  input: z.object({ lines: Lines.describe('"sale;customer;amount" each') }),
  context: {
    start_time: { schema: z.int(), initial: 0, reduce: 'replace' },
    batch_id: { schema: z.string(), initial: '', reduce: 'replace' },
    processed_count: { schema: z.int(), initial: 0, reduce: 'sum' },
  },
  steps(w) {
    const { start_time, batch_id, processed_count } = w.context;
    // The clock is the orchestrator's: what a step knows of time comes with the run, and is the same after a crash.
    w.update('start_time', w.run.$.startedAtMs);

    const batch = w.task('open_batch', openBatch, { input: undefined });
    w.update('batch_id', batch.$.batch_id);

    // An update is part of the commit that records the step, so the steps that follow read it, and a crash neither loses nor repeats it.
    const read = w.task('process_stage1', readLines, {
      input: { batch_id, lines: w.input.$.lines },
      after: [batch],
    });
    w.update('processed_count', read.$.processed);

    const priced = w.task('process_stage2', priceSales, {
      input: { batch_id, sales: read.$.sales },
    });
    w.update('processed_count', priced.$.processed);

    const totals = w.task('process_stage3', totalSales, {
      input: { batch_id, sales: priced.$.sales },
    });
    w.update('processed_count', totals.$.processed);

    return w.task('close_batch', closeBatch, {
      input: { result: totals.$.customers, batch_id, start_time, processed_count },
    });
  },
});
