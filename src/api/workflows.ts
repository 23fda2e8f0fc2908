import { z } from 'zod';
import { AnyJson, AnyObject, Code, Cursor, Reason, RunId, StepId } from './parts.ts';
import { route } from './route.ts';

const Name = z.string().min(1).max(200);
const Version = z.coerce.number().int().min(0).max(999_999_999);
const params = z.object({ workflow: Name });
/** Default: the newest registered version. */
const version = Version.exactOptional();
const texts = z.array(z.string()).readonly();
const Schema = AnyObject;
const Paths = z.array(texts).readonly();
const Millis = z.number();

/** How many stored runs stand in which status; a status without runs is left out. */
export const CountsByStatus = z.record(z.string(), z.number().int());

const Identity = z.object({ name: z.string(), version: z.number(), hash: z.string() });

export const WorkflowSummary = z.object({
  name: z.string(),
  /** The newest registered one. */
  version: z.number(),
  hash: z.string(),
  /** Registered, newest first. */
  versions: z.array(z.number()).readonly(),
  description: z.string().nullable(),
  owner: z.string().nullable(),
  steps: z.number().int(),
  reviews: z.number().int(),
  /** Events that start a run. */
  startOn: texts,
  /** The module that defines it, as in `Code`; `null` if it is not known. */
  module: z.string().nullable(),
  /** Where in it. */
  code: Code.nullable(),
  /** Of all versions. */
  runs: CountsByStatus,
});

export const WorkflowStep = z.object({
  id: z.string(),
  kind: z.string(),
  description: z.string().nullable(),
  /** What the drawing says of it, in a few words. */
  caption: z.string(),
  owner: z.string().nullable(),
  /** Conditions under which it runs, all of them, in words; none: always. */
  conditions: texts,
  /** What completing it leaves behind. */
  effect: z.enum(['none', 'undoable', 'delegated', 'irreversible']),
  /** Where it is wired. */
  code: Code.nullable(),
  /** Of a task. */
  task: z.string().nullable(),
  /** Of a task: where its handler is. */
  handler: Code.nullable(),
  /** Of a child. */
  workflow: z.string().nullable(),
});

export const WorkflowReview = z.object({
  /** `completion` is the closing review. */
  step: z.string(),
  description: z.string().nullable(),
  /** JSON Schema of the form; empty if there is nothing to fill in. */
  form: Schema,
  /** A person always, a policy always, or a policy if a condition holds. */
  approve: z.enum(['person', 'automatic', 'guard']),
  /** Condition of the policy, in words. */
  policy: z.string().nullable(),
  audience: z.string().nullable(),
  isAssigned: z.boolean(),
  requesterMayDecide: z.boolean(),
  expiresMs: Millis.nullable(),
  onExpired: z.enum(['continue', 'reject', 'fail', 'approve']).nullable(),
  onRejected: z.enum(['continue', 'fail']),
});

export const WorkflowDetails = WorkflowSummary.omit({ steps: true, reviews: true }).extend({
  /** JSON Schema (2020-12) of what starts a run. */
  input: Schema,
  /** Inputs that lie beside the module and fit, by name of their file. */
  examples: z.array(z.object({ name: z.string(), value: AnyJson })).readonly(),
  steps: z.array(WorkflowStep).readonly(),
  reviews: z.array(WorkflowReview).readonly(),
  events: z
    .array(
      z.object({
        name: z.string(),
        payload: Schema,
        startsRun: z.boolean(),
        /** Steps that wait for it. */
        awaitedBy: texts,
        emittedBy: texts,
      }),
    )
    .readonly(),
  /** Paths of fields that are never shown; `*` stands for any index or key. */
  sensitive: z.object({
    input: Paths,
    output: Paths,
    steps: z.array(z.object({ step: z.string(), value: Paths, form: Paths })).readonly(),
  }),
  timeoutMs: Millis.nullable(),
  onFailure: z.enum(['compensate', 'keep']),
  plan: AnyObject,
});

export const View = z.enum(['steps', 'states']);
export const Theme = z.enum(['auto', 'light', 'dark']);
export const Svg = z.object({ svg: z.string() });

const PathMove = z.object({
  from: z.string(),
  event: z.string().nullable(),
  guard: z.string().nullable(),
  to: z.string().nullable(),
});

