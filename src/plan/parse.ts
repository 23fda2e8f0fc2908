/** A plan from outside: a store, a file, another process. */
import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import { checkPlan } from './check.ts';
import { planHash } from './hash.ts';
import type { Json, JsonSchema } from './json.ts';
import { copyJson, pathText } from './json-value.ts';
import type {
  BreakerPolicy,
  Condition,
  ContextKey,
  DeriveNode,
  Gate,
  Plan,
  PlanNode,
  RetryPolicy,
  TaskCall,
  TaskStep,
  Wiring,
} from './plan.ts';

/**
 * The plan a JSON value is: of the right form, sound by {@link checkPlan}, and with the hash of its content.
 *
 * @throws SignalboxError DEFINITION_INVALID with the path of what is wrong
 */
export function parsePlan(value: unknown): Plan {
  // zod recurses, and conditions and wirings nest.
  const copied = copyJson(value);
  if (!copied.ok) throw notAPlan(copied.issues[0]!);
  const parsed = PlanSchema.safeParse(copied.value);
  if (!parsed.success) throw notAPlan(parsed.error.issues[0]!);
  const plan = parsed.data;
  checkPlan(plan);
  const actual = planHash(plan);
  if (plan.hash !== actual) {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `Plan of workflow "${plan.name}" has hash ${plan.hash}, and its content has ${actual}; it was changed after it was made`,
      { details: { workflow: plan.name, expected: actual, found: plan.hash } },
    );
  }
  return plan;
}

function notAPlan(issue: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}): SignalboxError {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  return new SignalboxError(
    'DEFINITION_INVALID',
    `Not a plan: "${pathText('plan', path)}": ${issue.message}`,
    {
      details: { path },
    },
  );
}

const whole = z.int().nonnegative();
const schema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonSchema>;
const json = z.unknown() as z.ZodType<Json>;
const paths = z.array(z.array(z.string()));

const WiringSchema: z.ZodType<Wiring> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('ref'),
      of: z.string(),
      path: z.array(z.union([z.string(), whole])),
    }),
    z.strictObject({ kind: z.literal('literal'), value: json }),
    z.strictObject({
      kind: z.literal('object'),
      entries: z.array(z.tuple([z.string(), WiringSchema])),
    }),
    z.strictObject({ kind: z.literal('array'), items: z.array(WiringSchema) }),
    z.strictObject({ kind: z.literal('absent') }),
  ]),
);

const ConditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ fact: z.string() }),
    z.strictObject({ choice: z.string(), is: z.string() }),
    z.strictObject({ ran: z.string() }),
    z.strictObject({ not: ConditionSchema }),
    z.strictObject({ all: z.array(ConditionSchema) }),
    z.strictObject({ any: z.array(ConditionSchema) }),
  ]),
);

const GateSchema: z.ZodType<Gate> = z.strictObject({
  condition: ConditionSchema,
  label: z.string(),
  otherwise: z.string().exactOptional(),
});

const base = {
  id: z.string(),
  after: z.array(z.string()),
  gates: z.array(GateSchema),
  description: z.string().exactOptional(),
  owner: z.string().exactOptional(),
};

const RetrySchema: z.ZodType<RetryPolicy> = z.strictObject({
  maxAttempts: whole,
  backoff: z.strictObject({
    kind: z.enum(['fixed', 'exponential']),
    initialMs: whole,
    factor: z.number(),
    maxMs: whole,
    jitter: z.enum(['none', 'full']),
  }),
});

const BreakerSchema: z.ZodType<BreakerPolicy> = z.strictObject({
  name: z.string(),
  failureThreshold: whole,
  resetAfterMs: whole,
  whenOpen: z.enum(['wait', 'fail']),
});

const CallSchema: z.ZodType<TaskCall> = z.strictObject({
  task: z.string(),
  retry: RetrySchema,
  timeoutMs: whole.exactOptional(),
  heartbeatTimeoutMs: whole.exactOptional(),
  breaker: BreakerSchema.exactOptional(),
  queue: z.string(),
  priority: z.enum(['high', 'default', 'low']).exactOptional(),
  repeat: z.enum(['safe', 'unsafe']),
  compensate: z.enum(['none', 'irreversible', 'handler']),
  undo: z.strictObject({ retry: RetrySchema, timeoutMs: whole.exactOptional() }).exactOptional(),
  rememberMs: whole.exactOptional(),
  failures: z.record(z.string(), schema),
  inputSchema: schema,
  outputSchema: schema,
  sensitive: z.strictObject({ input: paths, output: paths, detail: paths }),
});

const ApprovalSchema = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('person') }),
  z.strictObject({ by: z.literal('automatic') }),
  z.strictObject({ by: z.literal('guard'), condition: ConditionSchema, label: z.string() }),
]);

const TaskStepSchema: z.ZodType<TaskStep> = z.strictObject({
  ...base,
  kind: z.literal('task'),
  input: WiringSchema,
  call: CallSchema,
  fallback: CallSchema.exactOptional(),
  tolerate: z.union([z.literal('any'), z.array(z.string())]).exactOptional(),
  withinMs: whole.exactOptional(),
  expectedMs: whole.exactOptional(),
  protects: z.array(z.string()).exactOptional(),
});

const DeriveSchema: z.ZodType<DeriveNode> = z.strictObject({
  ...base,
  kind: z.literal('derive'),
  from: WiringSchema,
});

