import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const requests = createLedger('expense-approval', 'requests');
const reimbursements = createLedger('expense-approval', 'reimbursements');

/** What anybody may hand in; whether it is acceptable, `validate_request` says. */
export const ExpenseRequest = z.object({
  requester: z.string().max(200).describe('Who spent the money'),
  amount: z.number().describe('In euros'),
  purpose: z.string().max(500),
  receipt: z.string().max(200).optional().describe('Number of the receipt'),
});

/** What whoever decides may add. */
export const Reasons = z.object({
  reason: z.string().trim().min(1).max(500).optional().describe('Why'),
});

/** From this amount on a receipt is needed, in euros. */
const receiptFrom = 50;
const mostAtOnce = 100_000;

export const validateRequest = defineTask({
  name: 'validate_request',
  description: 'Checks requester, amount, purpose and receipt, and names everything that is wrong.',
  input: ExpenseRequest,
  output: z.object({
    valid: z.boolean(),
    errors: z.array(z.string()),
    amount: z.number().describe('What was checked'),
  }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { requester, amount, purpose, receipt } }) {
    const rules: readonly (readonly [isBroken: boolean, error: string])[] = [
      [requester.trim() === '', 'Nobody requests it'],
      [amount <= 0, 'The amount must be above 0'],
      [amount > mostAtOnce, `The amount must not be above ${mostAtOnce}`],
      [Math.abs(amount * 100 - Math.round(amount * 100)) > 1e-6, 'The amount has parts of a cent'],
      [purpose.trim() === '', 'The purpose is missing'],
      [amount >= receiptFrom && !receipt, `From ${receiptFrom} on a receipt is needed`],
    ];
    const errors = rules.flatMap(([isBroken, error]) => (isBroken ? [error] : []));
    return { valid: errors.length === 0, errors, amount };
  },
});

export const openRequest = defineTask({
  name: 'open_request',
  description: 'Enters the request for approval; undone by withdrawing it.',
  input: ExpenseRequest,
  output: z.object({
    approval_id: z.string().describe('Names the approval wherever it is spoken of'),
  }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    const { receipt = null, ...request } = input;
    return { approval_id: await requests.record(idempotencyKey, { ...request, receipt }) };
  },
  async compensate({ output }) {
    await requests.undo(output.approval_id);
  },
});

export const processApprovedRequest = defineTask({
  name: 'process_approved_request',
  description: 'Orders the reimbursement; undone by taking the order back.',
  input: z.object({
    approval_id: z.string(),
    approved_by: z.string(),
    requester: z.string(),
    amount: z.number(),
  }),
  output: z.object({ success: z.boolean(), reimbursement_id: z.string() }),
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    return { success: true, reimbursement_id: await reimbursements.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await reimbursements.undo(output.reimbursement_id);
  },
});

const Refusal = z.object({
  approved: z.literal(false),
  reason: z.union([z.string(), z.array(z.string())]),
});

export const refuseRequest = defineTask({
  name: 'refuse_request',
  description: 'Answers a request that is not valid with everything that is wrong with it.',
  input: z.object({ errors: z.array(z.string()) }),
  output: Refusal,
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { approved: false, reason: input.errors };
  },
});

export const confirmRequest = defineTask({
  name: 'confirm_request',
  description: 'Answers a request that was approved.',
  input: z.object({ approval_id: z.string(), success: z.boolean() }),
  output: z.object({ approved: z.literal(true), approval_id: z.string(), processed: z.boolean() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { approval_id, success } }) {
    return { approved: true, approval_id, processed: success };
  },
});

export const declineRequest = defineTask({
  name: 'decline_request',
  description: 'Answers a request that was rejected, or that nobody decided on in time.',
  input: z.object({
    outcome: z.enum(['approved', 'rejected', 'expired']),
    actor: z.string(),
    form: Reasons.optional(),
  }),
  output: Refusal,
  timeout: '10s',
  compensate: 'none',
  async run({ input: { outcome, actor, form } }) {
    if (outcome === 'expired') return { approved: false, reason: 'Nobody decided within 24 hours' };
    return { approved: false, reason: form?.reason ?? `Rejected by ${actor}` };
  },
});
