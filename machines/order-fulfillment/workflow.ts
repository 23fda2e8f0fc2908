import { defineWorkflow } from '../../src/index.ts';
import { checkInventory, finalise, Order, processPayment, validateOrder } from './tasks.ts';

export const orderFulfillment = defineWorkflow({
  name: 'order-fulfillment',
  version: 1,
  description:
    'A valid order is held back at the warehouse and paid at the same time, then entered as fulfilled.',
  input: Order,
  timeout: '1800s',
  steps(w) {
    const order = w.task('validate_order', validateOrder, {
      input: w.input,
      // An order that was not validated neither holds articles back nor charges a card.
      protects: ['check_inventory', 'process_payment', 'finalise'],
    });
    // Neither reads what the other yields, so the two run at the same time.
    const inventory = w.task('check_inventory', checkInventory, {
      input: { order_id: order.$.id, items: order.$.items },
    });
    const payment = w.task('process_payment', processPayment, {
      input: {
        order_id: order.$.id,
        card: order.$.payment.$.card,
        cents: order.$.payment.$.cents,
      },
    });
    const done = w.task('finalise', finalise, {
      input: { order_id: order.$.id, inventory, payment },
    });
    return w.finish(
      {
        order_id: done.$.order_id,
        inventory: done.$.inventory,
        payment: done.$.payment,
        status: done.$.status,
      },
      { approve: 'automatic' },
    );
  },
});
