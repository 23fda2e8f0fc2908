import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { generateReport, getOrder, sendEmail, updateDatabase } from './tasks.ts';

export const orderCompletion = defineWorkflow({
  name: 'order-completion',
  version: 1,
  description: 'An order is marked as completed, reported on, and the customer is told by e-mail.',
  owner: 'Order desk',
  input: z.object({ order_id: z.string().min(1).max(100).describe('Order that is ready') }),
  steps(w) {
    const { order_id } = w.input.$;
    const order = w.task('order', getOrder, { input: { order_id } });
    const update = w.task('update_database', updateDatabase, {
      input: { record_id: order.$.order_id, data: { status: 'completed' } },
    });
    const report = w.task('generate_report', generateReport, {
      input: { data: order.$.items },
      after: [update],
    });
    const mail = w.derive('mail', { order, report }, (known) => ({
      recipient: known.order.customer_email,
      subject: `Order ${known.order.order_id} Complete`,
      body: `Your order has been completed. ${known.report}`,
    }));
    const sent = w.task('send_email', sendEmail, {
      input: mail,
      // A person has this long to find out whether a mail without a verdict was sent.
      within: '3d',
    });
    const isReported = w.derive('is_reported', report, (text) => text.length > 0);

    return w.finish(
      {
        order_id,
        database_updated: update.$.updated,
        report_generated: isReported,
        notification_sent: sent.$.sent,
      },
      { approve: 'automatic' },
    );
  },
});
