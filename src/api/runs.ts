import { z } from 'zod';
import {
  AnyJson,
  AnyObject,
  Cursor,
  Labels,
  Priority,
  Reason,
  RunId,
  RunStatus,
  StepId,
  waitKinds,
} from './parts.ts';
import { route } from './route.ts';
import {
  ChainReport,
  Comparison,
  DamagedRun,
  Explanation,
  ForkPreview,
  HistoryEntry,
  NodeRow,
  Pack,
  PastRun,
  Run,
  RunEvent,
  RunNews,
  StepDetails,
  UndoPreview,
} from './run-shapes.ts';

const params = z.object({ runId: RunId });
const Seq = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const Name = z.string().min(1).max(200);

/** A value that may be given once or several times. */
const several = <T extends z.ZodType>(one: T) =>
  z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(one).max(20));

/** A label as `name=value`; several must all match. */
const LabelText = z
  .string()
  .max(601)
  .regex(/^[^=]+=/, 'is not name=value');

/** Which runs are meant; what is left out does not narrow. */
export const runFilter = {
  workflow: Name.exactOptional(),
  version: z.coerce.number().int().min(1).max(1_000_000_000).exactOptional(),
  status: several(RunStatus).exactOptional(),
  label: several(LabelText).exactOptional(),
  /** Text inside id, key, workflow, or a label's name or value; upper and lower case count as the same. */
  q: z.string().min(1).max(200).exactOptional(),
  parent: RunId.exactOptional(),
  hasReview: z.enum(['true']).exactOptional(),
  /** Only runs that wait for one of these. */
  waitsFor: several(z.enum(waitKinds)).exactOptional(),
  /** Only runs that have waited longer than so many milliseconds; with `waitsFor`: for that. */
  waitsLongerThanMs: z.coerce.number().int().min(0).max(1e15).exactOptional(),
  /** Path of a state of the chart in which, or inside which, the run is: `processing.working.approval`. */
  state: z.string().min(1).max(1_000).exactOptional(),
  createdAfter: z.iso.datetime().exactOptional(),
  createdBefore: z.iso.datetime().exactOptional(),
};

const view = z.enum(['steps', 'states']).default('steps');
/** The run as it stood after this entry of its history. Default: now. */
const at = Seq.exactOptional();

