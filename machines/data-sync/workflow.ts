import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { DataSource, syncDataSource } from './tasks.ts';

export const dataSync = defineWorkflow({
  name: 'data-sync',
  version: 1,
  description:
    'Copies several sources side by side; one that fails stops none of the others and is listed with its error.',
  input: z.object({ sources: z.array(DataSource).max(100) }),
  steps(w) {
    const synced = w.map(
      'sources',
      w.input.$.sources,
      { concurrency: 5, onItemFailure: 'collect' },
      (source) => w.task('sync_data_source', syncDataSource, { input: source }),
    );
    return w.derive('output', synced, ({ complete, failed }) => ({
      successful: complete.map(({ item, value }) => ({ source: item.name, result: value })),
      failed: failed.map(({ item, failure }) => ({ source: item.name, error: failure.message })),
    }));
  },
});
