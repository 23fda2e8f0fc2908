import { createHash } from 'node:crypto';
import { z } from 'zod';
import { tool } from '../../src/agent/index.ts';
import { defineTask } from '../../src/index.ts';
import { sendMail } from '../../src/notify/index.ts';
import { escapeHtml } from '../quarterly-report/html.ts';
import { changeRecord, findOrder, Order, revertChange } from './database.ts';

export const getOrder = defineTask({
  name: 'get_order_details',
  description: 'Reads the order from the database.',
  input: z.object({ order_id: z.string() }),
  output: Order,
  timeout: '10s',
  compensate: 'none',
  run: ({ input }) => findOrder(input.order_id),
});

export const updateDatabase = tool({
  name: 'update_database',
  description: 'Changes fields of a record; undone by giving it back what it held.',
  input: z.object({ record_id: z.string(), data: z.record(z.string(), z.json()) }),
  output: z.object({ updated: z.boolean(), record_id: z.string(), change: z.string() }),
  timeout: '10s',
  async run({ input: { record_id, data }, idempotencyKey }) {
    await changeRecord(idempotencyKey, record_id, data);
    return { updated: true, record_id, change: idempotencyKey };
  },
  compensate: {
    retry: { maxAttempts: 3 },
    async run({ output }) {
      await revertChange(output.change);
    },
  },
});

export const generateReport = tool({
  name: 'generate_report',
  description: 'Reports on a list of items.',
  input: z.object({ data: z.array(z.json()) }),
  output: z.string(),
  timeout: '10s',
  compensate: 'none',
  run: async ({ input }) => `Report generated for ${input.data.length} items`,
});

export const sendEmail = tool({
  name: 'send_email',
  description: 'Sends an e-mail through the SMTP server named by SMTP_URL.',
  input: z.object({ recipient: z.email(), subject: z.string(), body: z.string() }),
  output: z.object({ sent: z.boolean(), recipient: z.email(), message_id: z.string() }),
  retry: {
    maxAttempts: 5,
    backoff: { kind: 'exponential', initial: '2s', max: '60s', jitter: 'full' },
  },
  timeout: '60s',
  // SMTP has no idempotency key: without a verdict a person decides.
  repeat: 'unsafe',
  compensate: 'irreversible',
  async run({ input: { recipient, subject, body }, idempotencyKey, signal }) {
    const digest = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32);
    const messageId = `<${digest}@company.com>`;
    const url = process.env['SMTP_URL'] ?? 'smtp://127.0.0.1:2525';
    const html = `<p>${escapeHtml(body)}</p>`;
    const mail = {
      from: 'orders@company.com',
      to: recipient,
      subject,
      text: body,
      html,
      messageId,
    };
    await sendMail(mail, url, signal);
    return { sent: true, recipient, message_id: messageId };
  },
});