export const runs = {
  start: route({
    method: 'POST',
    path: '/runs',
    summary: 'Starts a run; it is on disk when this is answered',
    role: 'operator',
    body: z.strictObject({
      workflow: Name,
      input: AnyJson,
      key: Name.exactOptional(),
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
      ...runFilter,
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({ runs: z.array(Run).readonly(), cursor: z.string().nullable() }),
  }),
  counts: route({
    method: 'GET',
    path: '/run-counts',
    summary: 'How many runs there are of each status, in all and by workflow',
    role: 'viewer',
    query: z.object(runFilter),
    answer: z.object({
      total: z.number(),
      status: z.partialRecord(RunStatus, z.number()),
      workflows: z
        .array(
          z.object({
            workflow: z.string(),
            total: z.number(),
            status: z.partialRecord(RunStatus, z.number()),
          }),
        )
        .readonly(),
    }),
  }),
  get: route({
    method: 'GET',
    path: '/runs/:runId',
    summary: 'One run: where it stands, and what it waits for',
    role: 'viewer',
    params,
    answer: Run,
  }),
  explain: route({
    method: 'GET',
    path: '/runs/:runId/explanation',
    summary: 'Why a run waits, which events it accepts now, and which guards shut the others',
    role: 'viewer',
    params,
    answer: Explanation,
  }),
  history: route({
    method: 'GET',
    path: '/runs/:runId/history',
    summary: 'Entries of the history, a page at a time, from either end',
    role: 'viewer',
    params,
    query: z.object({
      /** Only entries after this one. */
      afterSeq: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).exactOptional(),
      /** Only entries before this one. */
      beforeSeq: Seq.exactOptional(),
      order: z.enum(['oldest', 'newest']).default('oldest'),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    answer: z.object({
      entries: z.array(HistoryEntry).readonly(),
      /** Entries of the run in all. */
      total: z.number(),
      /** Where the next page begins: `afterSeq` of it, or `beforeSeq` if the newest come first; `null`: there is none. */
      next: z.number().nullable(),
    }),
  }),
  verify: route({
    method: 'GET',
    path: '/runs/:runId/verification',
    summary: "Recomputes the chain of a run's history",
    role: 'viewer',
    params,
    answer: ChainReport,
  }),
  input: route({
    method: 'GET',
    path: '/runs/:runId/input',
    summary: 'What a run was started with, without sensitive values',
    role: 'viewer',
    params,
    answer: z.object({ input: AnyJson }),
  }),
  output: route({
    method: 'GET',
    path: '/runs/:runId/output',
    summary: 'What a completed run yielded, without sensitive values',
    role: 'viewer',
    params,
    answer: z.object({
      status: RunStatus,
      /** `null` unless it is complete. */
      output: AnyJson,
    }),
  }),
  wait: route({
    method: 'GET',
    path: '/runs/:runId/wait',
    summary: 'Waits until a run has ended, or until only people, events or time can move it',
    role: 'viewer',
    params,
    query: z.object({
      until: z.enum(['waiting', 'finished']).default('waiting'),
      timeoutMs: z.coerce.number().int().min(0).max(60_000).default(20_000),
    }),
    answer: z.object({
      /** `false`: the time was up first. */
      reached: z.boolean(),
      run: Run,
    }),
  }),
  signal: route({
    method: 'POST',
    path: '/runs/:runId/signals',
    summary: 'Sends an event to one run; the same id has one effect',
    role: 'operator',
    params,
    body: z.strictObject({ event: Name, payload: AnyJson, id: Name.exactOptional() }),
    answer: z.object({
      /** `false`: nobody waits for it yet; it is kept. */
      delivered: z.boolean(),
    }),
    isRepeatable: true,
  }),
  publish: route({
    method: 'POST',
    path: '/published-events',
    summary: 'Sends an event to every run that waits for it, and starts the workflows it starts',
    role: 'operator',
    body: z.strictObject({ event: Name, payload: AnyJson, id: Name.exactOptional() }),
    answer: null,
    isRepeatable: true,
  }),
  undoList: route({
    method: 'GET',
    path: '/runs/:runId/undo-list',
    summary: 'What cancelling the run now would undo, and what it could not',
    role: 'viewer',
    params,
    answer: UndoPreview,
  }),
  cancel: route({
    method: 'POST',
    path: '/runs/:runId/cancel',
    summary: 'Cancels a run; what it has completed is undone',
    role: 'operator',
    params,
    body: z.strictObject({
      /** `drain`: running attempts end first; `abort`: they are stopped. */
      mode: z.enum(['drain', 'abort']).exactOptional(),
      reason: Reason.exactOptional(),
    }),
    answer: Run,
    isRepeatable: true,
  }),
  retry: route({
    method: 'POST',
    path: '/runs/:runId/retry',
    summary: 'Lets a failed run go on where it failed, or, if it was rolled back, start afresh',
    role: 'operator',
    params,
    body: z.strictObject({
      acceptNotUndone: z.boolean().exactOptional(),
      reason: Reason.exactOptional(),
    }),
    answer: Run,
    isRepeatable: true,
  }),
  pause: route({
    method: 'POST',
    path: '/runs/:runId/pause',
    summary: 'Lets nothing new begin until the run is resumed',
    role: 'operator',
    params,
    body: z.strictObject({ reason: Reason.exactOptional() }),
    answer: Run,
    isRepeatable: true,
  }),
  resume: route({
    method: 'POST',
    path: '/runs/:runId/resume',
    summary: 'Lets a paused run go on',
    role: 'operator',
    params,
    body: z.strictObject({}),
    answer: Run,
    isRepeatable: true,
  }),
  at: route({
    method: 'GET',
    path: '/runs/:runId/at/:seq',
    summary: 'The run as it stood after an entry of its history',
    role: 'viewer',
    params: z.object({ runId: RunId, seq: Seq }),
    answer: PastRun,
  }),
  previewFork: route({
    method: 'POST',
    path: '/runs/:runId/fork-preview',
    summary: 'What a fork would reuse, and what it would do again',
    role: 'viewer',
    params,
    body: z.strictObject({
      at: z.int().min(1),
      input: AnyJson.exactOptional(),
      results: AnyObject.exactOptional(),
    }),
    answer: ForkPreview,
  }),
  fork: route({
    method: 'POST',
    path: '/runs/:runId/forks',
    summary: 'Makes a new run from a past moment of this one',
    role: 'operator',
    params,
    body: z.strictObject({
      /** Entry of the history after which it begins. */
      at: z.int().min(1),
      input: AnyJson.exactOptional(),
      /** Results by step, instead of the recorded ones. */
      results: AnyObject.exactOptional(),
      acceptIrreversible: z.boolean().exactOptional(),
      reason: Reason.exactOptional(),
    }),
    answer: z.object({ ...ForkPreview.shape, runId: z.string() }),
    status: 201,
    isRepeatable: true,
  }),
  diagram: route({
    method: 'GET',
    path: '/runs/:runId/diagram',
    summary:
      'The run drawn as SVG; nodes carry data-node, data-kind and data-state, edges data-from and data-to',
    role: 'viewer',
    params,
    query: z.object({
      view,
      theme: z.enum(['auto', 'light', 'dark']).default('auto'),
      /** Steps or states in a row, separated by commas, to point at. */
      highlight: z.string().min(1).max(2_000).exactOptional(),
      at,
    }),
    answer: z.string(),
    media: 'image/svg+xml',
  }),
  nodes: route({
    method: 'GET',
    path: '/runs/:runId/nodes',
    summary: 'The drawing of the run as a table',
    role: 'viewer',
    params,
    query: z.object({ view, at }),
    answer: z.object({ nodes: z.array(NodeRow).readonly() }),
  }),
  step: route({
    method: 'GET',
    path: '/runs/:runId/steps/:step',
    summary:
      'One step of a run: attempts, input, output, errors, durations, and the guards it depended on',
    role: 'viewer',
    params: z.object({ runId: RunId, step: StepId }),
    answer: StepDetails,
  }),
  compare: route({
    method: 'GET',
    path: '/runs/:runId/comparison/:otherId',
    summary: 'Where two runs part',
    role: 'viewer',
    params: z.object({ runId: RunId, otherId: RunId }),
    answer: Comparison,
  }),
  export: route({
    method: 'GET',
    path: '/runs/:runId/export',
    summary:
      'Everything about one run for an audit: its plan, history and proof of chain, without sensitive values',
    role: 'viewer',
    params,
    answer: Pack,
  }),
  copyAsTest: route({
    method: 'GET',
    path: '/runs/:runId/test-file',
    summary: 'A vitest file in which the workflow has to go as this run went',
    role: 'viewer',
    params,
    query: z.object({
      /** Module that exports the workflow, as the file is to import it. */
      module: z.string().min(1).max(1_000).default('./workflow.ts'),
      /** Name of the export. */
      exported: z
        .string()
        .max(200)
        .regex(/^[A-Za-z_$][\w$]*$/, 'is not a name')
        .default('default'),
    }),
    answer: z.object({
      file: z.string(),
      /** Whether the workflow of today goes as the run went; `null`: it is not registered here. */
      passes: z.boolean().nullable(),
    }),
  }),
  events: route({
    method: 'GET',
    path: '/runs/:runId/events',
    summary:
      'The history of a run as a stream: what there is, then what comes; Last-Event-ID goes on after an entry',
    role: 'viewer',
    params,
    query: z.object({
      /** Only entries after this one. Default: all. */
      afterSeq: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    }),
    answer: RunEvent,
    media: 'text/event-stream',
  }),
  news: route({
    method: 'GET',
    path: '/events',
    summary:
      'What happens to all runs from now on, as a stream; Last-Event-ID goes on where the reader was, if that is not too long ago',
    role: 'viewer',
    query: z.object({ workflow: Name.exactOptional(), status: several(RunStatus).exactOptional() }),
    answer: RunNews,
    media: 'text/event-stream',
  }),
  damaged: route({
    method: 'GET',
    path: '/damaged-runs',
    summary: 'Runs whose stored state cannot be trusted; they are kept aside',
    role: 'viewer',
    answer: z.object({ runs: z.array(DamagedRun).readonly() }),
  }),
  prune: route({
    method: 'POST',
    path: '/prune',
    summary: 'Removes finished runs, or says which',
    role: 'admin',
    body: z.strictObject({
      finishedBefore: z.iso.datetime(),
      status: z.array(RunStatus).max(20).exactOptional(),
      workflow: Name.exactOptional(),
      /** Nothing is removed unless this is `false`. */
      dryRun: z.boolean().default(true),
    }),
    answer: z.object({
      removed: z.boolean(),
      total: z.number(),
      /** The first 1,000. */
      runIds: z.array(z.string()).readonly(),
    }),
  }),
};