export const Proofs = z.object({
  workflow: z.string(),
  version: z.number(),
  hash: z.string(),
  verdict: z.enum(['holds', 'assumed', 'violated']),
  rules: z
    .array(
      z.object({
        rule: z.string(),
        /** What it asks, in a few words. */
        title: z.string(),
        verdict: z.enum(['holds', 'assumed', 'violated']),
        claim: z.string(),
        findings: z
          .array(
            z.object({
              kind: z.enum(['violation', 'assumption', 'warning', 'note']),
              /** Step or state; `null`: the whole workflow. */
              subject: z.string().nullable(),
              message: z.string(),
              /** A counterexample; `drawing` points at it with `rule` and `finding`. */
              path: z
                .object({
                  moves: z.array(PathMove).readonly(),
                  steps: texts,
                  guardUnknown: z.boolean(),
                })
                .nullable(),
            }),
          )
          .readonly(),
      }),
    )
    .readonly(),
  /** Wherever the workflow may fail: what is undone, last first. */
  undo: z
    .array(
      z.object({
        at: z.string(),
        because: z.string(),
        undone: texts,
        perhaps: texts,
        stay: texts,
      }),
    )
    .readonly(),
  pointsOfNoReturn: z
    .array(z.object({ step: z.string(), failurePointsLeft: z.number().int() }))
    .readonly(),
  /** What a check cannot see. */
  limits: texts,
});

export const CoverageAnswer = z.object({
  workflow: z.string(),
  version: z.number(),
  /** Stored runs of this plan that were replayed. */
  runs: z.number().int(),
  otherVersions: z.number().int(),
  /** There are more runs than were looked at; these are the newest. */
  isPartial: z.boolean(),
  /** Number of test paths. */
  paths: z.number().int().nullable(),
  transitions: z
    .array(
      z.object({
        id: z.string(),
        state: z.string(),
        event: z.string(),
        index: z.number().int(),
        byTests: z.number().int().nullable(),
        byRuns: z.number().int(),
        unreachable: z.string().nullable(),
      }),
    )
    .readonly(),
  neverTested: texts,
  untestedButTaken: z.array(z.object({ id: z.string(), count: z.number().int() })).readonly(),
  neverTaken: texts,
});

export const WorkflowVersion = z.object({
  version: z.number(),
  hash: z.string(),
  /** Its code is loaded; runs of others go on with what the newest one has of it. */
  isRegistered: z.boolean(),
  /** New runs start on it. */
  isNewest: z.boolean(),
  /** Names its runs need and the loaded code has not; they wait until it has. */
  lacking: texts,
  runs: CountsByStatus,
});

/** A version, or one of several plans that bear its number: `2`, `2#1f0c…`. */
const VersionName = z.string().regex(/^\d{1,9}(#[0-9a-f]{1,64})?$/, {
  error: 'must be a version such as 2, or 2#HASH with the beginning of the hash of its plan',
});
const twoVersions = { from: VersionName, to: VersionName };

const Change = z.object({ from: z.string(), event: z.string(), before: texts, after: texts });

export const VersionDiff = z.object({
  before: Identity,
  after: Identity,
  isSame: z.boolean(),
  steps: z.object({
    added: texts,
    removed: texts,
    changed: z.array(z.object({ step: z.string(), parts: texts })).readonly(),
    renamed: z.array(z.object({ from: z.string(), to: z.string() })).readonly(),
  }),
  chart: z.object({
    states: z.object({ added: texts, removed: texts }),
    transitions: z.object({
      added: z.array(Change).readonly(),
      removed: z.array(Change).readonly(),
      changed: z.array(Change).readonly(),
    }),
  }),
  schemas: z
    .array(
      z.object({
        of: z.string(),
        name: z.string().nullable(),
        change: z.string(),
        detail: z.string().nullable(),
      }),
    )
    .readonly(),
  values: z.object({ added: texts, removed: texts, changed: texts }),
  settings: texts,
});

export const ChangeRow = z.object({
  part: z.enum(['box', 'arrow']),
  /** Among the rows. */
  id: z.string(),
  /** Of a box: as the drawing names it. Of an arrow: the box it leads away from. */
  node: z.string(),
  name: z.string(),
  /** Of a box its kind and what is written in it, of an arrow what is written on it. */
  about: z.string(),
  /** `null`: as before. */
  change: z.enum(['added', 'removed', 'changed']).nullable(),
  /** What is otherwise, in words. */
  note: z.string().nullable(),
});

const MoveReason = z.object({
  step: z.string().nullable(),
  text: z.string(),
  remedy: z.enum(['perform', 'results', 'steps', 'context']).nullable(),
});

const StepNames = z.record(StepId, StepId.nullable());

