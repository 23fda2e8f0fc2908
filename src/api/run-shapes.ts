/** What calls about runs answer with. */
import { z } from 'zod';
import { AnyJson, AnyObject, Code, Priority, RunStatus } from './parts.ts';
import { ReviewStanding } from './reviews.ts';

/** Time in UTC, ISO 8601. */
const Time = z.iso.datetime();

export const Waiting = z.object({
  kind: z.string(),
  step: z.string(),
  since: Time,
  until: Time.nullable(),
  /** While it is paused: what is left, in milliseconds. */
  remainingMs: z.number().exactOptional(),
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
export type Waiting = z.infer<typeof Waiting>;

export const Run = z.object({
  runId: z.string(),
  workflow: z.string(),
  version: z.number(),
  status: RunStatus,
  /** By itself: it stays so when a pause of its workflow is over. */
  paused: z.boolean(),
  /** Pauses of its workflow and of everything, which hold it as well. */
  heldBy: z
    .array(
      z.object({
        scope: z.enum(['everything', 'workflow']),
        since: Time,
        actor: z.string(),
        reason: z.string(),
      }),
    )
    .readonly(),
  waitingOn: z.array(Waiting).readonly(),
  milestones: z.array(z.object({ name: z.string(), at: Time })).readonly(),
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
  createdAt: Time,
  updatedAt: Time,
  finishedAt: Time.nullable(),
  outcome: AnyObject.nullable(),
  compensatedBy: z.string().nullable(),
  entries: z.number(),
});
export type Run = z.infer<typeof Run>;

/** An event the run listens to; a shut one names the guards that keep it shut. */
const PossibleEvent = z.object({
  event: z.string(),
  open: z.boolean(),
  blockedBy: z.array(z.string()).readonly(),
  /** Guards that judge the event itself: `canDecide` who decides. */
  judgedBy: z.array(z.string()).readonly().exactOptional(),
});

export const Explanation = z.object({
  ...Run.shape,
  /** Of the statechart, as a snapshot has it. */
  state: AnyJson,
  /** Values of the guards that have been evaluated. */
  facts: z.record(z.string(), z.union([z.boolean(), z.string()])),
  events: z.array(PossibleEvent).readonly(),
});
export type Explanation = z.infer<typeof Explanation>;

const UndoEntry = z.object({ step: z.string(), seq: z.number() });
const NotUndone = z.object({ step: z.string(), reason: z.string() });

export const PastRun = z.object({
  ...Explanation.shape,
  seq: z.number(),
  event: z.string(),
  at: Time,
  settled: z.array(z.object({ step: z.string(), how: z.enum(['complete', 'skipped']) })).readonly(),
  undoList: z.array(UndoEntry).readonly(),
  undone: z.array(z.string()).readonly(),
  notUndone: z.array(NotUndone).readonly(),
});

export const HistoryEntry = z.object({
  seq: z.number(),
  generation: z.number(),
  atMs: z.number(),
  event: z.string(),
  actor: z.string(),
  from: RunStatus.nullable(),
  to: RunStatus,
  step: z.string().nullable(),
  attempt: z.number().nullable(),
  durationMs: z.number().nullable(),
  settles: z.enum(['complete', 'skipped', 'failed']).nullable(),
  inputHash: z.string().nullable(),
  inputDigest: z.string().nullable(),
  output: AnyJson.exactOptional(),
  outputDigest: z.string().nullable(),
  salt: z.string().nullable(),
  error: AnyObject.nullable(),
  data: AnyObject.nullable(),
  previousHash: z.string(),
  hash: z.string(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

export const ChainReport = z.object({
  runId: z.string(),
  /** Entries that are sound, from the first on. */
  entries: z.number(),
  fault: z.object({ seq: z.number(), reason: z.string() }).nullable(),
});

export const UndoPreview = z.object({
  /** What compensation would undo now, first to be undone first. */
  undoList: z.array(UndoEntry).readonly(),
  undone: z.array(z.string()).readonly(),
  /** Completed steps that cannot be undone, and why. */
  notUndone: z.array(NotUndone).readonly(),
  /** Steps whose attempts run now: they end first, or are stopped with mode `abort`. */
  running: z.array(z.string()).readonly(),
});

export const ForkPreview = z.object({
  reused: z.array(UndoEntry).readonly(),
  replaced: z.array(z.string()).readonly(),
  again: z.array(z.object({ step: z.string(), why: z.string() })).readonly(),
  repeats: z
    .array(z.object({ step: z.string(), why: z.enum(['irreversible', 'unsafe', 'event']) }))
    .readonly(),
  forkedFrom: z.object({ runId: z.string(), seq: z.number() }),
});

/** One side of a place where two histories part; `null`: that run had ended its history. */
const Side = z
  .object({
    seq: z.number(),
    event: z.string(),
    step: z.string().nullable(),
    to: RunStatus,
    at: Time,
  })
  .nullable();

export const Comparison = z.object({
  left: z.object({
    runId: z.string(),
    workflow: z.string(),
    version: z.number(),
    status: RunStatus,
  }),
  right: z.object({
    runId: z.string(),
    workflow: z.string(),
    version: z.number(),
    status: RunStatus,
  }),
  /** Entries both have in common, from the first on: event, step, attempt, status and recorded value. */
  common: z.number(),
  /** Where they part; `null`: they went the same way. */
  divergence: z.object({ left: Side, right: Side, what: z.string() }).nullable(),
});

const Attempt = z.object({
  attempt: z.number().nullable(),
  event: z.string(),
  seq: z.number(),
  at: Time,
  durationMs: z.number().nullable(),
  error: AnyObject.nullable(),
});

/** One node of the drawing, as a row: the twin of the picture for those who do not see it. */
export const NodeRow = z.object({
  /** As `data-node` in the drawing. */
  node: z.string(),
  kind: z.string(),
  title: z.string(),
  parent: z.string().nullable(),
  /** As `data-state` in the drawing; `null`: the run has not come to it. */
  state: z.string().nullable(),
});

/** What is known of a step of a run. */
export const StepDetails = z.object({
  step: z.string(),
  kind: z.string(),
  title: z.string(),
  state: z.string().nullable(),
  /** What its handler was given, recomputed from recorded results; `null` if it takes none or they are not there yet. */
  input: AnyJson,
  inputHash: z.string().nullable(),
  output: AnyJson,
  outputDigest: z.string().nullable(),
  error: AnyObject.nullable(),
  attempts: z.array(Attempt).readonly(),
  startedAt: Time.nullable(),
  settledAt: Time.nullable(),
  /** Sum over its attempts. */
  durationMs: z.number().nullable(),
  /** Guards its coming about depended on, with the value each had. */
  guards: z.record(z.string(), z.union([z.boolean(), z.string()])),
  waiting: z.array(Waiting).readonly(),
  /** Where the step is wired, in the code that is loaded now; `null` if it is not known. */
  code: Code.nullable(),
  /** Of a task: where its handler is. */
  handler: Code.nullable(),
});

export const Pack = z.object({
  format: z.literal(1),
  exportedAt: Time,
  run: Run,
  chain: ChainReport,
  plan: AnyJson,
  /** With the salts of entries of which nothing is left out. */
  history: z.array(HistoryEntry).readonly(),
  /** Entries whose own hash cannot be recomputed from the pack, as sensitive values it covers are left out. */
  withheld: z.array(z.number()).readonly(),
});

export const DamagedRun = z.object({ runId: z.string(), reason: z.string() });

/** An entry of a run's history, told after it is durable. */
export const RunEvent = z.object({
  runId: z.string(),
  workflow: z.string(),
  /** After it. */
  status: RunStatus,
  entry: HistoryEntry,
});

/** That something happened to some run; what exactly, its history tells. */
export const RunNews = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('entry'),
    runId: z.string(),
    workflow: z.string(),
    status: RunStatus,
    seq: z.number(),
    event: z.string(),
    step: z.string().nullable(),
    actor: z.string(),
    at: Time,
  }),
  /** More may have happened than is told: read anew what is shown. Comes first on a new stream that cannot go on where the reader was. */
  z.object({ kind: z.literal('missed') }),
]);