const decisionPolicy = {
  approvals: whole.exactOptional(),
  from: z.array(z.strictObject({ group: z.string(), approvals: whole })).exactOptional(),
  rejections: whole.exactOptional(),
  escalate: z
    .array(
      z.strictObject({
        afterMs: whole,
        to: z.array(z.string()),
        replace: z.literal(true).exactOptional(),
        call: CallSchema.exactOptional(),
      }),
    )
    .exactOptional(),
  expiryPolicy: z.string().exactOptional(),
};

const byKind: { readonly [K in PlanNode['kind']]: z.ZodType<Extract<PlanNode, { kind: K }>> } = {
  task: TaskStepSchema,
  derive: DeriveSchema,
  review: z.strictObject({
    ...base,
    kind: z.literal('review'),
    form: schema,
    show: WiringSchema.exactOptional(),
    assignTo: WiringSchema.exactOptional(),
    notBy: z.array(WiringSchema),
    requesterMayDecide: z.boolean(),
    approve: ApprovalSchema,
    expiresMs: whole.exactOptional(),
    onExpired: z.enum(['continue', 'reject', 'fail', 'approve']),
    ...decisionPolicy,
    onRejected: z.enum(['continue', 'fail']),
    remind: z.strictObject({ everyMs: whole, call: CallSchema }).exactOptional(),
    audience: z.string().exactOptional(),
    protects: z.array(z.string()).exactOptional(),
  }),
  wait: z.strictObject({
    ...base,
    kind: z.literal('wait'),
    event: z.string(),
    where: z.array(z.tuple([z.string(), WiringSchema])),
    withinMs: whole.exactOptional(),
    onTimeout: z.enum(['fail', 'continue']),
    early: z.enum(['keep', 'reject']),
  }),
  sleep: z.strictObject({ ...base, kind: z.literal('sleep'), for: WiringSchema }),
  child: z.strictObject({
    ...base,
    kind: z.literal('child'),
    workflow: z.string(),
    version: whole,
    input: WiringSchema,
    tolerate: z.literal('any').exactOptional(),
    sensitive: paths,
  }),
  map: z.strictObject({
    ...base,
    kind: z.literal('map'),
    items: WiringSchema,
    concurrency: whole,
    batch: whole.exactOptional(),
    onItemFailure: z.enum(['fail', 'collect']),
    body: z.array(z.union([TaskStepSchema, DeriveSchema])),
    yields: WiringSchema,
  }),
  emit: z.strictObject({
    ...base,
    kind: z.literal('emit'),
    event: z.string(),
    payload: WiringSchema,
  }),
  fail: z.strictObject({ ...base, kind: z.literal('fail'), message: z.string() }),
  predicate: z.strictObject({
    ...base,
    kind: z.literal('predicate'),
    label: z.string(),
    of: WiringSchema,
  }),
  choice: z.strictObject({
    ...base,
    kind: z.literal('choice'),
    by: z.union([
      z.strictObject({
        conditions: z.array(z.tuple([z.string(), ConditionSchema, z.string()])),
        otherwise: z.string(),
      }),
      z.strictObject({
        field: WiringSchema,
        cases: z.array(z.string()),
        otherwise: z.string().exactOptional(),
      }),
    ]),
  }),
  merge: z.strictObject({
    ...base,
    kind: z.literal('merge'),
    choice: z.string(),
    cases: z.array(z.tuple([z.string(), WiringSchema])),
    members: z.array(z.string()),
  }),
  update: z.strictObject({
    ...base,
    kind: z.literal('update'),
    key: z.string(),
    value: WiringSchema,
  }),
  milestone: z.strictObject({ ...base, kind: z.literal('milestone'), name: z.string() }),
};

/** By kind first, so that a mistake is reported in the node it is in. */
const NodeSchema = z
  .looseObject({ kind: z.enum(Object.keys(byKind) as [PlanNode['kind']]) })
  .transform((node, context) => {
    const parsed = (byKind[node.kind] as z.ZodType<PlanNode>).safeParse(node);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      context.issues.push({ ...issue, input: node } as never);
    return z.NEVER;
  });

const ContextKeySchema: z.ZodType<ContextKey> = z.strictObject({
  schema,
  initial: json,
  reduce: z.union([
    z.enum(['replace', 'sum', 'append', 'max', 'min', 'merge']),
    z.templateLiteral(['named:', z.string().min(1)]),
  ]),
});

const PlanSchema: z.ZodType<Plan> = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  version: whole,
  description: z.string().exactOptional(),
  owner: z.string().exactOptional(),
  input: schema,
  sensitiveInput: paths,
  timeoutMs: whole.exactOptional(),
  onFailure: z.enum(['compensate', 'keep']),
  stopping: z.enum(['drain', 'abort']),
  abortGraceMs: whole,
  durability: z.enum(['durable', 'fast']),
  mode: z.enum(['local', 'queued', 'auto']).exactOptional(),
  startOn: z.array(z.string()),
  events: z.record(z.string(), z.strictObject({ payload: schema, sensitive: paths })),
  context: z.record(z.string(), ContextKeySchema),
  onFailed: CallSchema.exactOptional(),
  nodes: z.array(NodeSchema),
  output: WiringSchema,
  finish: z.strictObject({
    approve: ApprovalSchema,
    assignTo: WiringSchema.exactOptional(),
    expiresMs: whole.exactOptional(),
    onExpired: z.literal('approve').exactOptional(),
    ...decisionPolicy,
    requesterMayDecide: z.boolean(),
  }),
  sensitiveOutput: paths,
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
