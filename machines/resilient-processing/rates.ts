import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { failureOfStatus, PermanentError, TransientError } from '../../src/index.ts';

export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .describe('ISO 4217 code');

const maxAnswerBytes = 10_000;
const Quote = z.object({ euro: z.number().positive() });
const Table = z.object({ as_of: z.iso.date(), euro: z.record(Currency, z.number().positive()) });

/** Value of one unit in euro, from the service named by RATES_URL. */
export async function liveRate(currency: string, signal: AbortSignal): Promise<number> {
  const base = process.env['RATES_URL'] ?? 'http://127.0.0.1:8087';
  const { status, text, retryAfter } = await ask(`${base}/rates/${currency}`, signal);
  if (status !== 200) {
    throw failureOfStatus(status, `The rate service answered ${status} for ${currency}`, {
      retryAfter,
      nowMs: Date.now(),
    });
  }
  const quote = Quote.safeParse(jsonOf(text));
  if (!quote.success) {
    throw new PermanentError(`The rate service gave no rate for ${currency}`, {
      cause: quote.error,
    });
  }
  return quote.data.euro;
}

/** The same from the table that comes along, and the day it is of. */
export async function tabledRate(currency: string): Promise<{ euro: number; asOf: string }> {
  const text = await readFile(new URL('rates.json', import.meta.url), 'utf8');
  const table = Table.parse(JSON.parse(text));
  const euro = table.euro[currency];
  if (euro === undefined) throw new PermanentError(`There is no rate of ${currency} in the table`);
  return { euro, asOf: table.as_of };
}

async function ask(url: string, signal: AbortSignal) {
  try {
    const response = await fetch(url, { signal, redirect: 'error' });
    const text = (await response.text()).slice(0, maxAnswerBytes);
    return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TransientError('The rate service cannot be reached', { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
