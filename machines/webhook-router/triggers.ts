import { defineWebhook, onWebhook } from '../../src/index.ts';
import { Webhook } from './tasks.ts';
import { webhookRouter } from './workflow.ts';

/** Every event is a run: the workflow itself keeps those nobody handles. */
export const routedWebhook = defineWebhook({
  name: 'webhook-router',
  description: 'An event of a shop: user.created, payment.completed, order.cancelled, or any other',
  preset: 'generic',
  secrets: { env: ['SHOP_WEBHOOK_SECRET', 'SHOP_WEBHOOK_SECRET_OLD'] },
  events: {
    '*': onWebhook({
      payload: Webhook,
      workflow: webhookRouter,
      input: (event) => event,
      key: ({ id }) => id,
    }),
  },
});
