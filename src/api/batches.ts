/** Batches: one action on many runs, with a dry run before and progress during it. */
import { z } from 'zod';
import { AnyJson, Cursor, Reason, RunId, RunStatus, waitKinds } from './parts.ts';
import { route } from './route.ts';

const Name = z.string().min(1).max(200);

/** More are refused: narrow the filter. */
export const maxBatchRuns = 10_000;

export const BatchAction = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('retry'),
    /** Also runs some of whose effects could not be undone. */
    acceptNotUndone: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal('cancel'), mode: z.enum(['drain', 'abort']).default('drain') }),
  z.strictObject({ kind: z.literal('pause') }),
  z.strictObject({ kind: z.literal('resume') }),
  z.strictObject({ kind: z.literal('signal'), event: Name, payload: AnyJson }),
]);
export type BatchAction = z.output<typeof BatchAction>;

/** Which runs are meant: these, or all that the filter finds at the time of the call. */
export const Selection = z.union([
  z.strictObject({ runIds: z.array(RunId).min(1).max(maxBatchRuns) }),
  z.strictObject({
    filter: z.strictObject({
      workflow: Name.exactOptional(),
      version: z.int().min(1).exactOptional(),
      status: z.array(RunStatus).min(1).max(20).exactOptional(),
      labels: z.record(z.string().max(100), z.string().max(500)).exactOptional(),
      /** Text inside id, key, workflow or labels. */
      text: z.string().min(1).max(200).exactOptional(),
      parent: RunId.exactOptional(),
      hasReview: z.literal(true).exactOptional(),
      /** Only runs that wait for one of these. */
      waitsFor: z.array(z.enum(waitKinds)).min(1).max(20).exactOptional(),
      /** Only runs that have waited longer than so many milliseconds; with `waitsFor`: for that. */
      waitsLongerThanMs: z.int().min(0).max(1e15).exactOptional(),
      /** Path of a state of the chart in which, or inside which, the run is. */
      state: z.string().min(1).max(1_000).exactOptional(),
      createdAfter: z.iso.datetime().exactOptional(),
      createdBefore: z.iso.datetime().exactOptional(),
    }),
  }),
]);
export type Selection = z.output<typeof Selection>;

export const Batch = z.object({
  batchId: z.string(),
  action: BatchAction,
  reason: z.string(),
  /** Who started it. */
  actor: z.string(),
  /** `stopped`: ended by somebody before its end. */
  status: z.enum(['running', 'paused', 'stopped', 'complete']),
  total: z.number(),
  done: z.number(),
  /** Runs whose state does not accept the action any more. */
  skipped: z.number(),
  failed: z.number(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type Batch = z.output<typeof Batch>;

const params = z.object({ batchId: z.string().min(1).max(100) });

export const batches = {
  preview: route({
    method: 'POST',
    path: '/batch-previews',
    summary: 'Dry run of a batch: how many runs accept the action, and why the others do not',
    role: 'operator',
    body: z.strictObject({ action: BatchAction, runs: Selection }),
    answer: z.object({
      matching: z.number(),
      accepted: z.number(),
      /** By reason, the most frequent first; `example` is one of the runs. */
      refused: z
        .array(z.object({ why: z.string(), count: z.number(), example: z.string() }))
        .readonly(),
      /** The first 20 that accept it. */
      sample: z.array(z.string()).readonly(),
    }),
  }),
  start: route({
    method: 'POST',
    path: '/batches',
    summary: 'Does one thing to many runs, one after another; goes on after a restart',
    role: 'operator',
    body: z.strictObject({ action: BatchAction, runs: Selection, reason: Reason.min(1) }),
    answer: Batch,
    status: 201,
    isRepeatable: true,
  }),
  list: route({
    method: 'GET',
    path: '/batches',
    summary: 'Batches, newest first',
    role: 'viewer',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({ batches: z.array(Batch).readonly(), cursor: z.string().nullable() }),
  }),
  get: route({
    method: 'GET',
    path: '/batches/:batchId',
    summary: 'How far a batch has come',
    role: 'viewer',
    params,
    answer: Batch,
  }),
  items: route({
    method: 'GET',
    path: '/batches/:batchId/items',
    summary: 'What became of each run of a batch, in their order',
    role: 'viewer',
    params,
    query: z.object({
      outcome: z.enum(['done', 'skipped', 'failed']).exactOptional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({
      items: z
        .array(
          z.object({
            runId: z.string(),
            outcome: z.enum(['done', 'skipped', 'failed']),
            /** Why not; `null` if it was done. */
            message: z.string().nullable(),
          }),
        )
        .readonly(),
      cursor: z.string().nullable(),
    }),
  }),
  pause: route({
    method: 'POST',
    path: '/batches/:batchId/pause',
    summary: 'Holds a batch',
    role: 'operator',
    params,
    body: z.strictObject({}),
    answer: Batch,
  }),
  resume: route({
    method: 'POST',
    path: '/batches/:batchId/resume',
    summary: 'Lets a batch that is held go on',
    role: 'operator',
    params,
    body: z.strictObject({}),
    answer: Batch,
  }),
  stop: route({
    method: 'POST',
    path: '/batches/:batchId/stop',
    summary: 'Ends a batch; what is done stays done',
    role: 'operator',
    params,
    body: z.strictObject({}),
    answer: Batch,
  }),
};