export const RunVerdict = z.object({
  runId: z.string(),
  status: z.string(),
  /** Steps it waits at. */
  at: texts,
  verdict: z.enum(['continues', 'needs_mapping', 'cannot']),
  /** It can end on the version it is on. */
  stays: z.boolean(),
  lacking: texts,
  moves: z.enum(['as_it_is', 'with_mapping', 'when_idle', 'no']),
  reasons: z.array(MoveReason).readonly(),
  /** A mapping with which it would move, as far as one can be guessed. */
  suggestion: z
    .object({ steps: StepNames.exactOptional(), perform: texts.exactOptional() })
    .nullable(),
});

const VerdictCounts = z.object({
  continues: z.number().int(),
  needs_mapping: z.number().int(),
  cannot: z.number().int(),
});

export const MigratedRun = z.object({
  runId: z.string(),
  from: z.number(),
  outcome: z.enum(['moved', 'already', 'needs_mapping', 'cannot', 'busy', 'ended']),
  reasons: z.array(MoveReason).readonly(),
  changes: AnyObject.nullable(),
});

const Spread = z.object({
  count: z.number(),
  meanMs: Millis,
  minMs: Millis,
  p50Ms: Millis,
  p90Ms: Millis,
  p95Ms: Millis,
  p99Ms: Millis,
  maxMs: Millis,
});

export const Simulation = z.object({
  workflow: z.string(),
  version: z.number(),
  runs: z.number().int(),
  seed: z.number().int(),
  duration: Spread,
  histogram: z.array(z.object({ fromMs: Millis, toMs: Millis, count: z.number() })).readonly(),
  rates: z.object({
    complete: z.number(),
    failed: z.number(),
    cancelled: z.number(),
    stuck: z.number(),
    compensated: z.number(),
    expired: z.number(),
  }),
  steps: z
    .array(
      z.object({
        step: z.string(),
        attempts: z.number(),
        failures: z.number(),
        reviews: z.number(),
        expiries: z.number(),
        undos: z.number(),
      }),
    )
    .readonly(),
  queues: z
    .array(
      z.object({
        name: z.string(),
        size: z.number().nullable(),
        served: z.number(),
        meanWaitMs: Millis,
        p95WaitMs: Millis,
        meanLength: z.number(),
        maxLength: z.number(),
        utilisation: z.number().nullable(),
      }),
    )
    .readonly(),
  assumptions: texts,
  overMs: Millis,
  /** Stored runs that durations and rates were learned from; `null`: none were asked for. */
  learnedFrom: z.number().int().nullable(),
  svg: z.string(),
});

export const DefinitionsChange = z.object({
  at: z.iso.datetime(),
  /** Those that are new or have another plan now. */
  workflows: z
    .array(
      z.object({
        workflow: z.string(),
        version: z.number(),
        hash: z.string(),
        /** Unfinished runs of other plans. */
        counts: VerdictCounts,
        /** They stay on their plan until they end, or are moved with a mapping. */
        staying: z.array(z.object({ runId: z.string(), why: z.string() })).readonly(),
        isPartial: z.boolean(),
      }),
    )
    .readonly(),
});

