import { defineWebhook, onWebhook } from '../../src/index.ts';
import { RawEvent } from './tasks.ts';
import { eventProcessing } from './workflow.ts';

/** Whatever is signed is processed: the workflow says of each event what is wrong with it. */
export const eventWebhook = defineWebhook({
  name: 'events',
  description: 'An event of any form',
  preset: 'standard',
  secrets: { env: ['EVENTS_WEBHOOK_SECRET', 'EVENTS_WEBHOOK_SECRET_OLD'] },
  events: {
    '*': onWebhook({
      payload: RawEvent,
      workflow: eventProcessing,
      input: (event) => event,
    }),
  },
});
