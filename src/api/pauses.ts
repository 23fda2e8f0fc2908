/** Pausing all runs, or those of one workflow; one run is paused by its own call. */
import { z } from 'zod';
import { Reason } from './parts.ts';
import { route } from './route.ts';

export const Pause = z.object({
  scope: z.enum(['everything', 'workflow']),
  /** `null`: everything. */
  workflow: z.string().nullable(),
  since: z.iso.datetime(),
  actor: z.string(),
  reason: z.string(),
});
export type Pause = z.output<typeof Pause>;

/** Left out: everything. */
const workflow = z.string().min(1).max(200).exactOptional();

const answer = z.object({
  /** `false`: it was so already, or the pause that was meant is over. */
  changed: z.boolean(),
  /** What is paused now, everything first. */
  pauses: z.array(Pause).readonly(),
});

export const pauses = {
  list: route({
    method: 'GET',
    path: '/pauses',
    summary: 'What is paused beside single runs: workflows, or everything',
    role: 'viewer',
    /** What pauses the runs of one workflow. Default: all that is paused. */
    query: z.object({ workflow }),
    answer: answer.pick({ pauses: true }),
  }),
  pause: route({
    method: 'POST',
    path: '/pauses',
    summary: 'Pauses the runs of a workflow, or all: nothing more begins, deadlines stand still',
    role: 'operator',
    body: z.strictObject({ workflow, reason: Reason.min(1) }),
    answer,
  }),
  resume: route({
    method: 'POST',
    path: '/pauses/resume',
    summary: 'Lets the runs of a workflow, or all, go on; runs paused by themselves stay paused',
    role: 'operator',
    body: z.strictObject({
      workflow,
      /** Of the pause that is meant: another one made meanwhile stays. Left out: whichever there is. */
      since: z.iso.datetime().exactOptional(),
      reason: Reason.exactOptional(),
    }),
    answer,
  }),
};
