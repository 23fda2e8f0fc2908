import type { AnyStateMachine } from 'xstate';
import { z } from 'zod';
import { checkPlan } from '../plan/check.ts';
import { planHash } from '../plan/hash.ts';
import type { JsonSchema } from '../plan/json.ts';
import { layOut } from '../plan/layout.ts';
import { wordProblem } from '../plan/names.ts';
import type { ChildStep, Mode, Paths, Plan, PlanNode, PlanWithoutHash } from '../plan/plan.ts';
import { definitionInvalid } from '../plan/problem.ts';
import { sensitiveValues } from '../plan/sensitive.ts';
import { once } from '../plan/shape.ts';
import { type KnownSchemas, ValueShapes } from '../plan/value-shapes.ts';
import type { Bindings, CodePlaces, RunnableWorkflow } from '../ports/bindings.ts';
import { createBuilder } from './builder.ts';
import type { Builder, Finish } from './builder-api.ts';
import { callerPlace } from './code-place.ts';
import {
  type ContextKeyDefinition,
  type ContextOf,
  type DeclaredContext,
  declareContext,
} from './context.ts';
import { Draft } from './draft.ts';
import { type EventType, eventParts } from './event.ts';
import { machineOf } from './machine.ts';
import {
  anything,
  count,
  duration,
  fieldsOption,
  functionOption,
  isDeferred,
  oneOf,
  parseOptions,
  statedName,
  text,
  zodSchema,
} from './options.ts';
import { partsOfSchema, type SchemaParts } from './schema-parts.ts';
import { taskOf } from './steps/common.ts';
import { finishOf } from './steps/finish.ts';
import type { Task } from './task.ts';
import type { Duration, Ref, RunFailure } from './types.ts';
import type { Workflow } from './workflow.ts';
import { isWorkflow, rememberWorkflow, workflowParts } from './workflow-registry.ts';

/** A workflow: its name and version, its schemas, its limits and its steps; see `defineWorkflow`. */
export interface WorkflowDefinition<
  I extends z.ZodType,
  O,
  C extends { readonly [key: string]: ContextKeyDefinition },
> {
  name: string;
  /** From 1; runs stay on the version they started with. */
  version: number;
  description?: string;
  owner?: string;
  input: I;
  /** Limit of the whole run. */
  timeout?: Duration;
  /** `compensate` (default): completed steps are undone; `keep`: they stay, and the run can be retried where it failed. */
  onFailure?: 'compensate' | 'keep';
  /** `drain` (default): running attempts finish; `abort`: they are signalled and, after `abortGrace` (10s), cut off. */
  stopping?: 'drain' | 'abort';
  abortGrace?: Duration;
  /** `durable` (default): nothing is acknowledged before it is on disk. */
  durability?: 'durable' | 'fast';
  /**
   * `local` runs attempts in this process at once, past queue and dispatcher; `queued` never does; `auto` (default) does so for fewer than ten
   * steps without parallelism, queues and priorities. Commits and timers are the same. The orchestrator's option overrules it.
   */
  mode?: Mode;
  /** Events that start a run; their payload is its input. */
  startOn?: readonly EventType<never, z.input<NoInfer<I>>>[];
  /** Runs after a failed run has been compensated; cannot change the outcome. */
  onFailed?: Task<RunFailure<z.output<NoInfer<I>>>, unknown>;
  /** Values that steps of the run share; written by `w.update`, read as `w.context.key`. */
  context?: C & { readonly [K in keyof C]: { readonly initial: z.input<C[K]['schema']> } };
  /**
   * Declares the steps, once, synchronously. What it returns is the output of the run: a reference, or `w.finish(output, review)`. No step at
   * all is allowed: such a run passes its closing review and completes.
   */
  steps(w: Builder<z.output<I>, ContextOf<C>>): Ref<O> | Finish<O>;
}

const workflowOptions = z.strictObject({
  name: text,
  version: count(1),
  description: text.optional(),
  owner: text.optional(),
  input: zodSchema,
  timeout: duration.optional(),
  onFailure: oneOf('compensate', 'keep').optional(),
  stopping: oneOf('drain', 'abort').optional(),
  abortGrace: duration.optional(),
  durability: oneOf('durable', 'fast').optional(),
  mode: oneOf('local', 'queued', 'auto').optional(),
  startOn: z.array(anything, { error: 'must be a list of events' }).optional(),
  onFailed: anything.optional(),
  context: fieldsOption('keys').optional(),
  steps: functionOption<(w: unknown) => unknown>(),
});

const defaultAbortGraceMs = 10_000;

