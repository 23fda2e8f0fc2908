import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { priceClient, stockDb } from './resources.ts';

const StockRow = z.object({ product: z.string(), quantity: z.int() });
const PricedRow = StockRow.extend({ cents: z.int().describe('Price of one piece') });
const Valuation = z.object({ product: z.string(), cents: z.int().describe('Value of the stock') });

/** Most products one run values. */
const maxRows = 500;

export const fetchStock = defineTask({
  name: 'fetch_data_from_db',
  description: 'Reads the stock of a category from the database.',
  input: z.object({ category: z.string() }),
  output: z.object({ rows: z.array(StockRow) }),
  timeout: '10s',
  compensate: 'none',
  resources: { db: stockDb },
  async run({ input, resources }) {
    const rows = resources.db
      .prepare('SELECT product, quantity FROM stock WHERE category = ? ORDER BY product LIMIT ?')
      .all(input.category, maxRows);
    return { rows: z.array(StockRow).parse(rows) };
  },
});

export const addPrices = defineTask({
  name: 'enrich_with_api',
  description: 'Adds the price of each product, asked of the price service over one client.',
  input: z.object({ rows: z.array(StockRow) }),
  output: z.object({ rows: z.array(PricedRow) }),
  timeout: '30s',
  retry: { maxAttempts: 4, backoff: { kind: 'exponential', initial: '1s', max: '30s' } },
  compensate: 'none',
  resources: { prices: priceClient },
  async run({ input, resources, signal }) {
    const rows: z.infer<typeof PricedRow>[] = [];
    for (const row of input.rows) {
      rows.push({ ...row, cents: await resources.prices.priceOf(row.product, signal) });
    }
    return { rows };
  },
});

export const valueStock = defineTask({
  name: 'process_data',
  description: 'Computes the value of the stock of each product.',
  input: z.object({ rows: z.array(PricedRow) }),
  output: z.object({ valuations: z.array(Valuation), processed_count: z.int() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const valuations = input.rows.map(({ product, quantity, cents }) => ({
      product,
      cents: quantity * cents,
    }));
    return { valuations, processed_count: valuations.length };
  },
});

export const storeValuations = defineTask({
  name: 'store_results',
  description: 'Writes the valuations in one transaction; undone by deleting them.',
  input: z.object({ valuations: z.array(Valuation) }),
  output: z.object({ batch: z.string(), stored: z.int().describe('Rows in the database') }),
  timeout: '10s',
  resources: { db: stockDb },
  async run({ input, idempotencyKey: batch, resources: { db } }) {
    const insert = db.prepare('INSERT OR IGNORE INTO valuations VALUES (?, ?, ?)');
    db.exec('BEGIN IMMEDIATE');
    try {
      // The same batch on every attempt: a repeat finds its rows and adds none.
      for (const { product, cents } of input.valuations) insert.run(batch, product, cents);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
    const counted = db
      .prepare('SELECT count(*) AS stored FROM valuations WHERE batch = ?')
      .get(batch);
    return { batch, ...z.object({ stored: z.int() }).parse(counted) };
  },
  async compensate({ output, resources }) {
    resources.db.prepare('DELETE FROM valuations WHERE batch = ?').run(output.batch);
  },
});
