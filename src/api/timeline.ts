import { z } from 'zod';
import { RunId } from './parts.ts';
import { route } from './route.ts';

const Ms = z.number();

/** One stretch of a step. Times in milliseconds since 1970. */
export const Phase = z.object({
  /**
   * `queued`: ready, and waits for a free worker; `attempt`: works; `backoff`: waits for the next attempt; `put_off`: may not begin, as while a
   * breaker is open; `waiting`: for a person, an event, time or another run; `undo`: is undone.
   */
  kind: z.enum(['queued', 'attempt', 'backoff', 'put_off', 'waiting', 'undo']),
  fromMs: Ms,
  /** `null`: still goes on. */
  toMs: Ms.nullable(),
  attempt: z.number().nullable(),
  /** `null`: still goes on, or there is nothing to succeed in. */
  outcome: z.enum(['succeeded', 'failed', 'skipped']).nullable(),
  /** Of the entry of the history that ended it. */
  seq: z.number().nullable(),
  /** Why it failed or was put off. */
  note: z.string().nullable(),
});
export type Phase = z.infer<typeof Phase>;

export const Lane = z.object({
  step: z.string(),
  /** Kind of the step; `closing` of the review of the result. */
  kind: z.string(),
  phases: z.array(Phase).readonly(),
});
export type Lane = z.infer<typeof Lane>;

export const timeline = {
  get: route({
    method: 'GET',
    path: '/runs/:runId/timeline',
    summary: 'Who worked, queued and waited when: the present generation of a run as a waterfall',
    role: 'viewer',
    params: z.object({ runId: RunId }),
    answer: z.object({
      fromMs: Ms,
      /** Of the answer, or of the end of the run. */
      toMs: Ms,
      /** In the order in which they began. */
      lanes: z.array(Lane).readonly(),
    }),
  }),
};
