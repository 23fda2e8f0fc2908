import { mkdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { dirname } from 'node:path';
import { z } from 'zod';
import {
  defineResource,
  failureOfStatus,
  PermanentError,
  TransientError,
} from '../../src/index.ts';
import { dataPath } from '../files.ts';
import { platformUrl } from '../platform.ts';
import { priceService } from './price-service.ts';

/** What was sold, as another system has left it; made at first use. */
const stock = [
  { product: 'anvil', category: 'tools', quantity: 3 },
  { product: 'hammer', category: 'tools', quantity: 12 },
  { product: 'tongs', category: 'tools', quantity: 5 },
  { product: 'apron', category: 'clothing', quantity: 7 },
];

/** One connection per run to the database below the data directory. */
export const stockDb = defineResource({
  name: 'stock_db',
  async open() {
    const { DatabaseSync } = await import('node:sqlite');
    const path = dataPath('managed-resources', 'stock.db');
    mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, { timeout: 5_000 });
    database.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS stock (product TEXT PRIMARY KEY, category TEXT NOT NULL, quantity INTEGER NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS valuations (
        batch TEXT NOT NULL, product TEXT NOT NULL, cents INTEGER NOT NULL, PRIMARY KEY (batch, product)) STRICT;
    `);
    const insert = database.prepare('INSERT OR IGNORE INTO stock VALUES (?, ?, ?)');
    for (const { product, category, quantity } of stock) insert.run(product, category, quantity);
    return database;
  },
  close: (database) => database.close(),
});

const Price = z.object({ product: z.string(), cents: z.int().nonnegative() });

const largestAnswer = 64 * 1024;

/** A client of the price service that keeps its connections open between requests. */
export class PriceClient {
  readonly #base: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(base: string) {
    this.#base = base;
  }

  /**
   * @returns the price of one piece, in cents
   * @throws TransientError if another attempt may succeed
   * @throws PermanentError if the service refuses, or answers in another shape
   */
  async priceOf(product: string, signal: AbortSignal): Promise<number> {
    const url = `${this.#base}/prices/${encodeURIComponent(product)}`;
    const { status, text } = await this.#get(url, signal);
    if (status !== 200)
      throw failureOfStatus(status, `Price of "${product}" was answered with ${status}`);
    const parsed = Price.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.cents;
    throw new PermanentError(`Price of "${product}" has another shape: ${parsed.error.message}`);
  }

  #get(url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(
          new TransientError(`The price service did not answer: ${error.message}`, {
            cause: error,
          }),
        );
      const sent = request(url, { agent: this.#agent, signal }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > largestAnswer) response.destroy(new Error('the answer is too large'));
        });
        response.on('error', fail);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', fail);
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export const priceClient = defineResource({
  name: 'price_client',
  open: async () => new PriceClient(await platformUrl(priceService)),
  close: (client) => client.close(),
});
