import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';
import { charge, Item, Payment, refund, releaseItems, reserveItems } from '../shop.ts';

const fulfilled = createLedger('order-fulfillment', 'orders');

const Items = z.array(Item).min(1).max(100);
export const Order = z.object({
  id: z.string().trim().min(1).max(100),
  items: Items,
  payment: Payment,
});

export const Inventory = z.object({ available: z.boolean(), reserved_items: Items });
const Reservation = Inventory.extend({
  reservation_id: z.string().describe('The reservation at the warehouse'),
});
export const PaymentResult = z.object({
  transaction_id: z.string().describe('The transaction at the payment provider'),
  status: z.literal('completed'),
});

const passing = { maxAttempts: 4 };

export const validateOrder = defineTask({
  name: 'validate_order',
  description: 'Joins lines of the same article and compares the payment with the prices.',
  input: Order,
  output: Order,
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const items = new Map<string, Item>();
    for (const item of input.items) {
      const key = `${item.sku} ${item.unit_cents}`;
      items.set(key, { ...item, quantity: item.quantity + (items.get(key)?.quantity ?? 0) });
    }
    const cents = input.items.reduce((sum, item) => sum + item.quantity * item.unit_cents, 0);
    if (cents !== input.payment.cents) {
      throw new PermanentError(
        `Order "${input.id}" costs ${cents} cents, and ${input.payment.cents} are to be paid`,
      );
    }
    return { ...input, items: [...items.values()] };
  },
});

export const checkInventory = defineTask({
  name: 'check_inventory',
  description: 'Holds the articles back at the warehouse; undone by releasing them.',
  input: z.object({ order_id: z.string(), items: Items }),
  output: Reservation,
  retry: passing,
  timeout: '30s',
  async run({ input, ...attempt }) {
    const reservation_id = await reserveItems(input, attempt);
    return { available: true, reserved_items: input.items, reservation_id };
  },
  async compensate({ output, ...attempt }) {
    await releaseItems(output.reservation_id, attempt);
  },
});

export const processPayment = defineTask({
  name: 'process_payment',
  description: 'Charges the card; undone by a refund.',
  input: Payment.extend({ order_id: z.string() }),
  output: PaymentResult,
  retry: passing,
  timeout: '30s',
  async run({ input, ...attempt }) {
    return charge(input, attempt);
  },
  async compensate({ output, ...attempt }) {
    await refund(output.transaction_id, attempt);
  },
});

export const finalise = defineTask({
  name: 'finalise',
  description: 'Enters the order as fulfilled; undone by taking the entry back.',
  input: z.object({ order_id: z.string(), inventory: Reservation, payment: PaymentResult }),
  output: z.object({
    order_id: z.string(),
    inventory: Inventory,
    payment: PaymentResult,
    status: z.literal('fulfilled'),
    entry_id: z.string().describe('The entry in the order book'),
  }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    const { order_id, inventory, payment } = input;
    const entry_id = await fulfilled.record(idempotencyKey, {
      order_id,
      reservation_id: inventory.reservation_id,
      transaction_id: payment.transaction_id,
    });
    const { available, reserved_items } = inventory;
    return {
      order_id,
      inventory: { available, reserved_items },
      payment,
      status: 'fulfilled',
      entry_id,
    };
  },
  async compensate({ output }) {
    await fulfilled.undo(output.entry_id);
  },
});
