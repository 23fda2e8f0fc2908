import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';

/** German rates of value added tax, in percent. */
const vatRates = [0, 7, 19];

export const Invoice = z.object({
  invoice: z.string().min(1).max(50),
  net_cents: z.int(),
  vat_percent: z.number(),
});

const Checked = z.object({ vat_cents: z.int(), gross_cents: z.int() });

export const processItem = defineTask({
  name: 'process_item',
  description: 'Checks one invoice and computes its tax.',
  input: Invoice,
  output: Checked,
  timeout: '10s',
  compensate: 'none',
  async run({ input: { invoice, net_cents, vat_percent } }) {
    if (net_cents <= 0) throw new PermanentError(`Invoice "${invoice}" asks for no money`);
    if (!vatRates.includes(vat_percent)) {
      throw new PermanentError(
        `Invoice "${invoice}" has ${vat_percent} % tax; there are ${vatRates.join(', ')} %`,
      );
    }
    const vat_cents = Math.round((net_cents * vat_percent) / 100);
    return { vat_cents, gross_cents: net_cents + vat_cents };
  },
});

export const generateSummary = defineTask({
  name: 'generate_summary',
  description: 'Sums up the results of the items that succeeded, and of no others.',
  input: z.object({ results: z.array(Checked) }),
  output: z.string(),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { results } }) {
    const gross = results.reduce((sum, { gross_cents }) => sum + gross_cents, 0);
    const vat = results.reduce((sum, { vat_cents }) => sum + vat_cents, 0);
    const count = `${results.length} ${results.length === 1 ? 'invoice' : 'invoices'}`;
    return `${count}, ${(gross / 100).toFixed(2)} EUR in all, ${(vat / 100).toFixed(2)} EUR of it tax`;
  },
});
