import { z } from 'zod';
import { AnyJson, AnyObject, Cursor, Labels, Priority, RunId, RunStatus } from './parts.ts';
import { ReviewStanding } from './reviews.ts';
import { route } from './route.ts';

const params = z.object({ runId: RunId });

export const Waiting = z.object({
  kind: z.string(),
  step: z.string(),
  since: z.iso.datetime(),
  until: z.iso.datetime().nullable(),
  what: z.string(),
  afterwards: z.string().nullable(),
  runId: z.string().exactOptional(),
  event: z.string().exactOptional(),
  attempt: z.number().exactOptional(),
  assignees: z.array(z.string()).readonly().nullish(),
  shown: AnyJson.exactOptional(),
  shownHash: z.string().exactOptional(),
  /** Of a review: who may decide it, and how far it has come. */
  review: ReviewStanding.exactOptional(),
});

export const Run = z.object({
  runId: z.string(),
  workflow: z.string(),
  version: z.number(),
  status: RunStatus,
  paused: z.boolean(),
  waitingOn: z.array(Waiting).readonly(),
  milestones: z.array(z.object({ name: z.string(), at: z.iso.datetime() })).readonly(),
  context: AnyObject,
  actor: z.string().nullable(),
  key: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  priority: Priority,
  parent: z.object({ runId: z.string(), step: z.string() }).nullable(),
  forkedFrom: z.object({ runId: z.string(), seq: z.number() }).nullable(),
  generation: z.number(),
  durability: z.enum(['durable', 'fast']),
  mode: z.enum(['local', 'queued']),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  outcome: AnyObject.nullable(),
  compensatedBy: z.string().nullable(),
  entries: z.number(),
});

export const runs = {
  start: route({
    method: 'POST',
    path: '/runs',
    summary: 'Starts a run; it is on disk when this is answered',
    role: 'operator',
    body: z.strictObject({
      workflow: z.string().min(1).max(200),
      input: AnyJson,
      key: z.string().min(1).max(200).exactOptional(),
      labels: Labels.exactOptional(),
      priority: Priority.exactOptional(),
      startAt: z.iso.datetime().exactOptional(),
    }),
    answer: z.object({ runId: z.string(), created: z.boolean() }),
    status: 201,
    isRepeatable: true,
  }),
  list: route({
    method: 'GET',
    path: '/runs',
    summary: 'Runs, newest first',
    role: 'viewer',
    query: z.object({
      workflow: z.string().exactOptional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({ runs: z.array(Run).readonly(), cursor: z.string().nullable() }),
  }),
  get: route({
    method: 'GET',
    path: '/runs/:runId',
    summary: 'One run: where it stands, and what it waits for',
    role: 'viewer',
    params,
    answer: Run,
  }),
};
