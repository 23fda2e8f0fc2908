import { defineWorkflow } from '../../src/index.ts';
import { criticalProcessing, fallbackProcessing, Payment } from './tasks.ts';

export const resilientProcessing = defineWorkflow({
  name: 'resilient-processing',
  version: 1,
  description:
    'A critical step is tried three times while it fails for the moment; then, or at once if it fails for good, a fallback does the work.',
  input: Payment,
  steps(w) {
    const result = w.task('processing', criticalProcessing, {
      input: w.input,
      fallback: fallbackProcessing,
    });
    return w.finish({ result }, { approve: 'automatic' });
  },
});
