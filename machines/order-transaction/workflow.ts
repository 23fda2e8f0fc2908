import { defineWorkflow } from '../../src/index.ts';
import {
  confirmOrder,
  fulfillOrder,
  Operation,
  processPayment,
  reserveResources,
  tellOutcome,
} from './tasks.ts';

/** Fails if a step fails: what was done is undone, last first, and the run's outcome says what was not. */
export const orderTransaction = defineWorkflow({
  name: 'order-transaction',
  version: 1,
  description:
    'Articles are reserved, the card is charged, the parcel announced and the order confirmed: all of it, or none of it.',
  input: Operation,
  steps(w) {
    const { order_id, items, payment: card, address, email } = w.input.$;
    return w.sequence(() => {
      const reserve = w.task('reserve', reserveResources, { input: { order_id, items } });
      const payment = w.task('payment', processPayment, {
        input: { order_id, card: card.$.card, cents: card.$.cents },
      });
      const fulfillment = w.task('fulfillment', fulfillOrder, { input: { order_id, address } });
      w.task('confirmation', confirmOrder, {
        input: { order_id, email, reserve, payment, fulfillment },
      });
      return w.finish(
        {
          success: true,
          steps: [
            { step: 'reserve', result: reserve },
            { step: 'payment', result: payment },
            { step: 'fulfillment', result: fulfillment },
          ],
        },
        { approve: 'automatic' },
      );
    });
  },
});

/** The same for callers that want the outcome as data: this run completes, whatever became of the order. */
export const orderTransactionOutcome = defineWorkflow({
  name: 'order-transaction-outcome',
  version: 1,
  description:
    'Carries out an order transaction and says how it ended, undone or not; its own run does not fail with it.',
  input: Operation,
  steps(w) {
    const transaction = w.child('transaction', orderTransaction, {
      input: w.input,
      tolerate: 'any',
    });
    return w.task('outcome', tellOutcome, { input: transaction });
  },
});
