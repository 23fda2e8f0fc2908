import type { Schedule } from './schedule.ts';
import type { Webhook } from './webhook.ts';

/** What sets a service to work. Export them from `workflow.ts` or `triggers.ts` of a machine, or give them to the service. */
export type Trigger = Schedule | Webhook;
