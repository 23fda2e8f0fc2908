import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { Currency, liveRate, tabledRate } from './rates.ts';

export const Payment = z.object({
  amount: z.number().positive().max(1e9).describe('In units of the currency'),
  currency: Currency,
});

const Converted = z.object({
  euro_cents: z.int(),
  rate: z.number(),
  rate_from: z.string().describe('Whose rate it is, so that nobody takes an old one for live'),
});

export const criticalProcessing = defineTask({
  name: 'critical_processing',
  description:
    'Converts the amount at the rate of this moment, asked of a service that may be away.',
  input: Payment,
  output: Converted,
  // Three attempts, 1 s and 2 s apart: 2 ** attempt, counted from 0. What is not transient is not tried again.
  retry: { maxAttempts: 3, backoff: { kind: 'exponential', initial: '1s', factor: 2 } },
  timeout: '10s',
  compensate: 'none',
  async run({ input: { amount, currency }, signal }) {
    const rate = await liveRate(currency, signal);
    return { euro_cents: Math.round(amount * rate * 100), rate, rate_from: 'live' };
  },
});

export const fallbackProcessing = defineTask({
  name: 'fallback_processing',
  description: 'Converts the amount at the rate of a table, and says of which day it is.',
  input: Payment,
  output: Converted,
  timeout: '10s',
  compensate: 'none',
  async run({ input: { amount, currency } }) {
    const { euro, asOf } = await tabledRate(currency);
    return {
      euro_cents: Math.round(amount * euro * 100),
      rate: euro,
      rate_from: `table of ${asOf}`,
    };
  },
});
