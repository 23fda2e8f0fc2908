import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const accounts = createLedger('customer-onboarding', 'accounts');
const workspaces = createLedger('customer-onboarding', 'workspaces');
const verifications = createLedger('customer-onboarding', 'verifications');
const outbox = createLedger('customer-onboarding', 'outbox');

export const Customer = z.object({
  name: z.string().trim().min(1).max(200),
  email: z.email().max(200),
  company: z.string().trim().min(1).max(200).describe('As it stands in the register of companies'),
});
export const Account = Customer.extend({ customer_id: z.string() });

export const createAccount = defineTask({
  name: 'create_account',
  description: 'Creates the account; undone by closing it.',
  input: Customer,
  output: z.object({ customer_id: z.string() }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    return { customer_id: await accounts.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await accounts.undo(output.customer_id);
  },
});

export const prepareWorkspace = defineTask({
  name: 'prepare_workspace',
  description: 'Sets up the workspace of the account; undone by removing it.',
  input: z.object({ customer_id: z.string(), company: z.string() }),
  output: z.object({ workspace_id: z.string() }),
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    return { workspace_id: await workspaces.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await workspaces.undo(output.workspace_id);
  },
});

export const checkRegister = defineTask({
  name: 'check_register',
  description: 'Looks the company up in the register of companies.',
  input: z.object({ company: z.string() }),
  output: z.object({ is_registered: z.boolean() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const text = await readFile(new URL('companies.json', import.meta.url), 'utf8');
    const companies = z.array(z.string()).parse(JSON.parse(text));
    return { is_registered: companies.includes(input.company) };
  },
});

export const recordVerification = defineTask({
  name: 'record_verification',
  description: 'Keeps who verified the customer; undone by withdrawing the verification.',
  input: z.object({ customer_id: z.string(), verified_by: z.string() }),
  output: z.object({ status: z.literal('verified'), verification_id: z.string() }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    return {
      status: 'verified',
      verification_id: await verifications.record(idempotencyKey, input),
    };
  },
  async compensate({ output }) {
    await verifications.undo(output.verification_id);
  },
});

/** A task that puts one mail into the outbox; taken out again when undone. */
function mail(name: string, subject: string) {
  return defineTask({
    name,
    description: `Puts the mail "${subject}" into the outbox; undone by taking it out.`,
    input: z.object({ customer_id: z.string(), name: z.string(), email: z.string() }),
    output: z.object({ mail_id: z.string() }),
    timeout: '10s',
    async run({ input: { customer_id, name: recipient, email }, idempotencyKey }) {
      const letter = { customer_id, to: email, subject, text: `Dear ${recipient}` };
      return { mail_id: await outbox.record(idempotencyKey, letter) };
    },
    async compensate({ output }) {
      await outbox.undo(output.mail_id);
    },
  });
}

export const sendWelcome = mail('send_welcome', 'Welcome');
export const sendFirstSteps = mail('send_first_steps', 'Your first steps');
