import { z } from 'zod';
import { RunId } from './parts.ts';
import { route } from './route.ts';

const Clock = z.object({
  /** As the service sees it. */
  now: z.iso.datetime(),
  /** How far that is ahead of the machine's clock. */
  aheadMs: z.number(),
  /** When the next run needs the engine; `null`: none does. */
  nextDue: z.iso.datetime().nullable(),
});

const Crash = z.object({
  /** Commits still to come until then, 1 being the next. */
  commitsLeft: z.number().int(),
  moment: z.enum(['before', 'after']),
  /** Only its commits count; `null`: those of all runs. */
  runId: z.string().nullable(),
});

/** These calls exist only where the service was started with `--development`. */
export const development = {
  get: route({
    method: 'GET',
    path: '/development',
    summary:
      'How far the clock was set ahead, how often the worker was started, whether it is about to be killed',
    role: 'admin',
    answer: z.object({
      clock: Clock,
      /** Another one after every start of the worker. */
      instance: z.string(),
      pid: z.number().int(),
      /** Starts of the worker after the first. */
      restarts: z.number().int(),
      /** Run commits since the worker was started. */
      commits: z.number().int(),
      crash: Crash.nullable(),
    }),
  }),
  skip: route({
    method: 'POST',
    path: '/development/clock/skip',
    summary: 'Sets the clock ahead to the next deadline of a run, or of any; it never goes back',
    role: 'admin',
    body: z.strictObject({
      /** Default: of all runs. */
      runId: RunId.exactOptional(),
      /** Instead of to a deadline: by so much, at most 366 days. */
      byMs: z.number().int().min(1).max(31_622_400_000).exactOptional(),
    }),
    answer: z.object({ skippedMs: z.number(), clock: Clock }),
  }),
  crash: route({
    method: 'POST',
    path: '/development/crash',
    summary:
      'Kills the worker with SIGKILL, now or at a commit to come; it is started again and goes on from the store',
    role: 'admin',
    body: z.strictObject({
      /** Counted from now, 1 being the next; 0: now. */
      commit: z.number().int().min(0).max(10_000).default(0),
      /** `before`: the commit is lost; `after`: it is durable, and nobody in the worker has learned of it. */
      moment: z.enum(['before', 'after']).default('after'),
      runId: RunId.exactOptional(),
    }),
    answer: z.object({ instance: z.string(), crash: Crash.nullable() }),
    status: 202,
  }),
  disarm: route({
    method: 'DELETE',
    path: '/development/crash',
    summary: 'Lets the worker live',
    role: 'admin',
    answer: null,
  }),
};
