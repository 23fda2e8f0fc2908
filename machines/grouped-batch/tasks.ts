import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const mailings = createLedger('grouped-batch', 'mailings');
const jobs = createLedger('grouped-batch', 'jobs');

const Numbers = z.object({ values: z.array(z.number()).min(1).max(1_000) });
const Notice = z.object({ to: z.email(), text: z.string().min(1).max(500) });

const base = { id: z.string().min(1).max(100) };
export const DataRequest = z.object({
  ...base,
  type: z.literal('data_processing'),
  payload: Numbers,
});
export const NotificationRequest = z.object({
  ...base,
  type: z.literal('notification'),
  payload: Notice,
});
/** Any other type. */
export const OtherRequest = z.object({
  ...base,
  type: z
    .string()
    .min(1)
    .max(100)
    .refine((type) => type !== 'data_processing' && type !== 'notification', {
      error: 'has a payload that does not fit its type',
    }),
  payload: z.record(z.string(), z.json()),
});

export const processData = defineTask({
  name: 'process_data',
  description: 'Sums the numbers of one request.',
  input: DataRequest,
  output: z.object({ sum: z.number(), mean: z.number() }),
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    const { values } = input.payload;
    const sum = values.reduce((total, value) => total + value, 0);
    return { sum, mean: sum / values.length };
  },
});

export const sendBatch = defineTask({
  name: 'send_batch',
  description: 'Sends all notifications in one mailing; undone by withdrawing it.',
  input: z.array(NotificationRequest),
  output: z.object({ mailing_id: z.string(), sent: z.int() }),
  timeout: '60s',
  async run({ input, idempotencyKey }) {
    const messages = input.map(({ payload }) => payload);
    return {
      mailing_id: await mailings.record(idempotencyKey, { messages }),
      sent: messages.length,
    };
  },
  async compensate({ output }) {
    await mailings.undo(output.mailing_id);
  },
});

export const handleRequest = defineTask({
  name: 'handle_request',
  description: 'Puts one request into the queue of jobs of its type; undone by taking it out.',
  input: OtherRequest,
  output: z.object({ job_id: z.string() }),
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    return { job_id: await jobs.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await jobs.undo(output.job_id);
  },
});
