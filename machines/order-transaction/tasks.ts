import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';
import {
  Address,
  cancelShipment,
  charge,
  Item,
  Payment,
  refund,
  releaseItems,
  reserveItems,
  ship,
} from '../shop.ts';

const confirmations = createLedger('order-transaction', 'confirmations');

const OrderId = z.string().trim().min(1).max(100);
const Items = z.array(Item).min(1).max(100);
export const Operation = z.object({
  order_id: OrderId,
  items: Items,
  payment: Payment,
  address: Address,
  email: z.string().max(200).describe('Where the confirmation goes'),
});

const Reservation = z.object({ reservation_id: z.string() });
const Charge = z.object({ transaction_id: z.string(), status: z.literal('completed') });
const Shipment = z.object({ shipment_id: z.string() });

const passing = { maxAttempts: 4 };

export const reserveResources = defineTask({
  name: 'reserve_resources',
  description: 'Holds the articles back at the warehouse; undone by releasing them.',
  input: z.object({ order_id: OrderId, items: Items }),
  output: Reservation,
  retry: passing,
  timeout: '30s',
  async run({ input, ...attempt }) {
    return { reservation_id: await reserveItems(input, attempt) };
  },
  compensate: async function releaseResources({ output, ...attempt }) {
    await releaseItems(output.reservation_id, attempt);
  },
});

export const processPayment = defineTask({
  name: 'charge_payment',
  description: 'Charges the card; undone by a refund of that transaction.',
  input: Payment.extend({ order_id: OrderId }),
  output: Charge,
  retry: passing,
  timeout: '30s',
  async run({ input, ...attempt }) {
    return charge(input, attempt);
  },
  compensate: async function refundPayment({ output, ...attempt }) {
    await refund(output.transaction_id, attempt);
  },
});

export const fulfillOrder = defineTask({
  name: 'fulfill_order',
  description: 'Announces the parcel at the carrier; undone by cancelling it.',
  input: z.object({ order_id: OrderId, address: Address }),
  output: Shipment,
  retry: passing,
  timeout: '30s',
  async run({ input, ...attempt }) {
    return { shipment_id: await ship(input, attempt) };
  },
  compensate: async function cancelFulfillment({ output, ...attempt }) {
    await cancelShipment(output.shipment_id, attempt);
  },
});

export const confirmOrder = defineTask({
  name: 'confirm_order',
  description: 'Puts the confirmation into the outbox; undone by taking it out again.',
  input: z.object({
    order_id: OrderId,
    email: z.string(),
    reserve: Reservation,
    payment: Charge,
    fulfillment: Shipment,
  }),
  output: z.object({ confirmation_id: z.string() }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    if (!z.email().safeParse(input.email).success) {
      throw new PermanentError(`"${input.email}" is no address a confirmation could go to`);
    }
    return { confirmation_id: await confirmations.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await confirmations.undo(output.confirmation_id);
  },
});

const Steps = z.tuple([
  z.object({ step: z.literal('reserve'), result: Reservation }),
  z.object({ step: z.literal('payment'), result: Charge }),
  z.object({ step: z.literal('fulfillment'), result: Shipment }),
]);
const Success = z.object({ success: z.literal(true), steps: Steps });
const Compensation = z.enum(['complete', 'partial', 'impossible', 'nothing']);

export const tellOutcome = defineTask({
  name: 'tell_outcome',
  description: 'Says how the order ended; if it failed, why, and whether all of it is undone.',
  input: z.union([
    z.object({ status: z.literal('complete'), value: Success }),
    z.object({
      status: z.literal('failed'),
      failure: z.object({ message: z.string() }),
      compensation: Compensation,
    }),
  ]),
  output: z.union([
    Success,
    z.object({
      success: z.literal(false),
      error: z.string(),
      compensated: z.boolean().describe('Nothing of the order is left standing'),
      compensation: Compensation,
    }),
  ]),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    if (input.status === 'complete') return input.value;
    const { failure, compensation } = input;
    const compensated = compensation === 'complete' || compensation === 'nothing';
    return { success: false, error: failure.message, compensated, compensation };
  },
});
