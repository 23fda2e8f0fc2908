import { defineWorkflow } from '../../src/index.ts';
import { extractInvoice, InvoiceDocument, postInvoice, validateInvoice } from './tasks.ts';

export const invoiceProcessing = defineWorkflow({
  name: 'invoice-processing',
  version: 1,
  description:
    'An invoice is validated, read and posted: always these steps, always in this order.',
  input: InvoiceDocument,
  steps(w) {
    const valid = w.task('validate', validateInvoice, {
      input: w.input,
      // No way leads past the validation; `signalbox check` proves it.
      protects: ['extract', 'post', 'completion'],
    });
    const invoice = w.task('extract', extractInvoice, { input: valid });
    return w.task('post', postInvoice, { input: invoice });
  },
});
