import { z } from 'zod';
import { AnyJson, Labels, Priority, Reason } from './parts.ts';
import { route } from './route.ts';

const Name = z.string().min(1).max(64);
const params = z.object({ name: Name });

export const DstPolicy = z.strictObject({
  gap: z.enum(['after', 'skip']),
  repeat: z.enum(['once', 'twice']),
});
export const OverlapPolicy = z.enum(['allow', 'skip', 'queue', 'cancel']);
export const Target = z.object({ kind: z.enum(['workflow', 'event']), name: z.string() });

/** A moment a schedule fires at. */
export const Slot = z.object({
  at: z.iso.datetime(),
  /** With the offset of the time zone. */
  local: z.string(),
  /** `moved` out of a gap of the clocks; the `first` or `second` of two moments of one wall time. */
  dst: z.enum(['moved', 'first', 'second']).nullable(),
});

export const Fire = z.object({
  slot: z.iso.datetime(),
  local: z.string(),
  /** Why it fired: in time, made up for, by a backfill, or by hand. */
  cause: z.enum(['schedule', 'catch_up', 'backfill', 'manual']),
  /** `missed`: nobody was there, or it was paused, and it is not made up for; `skipped`: the last run still ran; `queued`: it waits for that. */
  outcome: z.enum(['started', 'published', 'skipped', 'missed', 'queued', 'failed']),
  runId: z.string().nullable(),
  /** Why nothing was started. */
  reason: z.string().nullable(),
  /** Slots this entry stands for, from `slot` on; more than one only if they were missed. */
  count: z.number(),
  /** There may be more than `count`. */
  isAtLeast: z.boolean(),
  at: z.iso.datetime(),
  actor: z.string(),
});

export const Schedule = z.object({
  name: z.string(),
  description: z.string().nullable(),
  /** `code`: from a module of the service; `api`: created by a call, and removable by one. */
  source: z.enum(['code', 'api']),
  target: Target,
  cron: z.string(),
  timeZone: z.string(),
  dst: DstPolicy,
  overlap: OverlapPolicy,
  catchUp: z.number(),
  jitterMs: z.number(),
  paused: z
    .object({ at: z.iso.datetime(), actor: z.string(), reason: z.string().nullable() })
    .nullable(),
  /** Slots after this one are still to come. */
  handledUntil: z.iso.datetime(),
  /** The next ten, with the marks of days on which clocks are set; as if it were not paused. */
  next: z.array(Slot).readonly(),
  lastFires: z.array(Fire).readonly(),
  /** A slot that waits for the last run to end. */
  queued: z.iso.datetime().nullable(),
  /** Why it cannot fire, as an unknown workflow; `null`: nothing is wrong. */
  problem: z.string().nullable(),
});

const Rule = {
  cron: z.string().min(1).max(200),
  timeZone: z.string().min(1).max(100).default('UTC'),
  dst: DstPolicy.partial().default({}),
};

export const schedules = {
  list: route({
    method: 'GET',
    path: '/schedules',
    summary: 'Schedules, by name',
    role: 'viewer',
    answer: z.object({ schedules: z.array(Schedule).readonly() }),
  }),
  get: route({
    method: 'GET',
    path: '/schedules/:name',
    summary: 'One schedule: when it fires next, and what became of the last slots',
    role: 'viewer',
    params,
    answer: Schedule,
  }),
  fires: route({
    method: 'GET',
    path: '/schedules/:name/fires',
    summary: 'What became of the slots of a schedule, newest first',
    role: 'viewer',
    params,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      cursor: z.string().max(500).exactOptional(),
    }),
    answer: z.object({ fires: z.array(Fire).readonly(), cursor: z.string().nullable() }),
  }),
  preview: route({
    method: 'POST',
    path: '/schedule-preview',
    summary: 'When a rule would fire',
    role: 'viewer',
    body: z.strictObject({
      ...Rule,
      count: z.number().int().min(1).max(100).default(10),
      /** Default: now. */
      after: z.iso.datetime().exactOptional(),
    }),
    answer: z.object({ slots: z.array(Slot).readonly(), dst: DstPolicy }),
  }),
  create: route({
    method: 'POST',
    path: '/schedules',
    summary: 'Creates a schedule with a fixed input',
    role: 'admin',
    body: z.strictObject({
      name: Name,
      description: z.string().max(2_000).exactOptional(),
      ...Rule,
      workflow: z.string().min(1).max(64),
      input: AnyJson,
      overlap: OverlapPolicy.default('skip'),
      catchUp: z.number().int().min(0).max(100).default(1),
      jitterMs: z.number().int().min(0).max(86_400_000).default(0),
      paused: z.boolean().default(false),
      labels: Labels.default({}),
      priority: Priority.default('default'),
    }),
    answer: Schedule,
    status: 201,
  }),
  remove: route({
    method: 'DELETE',
    path: '/schedules/:name',
    summary: 'Removes a schedule that was created by a call; its runs stay',
    role: 'admin',
    params,
    answer: null,
  }),
  pause: route({
    method: 'POST',
    path: '/schedules/:name/pause',
    summary: 'Fires no more until it is resumed',
    role: 'operator',
    params,
    body: z.strictObject({ reason: Reason.min(1) }),
    answer: Schedule,
  }),
  resume: route({
    method: 'POST',
    path: '/schedules/:name/resume',
    summary: 'Goes on with the next slot; those of the pause are not made up for',
    role: 'operator',
    params,
    answer: Schedule,
  }),
  run: route({
    method: 'POST',
    path: '/schedules/:name/run',
    summary: 'Starts a run now, whatever the rule and the overlap policy say',
    role: 'operator',
    params,
    body: z.strictObject({ reason: Reason.exactOptional() }),
    answer: Fire,
    isRepeatable: true,
  }),
  backfill: route({
    method: 'POST',
    path: '/schedules/:name/backfill',
    summary: 'Starts a run for each past slot of a range that has none',
    role: 'operator',
    params,
    body: z.strictObject({
      from: z.iso.datetime(),
      /** Inclusive, as is `from`; not after now. */
      to: z.iso.datetime(),
      /** Shows what would be started. */
      dryRun: z.boolean().default(true),
      /** At most as many are started, the oldest first. */
      limit: z.number().int().min(1).max(100).default(100),
    }),
    answer: z.object({
      dryRun: z.boolean(),
      slots: z
        .array(
          z.object({
            ...Slot.shape,
            /** `exists`: it has a run already. */
            outcome: z.enum(['would_start', 'started', 'published', 'exists', 'failed']),
            runId: z.string().nullable(),
            reason: z.string().nullable(),
          }),
        )
        .readonly(),
      /** Where to go on if the range has more slots than `limit`. */
      nextFrom: z.iso.datetime().nullable(),
    }),
    isRepeatable: true,
  }),
};
