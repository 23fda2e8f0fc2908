import { z } from 'zod';
import { AnyObject, Reason, RunId, RunStatus } from './parts.ts';
import { route } from './route.ts';

const params = z.object({ runId: RunId });
const body = z.strictObject({
  /** As the undo list names it: the step, `child/step`, or `map/0/task`. */
  step: z.string().min(1).max(1_000),
  reason: Reason.min(1),
});
const answer = z.object({ status: RunStatus, outcome: AnyObject.nullable() });

export const undo = {
  list: route({
    method: 'GET',
    path: '/runs/:runId/undo',
    summary: 'What a cancellation would undo now, or what has become of what there was to undo',
    role: 'viewer',
    params,
    answer: z.object({
      /** First to be undone first. */
      steps: z
        .array(
          z.object({
            /** The step, or `child/step` for what a child did. */
            step: z.string(),
            /** The run that did it, and the entry of its history. */
            runId: z.string(),
            seq: z.number(),
            /** `irreversible`, `without_undo`: nothing can undo it. `resolved`: by hand. */
            state: z.enum(['open', 'undone', 'failed', 'resolved', 'irreversible', 'without_undo']),
            reason: z.string().nullable(),
          }),
        )
        .readonly(),
    }),
  }),
  retry: route({
    method: 'POST',
    path: '/runs/:runId/undo/retry',
    summary: 'Tries once more to undo what a failed or cancelled run has left',
    role: 'operator',
    params,
    body,
    answer,
  }),
  resolve: route({
    method: 'POST',
    path: '/runs/:runId/undo/resolve',
    summary: 'Says that somebody has undone by hand what a run has left, or accepts it',
    role: 'operator',
    params,
    body,
    answer,
  }),
};