export const workflows = {
  list: route({
    method: 'GET',
    path: '/workflows',
    summary: 'Workflows that can be started, in the order of their names, and how their runs stand',
    role: 'viewer',
    answer: z.object({
      workflows: z.array(WorkflowSummary).readonly(),
      /** Modules that could not be loaded. */
      problems: z.array(z.object({ module: z.string(), message: z.string() })).readonly(),
      /** The latest change of the code that was loaded while the service runs; `null`: none. */
      change: DefinitionsChange.nullable(),
    }),
  }),
  get: route({
    method: 'GET',
    path: '/workflows/:workflow',
    summary: 'One workflow: its steps, its input and forms as JSON Schema, its events, its plan',
    role: 'viewer',
    params,
    query: z.object({ version }),
    answer: WorkflowDetails,
  }),
  drawing: route({
    method: 'GET',
    path: '/workflows/:workflow/drawing',
    summary:
      'The workflow as SVG, with a path, a counterexample, a heat map or a diff laid over it',
    role: 'viewer',
    params,
    query: z.object({
      plan: VersionName.exactOptional(),
      view: View.default('steps'),
      theme: Theme.default('auto'),
      /** Names of steps or states, separated by commas. */
      highlight: z.string().max(4_000).exactOptional(),
      /** With `finding`: the counterexample of that rule's report. */
      rule: z.string().max(100).exactOptional(),
      /** Position among the findings of the rule, from 0. */
      finding: z.coerce.number().int().min(0).max(10_000).exactOptional(),
      /** How often stored runs or path tests took each transition; draws the states. */
      heat: z.enum(['runs', 'tests']).exactOptional(),
      /** An older version: what was added, removed and changed since, and where its runs stand, on one drawing. Alone, but for `view` and `theme`. */
      since: VersionName.exactOptional(),
    }),
    answer: Svg,
  }),
  page: route({
    method: 'GET',
    path: '/workflows/:workflow/page',
    summary: 'The page about the process, in Markdown, as `signalbox docs` writes it',
    role: 'viewer',
    params,
    query: z.object({ version }),
    answer: z.object({ markdown: z.string() }),
  }),
  proofs: route({
    method: 'GET',
    path: '/workflows/:workflow/proofs',
    summary:
      'What is proved of it: per rule the verdict, and counterexamples where it does not hold',
    role: 'viewer',
    params,
    query: z.object({ version }),
    answer: Proofs,
  }),
  coverage: route({
    method: 'GET',
    path: '/workflows/:workflow/coverage',
    summary: 'Which transitions the path tests and the stored runs took',
    role: 'viewer',
    params,
    query: z.object({
      version,
      paths: z.stringbool().default(true),
      /** How many stored runs are replayed at most, the newest first. */
      runs: z.coerce.number().int().min(0).max(1_000).default(200),
    }),
    answer: CoverageAnswer,
  }),
  versions: route({
    method: 'GET',
    path: '/workflows/:workflow/versions',
    summary: 'Versions that are registered or that stored runs are on, newest first',
    role: 'viewer',
    params,
    answer: z.object({ versions: z.array(WorkflowVersion).readonly() }),
  }),
  diff: route({
    method: 'GET',
    path: '/workflows/:workflow/diff',
    summary: 'What changed between two versions',
    role: 'viewer',
    params,
    query: z.object(twoVersions),
    answer: VersionDiff,
  }),
  changes: route({
    method: 'GET',
    path: '/workflows/:workflow/changes',
    summary: 'The drawing of two versions on one chart, as a table',
    role: 'viewer',
    params,
    query: z.object({ ...twoVersions, view: View.default('steps') }),
    answer: z.object({ rows: z.array(ChangeRow).readonly() }),
  }),
  verdicts: route({
    method: 'GET',
    path: '/workflows/:workflow/verdicts',
    summary: 'What becomes of the unfinished runs of a version under another one',
    role: 'viewer',
    params,
    query: z.object({
      ...twoVersions,
      limit: z.coerce.number().int().min(1).max(500).default(100),
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({
      /** On this page. */
      counts: VerdictCounts,
      runs: z.array(RunVerdict).readonly(),
      cursor: z.string().nullable(),
    }),
  }),
  migrate: route({
    method: 'POST',
    path: '/workflows/:workflow/migrations',
    summary: 'Moves waiting runs to another version, or says what would become of them',
    role: 'operator',
    params,
    body: z.strictObject({
      to: z.number().int().min(0).max(999_999_999),
      from: z.number().int().min(0).max(999_999_999).exactOptional(),
      runId: RunId.exactOptional(),
      mapping: z
        .strictObject({
          steps: StepNames.exactOptional(),
          results: z.record(StepId, AnyJson).exactOptional(),
          perform: z.array(StepId).max(1_000).exactOptional(),
        })
        .exactOptional(),
      /** Default: yes; nothing is changed. */
      dryRun: z.boolean().default(true),
      /** Kept in the history of every run that moves. */
      reason: Reason.min(1),
    }),
    answer: z.object({
      workflow: z.string(),
      to: z.object({ version: z.number(), planHash: z.string() }),
      dryRun: z.boolean(),
      runs: z.array(MigratedRun).readonly(),
    }),
    isRepeatable: true,
  }),
  simulate: route({
    method: 'POST',
    path: '/workflows/:workflow/simulations',
    summary:
      'Runs it many times by chance: how long it takes, how often it fails, how queues build up',
    role: 'viewer',
    params,
    body: z.strictObject({
      version: z.number().int().min(0).max(999_999_999).exactOptional(),
      runs: z.number().int().min(1).max(5_000).default(1_000),
      seed: z.number().int().min(1).max(9_999_999).default(1),
      /** Durations, failure rates, people and arrivals, as in docs/simulation.md. */
      model: AnyObject.exactOptional(),
      /** Takes them from the newest stored runs as far as `model` is silent. */
      learn: z.boolean().default(false),
      theme: Theme.default('auto'),
    }),
    answer: Simulation,
  }),
};
