/** What is kept of a schedule between its slots. Times are milliseconds since 1970. */
import { z } from 'zod';
import { AnyJson, Priority } from '../../api/parts.ts';
import { DstPolicy, OverlapPolicy } from '../../api/schedules.ts';

const Ms = z.number().int();
export const Cause = z.enum(['schedule', 'catch_up', 'backfill', 'manual']);
export type Cause = z.infer<typeof Cause>;

/** A slot that is to be started; written before, so that whoever comes after a crash starts it under the same key. */
export const Intent = z.object({ slotMs: Ms, local: z.string(), cause: Cause });
export type Intent = z.infer<typeof Intent>;

/** A schedule that was created by a call. */
export const StoredDefinition = z.object({
  description: z.string().nullable(),
  cron: z.string(),
  timeZone: z.string(),
  dst: DstPolicy,
  workflow: z.string(),
  input: AnyJson,
  overlap: OverlapPolicy,
  catchUp: z.number(),
  jitterMs: z.number(),
  labels: z.record(z.string(), z.string()),
  priority: Priority,
});
export type StoredDefinition = z.infer<typeof StoredDefinition>;

export const ScheduleState = z.object({
  /** Present if it was created by a call. */
  definition: StoredDefinition.nullable(),
  /** No slot up to this one fires any more, whatever the clock says later. */
  handledUntilMs: Ms,
  pending: Intent.nullable(),
  /** Waits for the last run to end. */
  queued: Intent.nullable(),
  lastRunId: z.string().nullable(),
  paused: z.object({ atMs: Ms, actor: z.string(), reason: z.string().nullable() }).nullable(),
  /** Entries about slots that are kept. */
  fires: z.number().int(),
});
export type ScheduleState = z.infer<typeof ScheduleState>;

/** What became of a slot, or of several that were missed. */
export const FireRecord = z.object({
  slotMs: Ms,
  local: z.string(),
  cause: Cause,
  outcome: z.enum(['started', 'published', 'skipped', 'missed', 'queued', 'failed']),
  runId: z.string().nullable(),
  reason: z.string().nullable(),
  count: z.number().int(),
  isAtLeast: z.boolean(),
  atMs: Ms,
  actor: z.string(),
});
export type FireRecord = z.infer<typeof FireRecord>;

export const iso = (ms: number) => new Date(ms).toISOString();
