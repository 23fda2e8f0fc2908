import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { Destination, extract, processBatch, reconcile, Source } from './tasks.ts';

export const etl = defineWorkflow({
  name: 'etl',
  version: 1,
  description:
    'Loads a CSV file of any size into a database: batches of rows are transformed and loaded side by side, each exactly once.',
  owner: 'Data platform',
  input: z.object({
    source: Source,
    destination: Destination,
    max_rejected: z
      .int()
      .nonnegative()
      .default(0)
      .describe('Rows that may be refused before the load as a whole is undone'),
  }),
  steps(w) {
    const { source, destination, max_rejected } = w.input.$;
    const extracted = w.task('extract', extract, { input: { source } });
    const { name, modified_at_ms, extracted_count, batches } = extracted.$;

    const loaded = w.map('batches', batches, { concurrency: 4 }, (range, index) =>
      w.task('process_batch', processBatch, {
        input: { name, modified_at_ms, destination, range, index },
      }),
    );
    const transformed_count = w.derive('transformed_count', loaded, (results) =>
      results.reduce((sum, batch) => sum + batch.loaded, 0),
    );

    return w.task('reconcile', reconcile, {
      input: { destination, extracted_count, transformed_count, max_rejected },
    });
  },
});
