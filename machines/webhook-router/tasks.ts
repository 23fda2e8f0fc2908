import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const Id = z.string().min(1).max(200);

export const Webhook = z.object({
  id: Id.describe('Names the delivery; a repeat has the same'),
  type: Id.describe('What has happened'),
  data: z.record(z.string(), z.json()),
});

const Handled = z.object({
  handled: z.boolean(),
  handler: z.string(),
  entry_id: z.string().describe('What the handler entered'),
});

/** A task for events of one type, which it enters in a ledger of its own; undone by taking the entry back. */
function handler(definition: {
  name: string;
  description: string;
  ledger: string;
  data: z.ZodType<Record<string, z.infer<z.ZodJSONSchema>>>;
}) {
  const { name, description, data } = definition;
  const ledger = createLedger('webhook-router', definition.ledger);
  return defineTask({
    name,
    description,
    input: Webhook,
    output: Handled,
    timeout: '10s',
    async run({ input, idempotencyKey }) {
      const parsed = data.safeParse(input.data);
      if (!parsed.success) {
        const fields = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
        throw new PermanentError(
          `Webhook "${input.id}" of type "${input.type}": ${fields} do not fit`,
        );
      }
      const entry_id = await ledger.record(idempotencyKey, { webhook: input.id, ...parsed.data });
      return { handled: true, handler: name, entry_id };
    },
    async compensate({ output }) {
      await ledger.undo(output.entry_id);
    },
  });
}

export const handleUserCreation = handler({
  name: 'handle_user_creation',
  description: 'Enters a new user.',
  ledger: 'users',
  data: z.object({ user_id: Id, email: z.email() }),
});

export const handlePaymentCompletion = handler({
  name: 'handle_payment_completion',
  description: 'Books a payment.',
  ledger: 'payments',
  data: z.object({ payment_id: Id, order_id: Id, cents: z.int().positive() }),
});

export const handleOrderCancellation = handler({
  name: 'handle_order_cancellation',
  description: 'Enters that an order is cancelled.',
  ledger: 'cancellations',
  data: z.object({ order_id: Id, reason: z.string().max(500) }),
});

const unknown = createLedger('webhook-router', 'unknown');

export const logUnknownEvent = defineTask({
  name: 'log_unknown_event',
  description: 'Keeps an event of a type nobody handles, and warns.',
  input: Webhook,
  output: Handled,
  timeout: '10s',
  async run({ input, idempotencyKey, log }) {
    log.warn({ webhook: input.id, type: input.type }, 'no handler for this type of event');
    const entry_id = await unknown.record(idempotencyKey, input);
    return { handled: false, handler: 'log_unknown_event', entry_id };
  },
  async compensate({ output }) {
    await unknown.undo(output.entry_id);
  },
});