/**
 * A workflow: steps wired by references. Everything that can be wrong with it is thrown here, never in a run.
 *
 * A workflow that calls itself needs its type written out, and {@link forwardWorkflow}.
 *
 * @throws SignalboxError DEFINITION_INVALID naming workflow and step, with what is wrong and the way out
 * @example
 * const order = defineWorkflow({
 *   name: 'order', version: 1, input: Order,
 *   steps(w) {
 *     const charged = w.task('charge', charge, { input: w.input });
 *     return w.task('ship', ship, { input: { order: w.input, charge: charged } });
 *   },
 * });
 */
export function defineWorkflow<
  I extends z.ZodType,
  O,
  const C extends { readonly [key: string]: ContextKeyDefinition } = {},
>(definition: WorkflowDefinition<I, O, C>): Workflow<z.input<I>, O> {
  const place = callerPlace();
  const draft = new Draft(statedName(definition));
  const given = parseOptions(draft.place(), workflowOptions, definition);
  const problem = wordProblem(given.name);
  if (problem !== null) throw definitionInvalid(draft.place(), problem);
  if (isDeferred(given.steps)) {
    throw definitionInvalid(
      draft.place(),
      '`steps` is asynchronous; a definition is synchronous, and what takes time belongs into a task',
    );
  }
  const context = declareContext(draft, given.context ?? {});
  const startOn = (given.startOn ?? []).map((event) => {
    const parts = eventParts(event);
    if (parts === null)
      throw definitionInvalid(
        draft.place(),
        'each of "startOn" must be an event made by defineEvent',
      );
    draft.useEvent(draft.place(), parts);
    return parts.name;
  });
  const onFailed =
    given.onFailed === undefined
      ? null
      : taskOf(draft, draft.place(), given.onFailed, 'option "onFailed"');
  const returned = given.steps(createBuilder(draft, Object.keys(context.keys)));
  const { output, finish } = finishOf(draft, returned);
  draft.isClosed = true;

  const input = partsOfSchema(draft.place(), given.input);
  const values = {
    context: context.keys,
    events: eventsOf(draft),
    sensitiveInput: input.sensitive,
  };
  const nodes = withOwnOutput(withResolvedAfter(draft.root.nodes), {
    isSelf: ({ workflow, version }) => workflow === given.name && version === given.version,
    sensitiveOutput: (assumed) => sensitiveValues({ ...values, nodes: assumed }).ofWiring(output),
  });
  const data = { ...values, nodes };
  const plan: PlanWithoutHash = {
    format: 1,
    name: given.name,
    version: given.version,
    ...(given.description !== undefined && { description: given.description }),
    ...(given.owner !== undefined && { owner: given.owner }),
    input: input.input,
    sensitiveInput: input.sensitive,
    ...(given.timeout !== undefined && { timeoutMs: given.timeout }),
    onFailure: given.onFailure ?? 'compensate',
    stopping: given.stopping ?? 'drain',
    abortGraceMs: given.abortGrace ?? defaultAbortGraceMs,
    durability: given.durability ?? 'durable',
    ...(given.mode !== undefined && { mode: given.mode }),
    startOn,
    events: data.events,
    context: context.keys,
    ...(onFailed !== null && { onFailed: onFailed.call }),
    nodes,
    output,
    finish,
    sensitiveOutput: distinct(sensitiveValues(data).ofWiring(output)),
  };
  const known = knownSchemas(draft, input.output);
  checkPlan(plan, known);
  layOut(plan);
  const bindings = bindingsOf(draft, context, input.contract);
  const workflow = runnable({ ...plan, hash: planHash(plan) }, bindings, placesOf(draft, place));
  rememberWorkflow(workflow, {
    output: once(() => new ValueShapes(plan, known).wiring(plan.output, [])),
  });
  return workflow as Workflow<z.input<I>, O>;
}

/** What a workflow takes from a run of itself is sensitive only if something else makes its output so. */
function withOwnOutput(
  nodes: readonly PlanNode[],
  options: {
    readonly isSelf: (child: ChildStep) => boolean;
    readonly sensitiveOutput: (assumed: readonly PlanNode[]) => Paths;
  },
): readonly PlanNode[] {
  const { isSelf, sensitiveOutput } = options;
  const assumed = nodes.map((node) =>
    node.kind === 'child' && isSelf(node) ? { ...node, sensitive: [] } : node,
  );
  return sensitiveOutput(assumed).length === 0 ? assumed : nodes;
}

/**
 * A workflow that is defined further down, or is being defined: for workflows that call themselves or each other.
 *
 * @example
 * const tree: Workflow<Node, number> = defineWorkflow({ name: 'tree', version: 1, …,
 *   steps: (w) => w.child('left', forwardWorkflow<Node, number>({ name: 'tree', version: 1, workflow: () => tree }), { input: … }) });
 */
