import { defineWorkflow } from '../../src/index.ts';
import {
  confirmOrder,
  fulfillOrder,
  Operation,
  processPayment,
  reserveResources,
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
      return w.derive('steps', { reserve, payment, fulfillment }, (results) => ({
        success: true as const,
        steps: [
          { step: 'reserve' as const, result: results.reserve },
          { step: 'payment' as const, result: results.payment },
          { step: 'fulfillment' as const, result: results.fulfillment },
        ],
      }));
    });
  },
});
