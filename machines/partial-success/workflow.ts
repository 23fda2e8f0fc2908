import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { generateSummary, Invoice, processItem } from './tasks.ts';

export const partialSuccess = defineWorkflow({
  name: 'partial-success',
  version: 1,
  description:
    'Works on every item, whatever becomes of the others, and sums up those that succeeded.',
  owner: 'Accounts payable',
  input: z.object({ items: z.array(Invoice).max(500) }),
  steps(w) {
    const processed = w.map('items', w.input.$.items, { onItemFailure: 'collect' }, (item) =>
      w.task('process_item', processItem, { input: item }),
    );
    const hasSuccess = w.is(
      processed,
      'some item succeeded',
      ({ complete }) => complete.length > 0,
    );

    const summary = w.when(
      'summary',
      hasSuccess,
      () => {
        const results = w.derive('results', processed, ({ complete }) =>
          complete.map(({ value }) => value),
        );
        return w.task('generate_summary', generateSummary, { input: { results } });
      },
      () => w.derive('no_summary', processed, () => 'No items processed successfully'),
    );

    return w.derive(
      'output',
      { processed, summary },
      ({ processed: { complete, failed }, summary }) => ({
        successful_count: complete.length,
        failed_count: failed.length,
        successful_items: complete.map(({ item, value }) => ({ item, result: value })),
        failed_items: failed.map(({ item, failure }) => ({ item, error: failure.message })),
        summary,
      }),
    );
  },
});
