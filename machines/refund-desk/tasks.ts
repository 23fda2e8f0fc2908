import { z } from 'zod';
import { agentWithApproval, tool } from '../../src/agent/index.ts';
import { createLedger } from '../ledger.ts';
import { findPurchase, Purchase } from './purchases.ts';

const refunds = createLedger('refund-desk', 'refunds');

export const Complaint = z.object({
  purchase_id: z.string().min(1).max(50).describe('What the customer bought'),
  message: z.string().trim().min(1).max(2_000).describe('What the customer writes'),
});

/** Reads, so the agent may use it as it likes. */
const lookUp = tool({
  name: 'look_up_purchase',
  description:
    'Gives what is on record of a purchase: article, price in cents, whether it arrived.',
  input: z.object({ purchase_id: z.string() }),
  output: Purchase,
  timeout: '10s',
  compensate: 'none',
  run: ({ input }) => findPurchase(input.purchase_id),
});

/** Pays, so somebody is asked. */
export const refund = tool({
  name: 'issue_refund',
  description: 'Pays money back for a purchase. Use it at most once, and only for what went wrong.',
  input: z.object({
    purchase_id: z.string(),
    cents: z.int().positive(),
    reason: z.string().min(1).max(500),
  }),
  output: z.object({ refund_id: z.string(), cents: z.int() }),
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    return { refund_id: await refunds.record(idempotencyKey, input), cents: input.cents };
  },
  async compensate({ output }) {
    await refunds.undo(output.refund_id);
  },
});

export const refundClerk = agentWithApproval({
  name: 'refund_clerk',
  description: 'Reads the complaint, looks the purchase up, and proposes a refund if one is due.',
  system:
    'You answer customers of a shop. Look the purchase up first. If it did not arrive, issue a refund of its price. ' +
    'Then answer the customer in two sentences, and promise nothing that was not done.',
  input: Complaint,
  tools: [lookUp],
  proposes: refund,
  budget: { calls: 6, tokens: 20_000 },
  // By rule, so that the workflow can be tried without a provider.
  offline({ input, toolCalls: [lookedUp, refunded] }) {
    const { purchase_id } = input;
    if (lookedUp === undefined) return { call: { tool: lookUp.name, input: { purchase_id } } };
    if (refunded !== undefined) {
      return {
        answer: refunded.failed ? 'We cannot pay that back.' : 'We have paid your money back.',
      };
    }
    const purchase = Purchase.safeParse(lookedUp.output);
    if (!purchase.success) return { answer: 'We have no such purchase on record.' };
    const { article, cents, arrived } = purchase.data;
    if (arrived) return { answer: `Our records say that your ${article} has arrived.` };
    const reason = `${article} did not arrive`;
    return { call: { tool: refund.name, input: { purchase_id, cents, reason } } };
  },
});