export function forwardWorkflow<I, O>(promise: {
  name: string;
  version: number;
  /** Called when a run first needs it. */
  workflow: () => Workflow<I, O>;
}): Workflow<I, O> {
  const { name, version } = promise;
  const resolve = (): RunnableWorkflow => {
    const found: RunnableWorkflow = promise.workflow();
    if (found?.name === name && found.version === version) return found;
    throw definitionInvalid(
      { workflow: name },
      `forwardWorkflow promises version ${version} of "${name}" and gives ${isWorkflow(found) ? `version ${found.version} of "${found.name}"` : 'no workflow'}`,
    );
  };
  let machine: AnyStateMachine | null = null;
  const forward: RunnableWorkflow & MachineHolder = {
    name,
    version,
    get plan() {
      return resolve().plan;
    },
    get bindings() {
      return resolve().bindings;
    },
    get machine() {
      machine ??= machineOf(resolve());
      return machine;
    },
  };
  rememberWorkflow(forward, null);
  return forward as Workflow<I, O>;
}

function eventsOf(draft: Draft): Plan['events'] {
  return Object.fromEntries(
    [...draft.events].map(([name, { sent, sensitive }]) => [name, { payload: sent, sensitive }]),
  );
}

function distinct(paths: Paths): Paths {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

/** `after: ['route']` means the whole of the choice `route`. */
function withResolvedAfter(nodes: readonly PlanNode[]): readonly PlanNode[] {
  const choices = new Set(nodes.filter((node) => node.kind === 'choice').map((node) => node.id));
  const inBranchOf = new Map<string, ReadonlySet<string>>();
  for (const node of nodes)
    if (node.kind === 'merge') inBranchOf.set(node.choice, new Set(node.members));
  return nodes.map((node) => {
    if (!node.after.some((id) => choices.has(id))) return node;
    return {
      ...node,
      after: node.after.map((id) =>
        choices.has(id) && !inBranchOf.get(id)?.has(node.id) ? `${id}.merged` : id,
      ),
    };
  });
}

function outputsOf(schemas: ReadonlyMap<string, SchemaParts>): ReadonlyMap<string, JsonSchema> {
  return new Map([...schemas].map(([key, parts]) => [key, parts.output]));
}

/** What the plan does not keep, for comparing what is wired with what is wanted. */
function knownSchemas(draft: Draft, input: JsonSchema): KnownSchemas {
  const children = [...draft.children].flatMap(([name, child]) => {
    const parts = workflowParts(child);
    return parts === null
      ? []
      : [[name, { input: child.plan.input, output: parts.output }] as const];
  });
  return {
    input,
    forms: outputsOf(draft.forms),
    events: draft.events,
    children: new Map(children),
    failures: new Map([...draft.tasks].map(([name, { details }]) => [name, outputsOf(details)])),
    needInput: new Set(
      [...draft.tasks].flatMap(([name, parts]) => (parts.acceptsUndefined ? [] : [name])),
    ),
  };
}

function bindingsOf(draft: Draft, context: DeclaredContext, input: Bindings['input']): Bindings {
  return {
    input,
    tasks: new Map([...draft.tasks].map(([name, parts]) => [name, parts.binding])),
    predicates: draft.predicates,
    mappers: draft.mappers,
    forms: new Map([...draft.forms].map(([id, parts]) => [id, parts.contract])),
    events: new Map([...draft.events].map(([name, parts]) => [name, parts.contract])),
    children: draft.children,
    context: context.contracts,
    reducers: context.reducers,
  };
}

function placesOf({ places, tasks }: Draft, workflow: CodePlaces['workflow']): CodePlaces {
  return Object.freeze({
    workflow,
    step: (id: string) => places.get(id)?.() ?? null,
    task: (name: string) => tasks.get(name)?.place() ?? null,
  });
}

function runnable(
  plan: Plan,
  bindings: Bindings,
  code: CodePlaces,
): RunnableWorkflow & MachineHolder {
  const workflow = {
    name: plan.name,
    version: plan.version,
    plan: deepFreeze(plan),
    bindings: Object.freeze(bindings),
    code,
  };
  let machine: AnyStateMachine | null = null;
  return Object.freeze({
    ...workflow,
    get machine() {
      machine ??= machineOf(workflow);
      return machine;
    },
  });
}

type MachineHolder = Pick<Workflow<never, unknown>, 'machine'>;

function deepFreeze<T>(value: T): T {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    pending.push(...Object.values(next));
  }
  return value;
}
