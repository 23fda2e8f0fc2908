import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineTask } from '../../src/index.ts';

const Line = z.string().max(1_000);

const Sale = z.object({
  sale_id: z.string(),
  customer: z.string(),
  amount: z.string().describe('As delivered, such as "12.50"'),
});

const PricedSale = z.object({ sale_id: z.string(), customer: z.string(), cents: z.int() });

const Customer = z.object({ customer: z.string(), sales: z.int(), cents: z.int() });

export const Lines = z.array(Line).max(1_000);

export const openBatch = defineTask({
  name: 'open_batch',
  description: 'Gives the batch its id: the same one however often the step is attempted.',
  input: z.void(),
  output: z.object({ batch_id: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ idempotencyKey }) {
    const digest = createHash('sha256').update(idempotencyKey).digest('hex');
    return { batch_id: `batch_${digest.slice(0, 12)}` };
  },
});

export const readLines = defineTask({
  name: 'process_stage1',
  description:
    'Reads the lines "sale;customer;amount"; what is no such line is counted as rejected.',
  input: z.object({ batch_id: z.string(), lines: Lines }),
  output: z.object({ sales: z.array(Sale), rejected: z.int(), processed: z.int() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { batch_id, lines }, log }) {
    const sales = lines.flatMap((line) => {
      const [sale_id = '', customer = '', amount = '', ...rest] = line.split(';');
      const isComplete = sale_id !== '' && customer !== '' && rest.length === 0;
      return isComplete && /^\d{1,9}\.\d{2}$/.test(amount) ? [{ sale_id, customer, amount }] : [];
    });
    const rejected = lines.length - sales.length;
    log.info({ batchId: batch_id, read: sales.length, rejected }, 'lines read');
    return { sales, rejected, processed: lines.length };
  },
});

export const priceSales = defineTask({
  name: 'process_stage2',
  description: 'Turns amounts into cents and drops sales delivered twice.',
  input: z.object({ batch_id: z.string(), sales: z.array(Sale) }),
  output: z.object({ sales: z.array(PricedSale), processed: z.int() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { sales } }) {
    const priced = new Map(
      sales.map(({ sale_id, customer, amount }) => [
        sale_id,
        { sale_id, customer, cents: Number(amount.replace('.', '')) },
      ]),
    );
    return { sales: [...priced.values()], processed: sales.length };
  },
});

export const totalSales = defineTask({
  name: 'process_stage3',
  description: 'Adds the sales up by customer.',
  input: z.object({ batch_id: z.string(), sales: z.array(PricedSale) }),
  output: z.object({ customers: z.array(Customer), processed: z.int() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { sales } }) {
    const customers = new Map<string, z.infer<typeof Customer>>();
    for (const { customer, cents } of sales) {
      const known = customers.get(customer) ?? { customer, sales: 0, cents: 0 };
      customers.set(customer, { customer, sales: known.sales + 1, cents: known.cents + cents });
    }
    return { customers: [...customers.values()], processed: sales.length };
  },
});

export const closeBatch = defineTask({
  name: 'close_batch',
  description: 'Sums the batch up from what the stages have left in the run context.',
  input: z.object({
    result: z.array(Customer),
    batch_id: z.string(),
    start_time: z.int().describe('Milliseconds since 1970'),
    processed_count: z.int(),
  }),
  output: z.object({
    result: z.array(Customer),
    batch_id: z.string(),
    duration: z.int().describe('Milliseconds from the start of the run to the start of this step'),
    processed_count: z.int().describe('Records handled, over all stages'),
  }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { start_time, ...summary }, startedAtMs }) {
    // A wall clock may be set back between the two.
    return { ...summary, duration: Math.max(0, startedAtMs - start_time) };
  },
});
