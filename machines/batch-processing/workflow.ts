import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import {
  analyzeBatch,
  combineProcessorResults,
  combineResults,
  processBatch,
  processorA,
  processorB,
  processorC,
  validateData,
} from './tasks.ts';

/** A list in parallel batches of ten. */
export const batchProcessing = defineWorkflow({
  name: 'batch-processing',
  version: 1,
  description: 'Checks account numbers in batches of ten, side by side.',
  input: z.object({ items: z.array(z.string().max(50)).max(5_000) }),
  steps(w) {
    const { items } = w.input.$;
    const results = w.map('batches', items, { batch: 10 }, (batch) =>
      w.task('process_batch', processBatch, { input: batch }),
    );
    return w.derive('output', { items, results }, ({ items, results }) => ({
      total_items: items.length,
      batch_count: results.length,
      results,
    }));
  },
});

/** Validate, analyse in batches, combine. */
export const dataProcessing = defineWorkflow({
  name: 'data-processing',
  version: 1,
  description: 'Analyses the lines of an access log in batches of a hundred, side by side.',
  input: z.object({ data: z.array(z.string().max(5_000)).max(2_000) }),
  steps(w) {
    const { data } = w.input.$;
    const validated = w.task('validate', validateData, { input: data });
    const batches = w.map('analyze', validated.$.lines, { batch: 100 }, (batch) =>
      w.task('analyze_batch', analyzeBatch, { input: batch }),
    );
    const result = w.task('combine', combineResults, {
      input: { batches, refused: validated.$.refused },
    });
    return w.derive('output', { data, batches, result }, ({ data, batches, result }) => ({
      processed_items: data.length,
      batch_count: batches.length,
      result,
    }));
  },
});

/** The same input to three processors at once, then what they found in one. */
export const fanOutFanIn = defineWorkflow({
  name: 'fan-out-fan-in',
  version: 1,
  description: 'Gives a text to three processors side by side and combines what they find.',
  input: z.object({ text: z.string().max(100_000) }),
  steps(w) {
    const a = w.task('processor_a', processorA, { input: w.input });
    const b = w.task('processor_b', processorB, { input: w.input });
    const c = w.task('processor_c', processorC, { input: w.input });
    return w.task('combine_processor_results', combineProcessorResults, { input: { a, b, c } });
  },
});
