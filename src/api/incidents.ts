/** Incidents: what went wrong, grouped by cause, until somebody has dealt with it. */
import { z } from 'zod';
import { Batch } from './batches.ts';
import { Reason } from './parts.ts';
import { route } from './route.ts';

export const Incident = z.object({
  /** Fingerprint of the cause: kind, workflow, step, error and its message without what differs from run to run. */
  incidentId: z.string(),
  /**
   * `failed`: runs that ended as failed. `stuck`: runs without progress, deadline or owner. `damaged`: runs whose stored state cannot be
   * trusted.
   */
  kind: z.enum(['failed', 'stuck', 'damaged']),
  workflow: z.string().nullable(),
  step: z.string().nullable(),
  /** Name of the error, or why a run counts as stuck. */
  name: z.string(),
  code: z.string().nullable(),
  /** Message of the newest. */
  message: z.string(),
  /** Runs in it that nobody has dealt with. */
  count: z.number(),
  firstAt: z.iso.datetime().nullable(),
  lastAt: z.iso.datetime().nullable(),
  /** The newest, up to five. */
  runIds: z.array(z.string()).readonly(),
  /** Who said it was dealt with, and when; a later failure of the same cause opens it again. */
  handled: z
    .object({ by: z.string(), at: z.iso.datetime(), reason: z.string(), count: z.number() })
    .nullable(),
});
export type Incident = z.output<typeof Incident>;

const params = z.object({ incidentId: z.string().min(1).max(100) });

export const incidents = {
  list: route({
    method: 'GET',
    path: '/incidents',
    summary: 'What went wrong, grouped by cause, the latest first',
    role: 'viewer',
    query: z.object({
      workflow: z.string().min(1).max(200).exactOptional(),
      kind: z.enum(['failed', 'stuck', 'damaged']).exactOptional(),
      /** `open`: what nobody has dealt with. */
      state: z.enum(['open', 'handled', 'all']).default('open'),
    }),
    answer: z.object({
      incidents: z.array(Incident).readonly(),
      /** Of so many failed runs, the newest, the groups were made. */
      examined: z.number(),
      /** There are more failed runs than were examined. */
      isPartial: z.boolean(),
      /** When runs under way were last looked through for stuck ones; `null`: not yet. */
      lookedThroughAt: z.iso.datetime().nullable(),
    }),
  }),
  runs: route({
    method: 'GET',
    path: '/incidents/:incidentId/runs',
    summary: 'Runs of an incident, the latest first',
    role: 'viewer',
    params,
    query: z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
    answer: z.object({
      runs: z
        .array(
          z.object({
            runId: z.string(),
            workflow: z.string().nullable(),
            at: z.iso.datetime().nullable(),
            message: z.string(),
            isHandled: z.boolean(),
          }),
        )
        .readonly(),
      total: z.number(),
    }),
  }),
  retry: route({
    method: 'POST',
    path: '/incidents/:incidentId/retry',
    summary: 'Retries the failed runs of an incident that nobody has dealt with, as a batch',
    role: 'operator',
    params,
    body: z.strictObject({
      acceptNotUndone: z.boolean().default(false),
      reason: Reason.min(1),
    }),
    answer: Batch,
    status: 201,
    isRepeatable: true,
  }),
  handle: route({
    method: 'POST',
    path: '/incidents/:incidentId/handled',
    summary: 'Says that an incident has been dealt with',
    role: 'operator',
    params,
    body: z.strictObject({ reason: Reason.min(1) }),
    answer: null,
  }),
  reopen: route({
    method: 'DELETE',
    path: '/incidents/:incidentId/handled',
    summary: 'Takes that back',
    role: 'operator',
    params,
    answer: null,
  }),
};
