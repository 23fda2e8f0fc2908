import type { QueueTrigger } from './queue.ts';
import type { Schedule } from './schedule.ts';
import type { Watch } from './watch.ts';
import type { Webhook } from './webhook.ts';

/** What sets a service to work. Export them from `workflow.ts` or `triggers.ts` of a machine, or give them to the service. */
export type Trigger = Schedule | Watch | QueueTrigger | Webhook;

const kinds: ReadonlySet<unknown> = new Set<Trigger['trigger']>([
  'schedule',
  'watch',
  'queue',
  'webhook',
]);

/** By its parts rather than by its maker: the module may have got `defineSchedule` from another copy of the package. */
export function isTrigger(value: unknown): value is Trigger {
  try {
    if (typeof value !== 'object' || value === null || !('trigger' in value)) return false;
    return kinds.has(value.trigger) && 'name' in value && typeof value.name === 'string';
  } catch {
    // A reference of a workflow refuses to be looked at as a value.
    return false;
  }
}
