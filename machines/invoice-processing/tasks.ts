import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const postings = createLedger('invoice-processing', 'postings');

export const InvoiceDocument = z.object({
  document_id: z.string().min(1).max(200),
  text: z.string().max(20_000).describe('The invoice as text, a field a line: "Total: 119.00"'),
});

const Lines = z.record(z.string(), z.string());
const fields = ['Invoice', 'Vendor', 'Net', 'Tax', 'Total'] as const;
const amount = /^\d{1,9}\.\d{2}$/;
const centsOf = (text = '') => Math.round(Number(text) * 100);

export const validateInvoice = defineTask({
  name: 'validate_invoice',
  description: 'Every field is there once, amounts are amounts, and net and tax make the total.',
  input: InvoiceDocument,
  output: z.object({ document_id: z.string(), lines: Lines }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { document_id, text } }) {
    const lines: Record<string, string> = {};
    const problems: string[] = [];
    for (const field of fields) {
      const values = [...text.matchAll(new RegExp(`^${field}:[ \\t]*(\\S.*)$`, 'gm'))];
      lines[field] = values[0]?.[1]?.trim() ?? '';
      if (values.length !== 1) problems.push(`"${field}" is there ${values.length} times`);
    }
    for (const field of ['Net', 'Tax', 'Total'])
      if (!amount.test(lines[field] ?? '')) problems.push(`"${field}" is no amount`);
    if (centsOf(lines['Net']) + centsOf(lines['Tax']) !== centsOf(lines['Total']))
      problems.push('net and tax do not make the total');
    if (problems.length > 0)
      throw new PermanentError(`Invoice "${document_id}" is not valid: ${problems.join(', ')}`);
    return { document_id, lines };
  },
});

const Invoice = z.object({
  document_id: z.string(),
  number: z.string(),
  vendor: z.string(),
  total_cents: z.int(),
});

export const extractInvoice = defineTask({
  name: 'extract_invoice',
  description: 'Takes number, vendor and total from a valid invoice.',
  input: z.object({ document_id: z.string(), lines: Lines }),
  output: Invoice,
  timeout: '10s',
  compensate: 'none',
  async run({ input: { document_id, lines } }) {
    const { Invoice: number = '', Vendor: vendor = '', Total: total } = lines;
    return { document_id, number, vendor, total_cents: centsOf(total) };
  },
});

export const postInvoice = defineTask({
  name: 'post_invoice',
  description: 'Posts the invoice; undone by reversing the posting.',
  input: Invoice,
  output: z.object({ posting_id: z.string(), number: z.string(), total_cents: z.int() }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    const posting_id = await postings.record(idempotencyKey, input);
    return { posting_id, number: input.number, total_cents: input.total_cents };
  },
  async compensate({ output }) {
    await postings.undo(output.posting_id);
  },
});
