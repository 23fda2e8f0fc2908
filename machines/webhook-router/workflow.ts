import { defineEvent, defineWorkflow } from '../../src/index.ts';
import {
  handleOrderCancellation,
  handlePaymentCompletion,
  handleUserCreation,
  logUnknownEvent,
  Webhook,
} from './tasks.ts';

/** Publishing it starts a run; whoever delivers it again under the same id starts no second one. */
export const webhookReceived = defineEvent({ name: 'webhook.received', payload: Webhook });

export const webhookRouter = defineWorkflow({
  name: 'webhook-router',
  version: 1,
  description: 'An event from outside goes to the handler of its type; one nobody handles is kept.',
  input: Webhook,
  startOn: [webhookReceived],
  steps: (w) =>
    w.choose(
      'route',
      w.input,
      'type',
      {
        'user.created': () => w.task('user', handleUserCreation, { input: w.input }),
        'payment.completed': () => w.task('payment', handlePaymentCompletion, { input: w.input }),
        'order.cancelled': () => w.task('order', handleOrderCancellation, { input: w.input }),
      },
      () => w.task('unknown', logUnknownEvent, { input: w.input }),
    ),
});
