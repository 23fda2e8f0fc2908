import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { addPrices, fetchStock, storeValuations, valueStock } from './tasks.ts';

/** The database connection and the client of the price service are the run's: opened once, used by its steps, closed when it ends. */
export const managedResources = defineWorkflow({
  name: 'managed-resources',
  version: 1,
  description: 'Values the stock of a category over one database connection and one API client.',
  owner: 'Data',
  input: z.object({ query: z.object({ category: z.string().min(1).max(100) }) }),
  steps(w) {
    const raw = w.task('fetch_data_from_db', fetchStock, { input: w.input.$.query });
    const enriched = w.task('enrich_with_api', addPrices, { input: raw });
    const processed = w.task('process_data', valueStock, { input: enriched });
    const result = w.task('store_results', storeValuations, {
      input: { valuations: processed.$.valuations },
    });
    return w.finish(
      { processed_count: processed.$.processed_count, stored: result.$.stored },
      { approve: 'automatic' },
    );
  },
});
