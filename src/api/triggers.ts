import { z } from 'zod';
import { AnyJson } from './parts.ts';
import { route } from './route.ts';

/** What starts runs from outside, besides schedules and webhooks, which are topics of their own. */
export const Trigger = z.object({
  name: z.string(),
  kind: z.enum(['watch', 'queue']),
  description: z.string().nullable(),
  target: z.object({ kind: z.enum(['workflow', 'event', 'signal']), name: z.string() }),
  /** Directory it watches; `queue` of a queue. */
  source: z.string(),
  /** Since the service was started; what became of each stands among the deliveries. */
  counts: z.object({
    accepted: z.number(),
    /** Known already, so that nothing happened. */
    repeated: z.number(),
  }),
  lastAt: z.iso.datetime().nullable(),
  /** Why it does not work at the moment; `null`: it does. */
  problem: z.string().nullable(),
});

export const triggers = {
  list: route({
    method: 'GET',
    path: '/triggers',
    summary: 'Watched directories and queues',
    role: 'viewer',
    answer: z.object({ triggers: z.array(Trigger).readonly() }),
  }),
  test: route({
    method: 'POST',
    path: '/triggers/:name/test',
    summary: 'What a trigger would make of an event; nothing is started',
    role: 'operator',
    params: z.object({ name: z.string().min(1).max(64) }),
    body: z.strictObject({ event: AnyJson }),
    answer: z.object({
      /** `false`: the trigger has nothing to do with it, or there is a problem. */
      accepted: z.boolean(),
      key: z.string().nullable(),
      input: AnyJson.nullable(),
      /** Why it would become a dead letter. */
      problem: z.string().nullable(),
    }),
  }),
};
