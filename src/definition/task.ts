import { z } from 'zod';
import { PermanentError } from '../errors.ts';
import type { TaskCall } from '../plan/plan.ts';
import { definitionInvalid, type Place } from '../plan/problem.ts';
import type { AttemptInfo, CodePlace, HandlerContext, TaskBinding } from '../ports/bindings.ts';
import { callerPlace } from './code-place.ts';
import { accepts, doorOf } from './contract.ts';
import {
  checkName,
  duration,
  fieldsOption,
  functionOption,
  isZodSchema,
  oneOf,
  parseOptions,
  statedName,
  text,
  zodSchema,
} from './options.ts';
import { compensateOption, type Delivery, deliveryOptions, noRetry, type Retry } from './policy.ts';
import { type Opened, type ResourceMap, resourceBinding } from './resource.ts';
import { partsOfSchema, type SchemaParts } from './schema-parts.ts';
import type { Duration } from './types.ts';

declare const contract: unique symbol;

/** What wiring needs to know of a task. `F`: declared failures, code to detail. */
export interface Task<in I, out O, out F = {}> {
  readonly name: string;
  readonly [contract]: (input: I) => [O, F];
}

/** What the handler of a task gets. */
export interface TaskContext<I, F, R = {}> extends AttemptInfo {
  readonly input: I;
  /** What the task declares in `resources`, open. */
  readonly resources: Opened<R>;
  /** Ends the step with a declared failure; not retried. */
  fail<C extends keyof F & string>(code: C, detail: F[C]): never;
  /** Computes a named part once: a later attempt, also after a crash, finds the recorded value instead of computing it again. */
  checkpoint<T>(name: string, compute: () => Promise<T>): Promise<T>;
  /** Says that the attempt is alive, and how far it is; see `heartbeatTimeout`. */
  heartbeat(details?: unknown): void;
}

/** What the undo of a task gets: what the task was given, and what it gave. */
export interface UndoContext<I, O, R = {}> extends AttemptInfo {
  readonly input: I;
  readonly output: O;
  readonly resources: Opened<R>;
}
/** Takes back the effect of a completed step. A `TransientError` is tried again, as the task says. */
export type Undo<I, O, R = {}> = (context: UndoContext<I, O, R>) => Promise<void>;

/**
 * How a completed step is undone. `none`: nothing to undo (it only reads). `irreversible`: cannot be undone (an e-mail). A handler inherits
 * retry and timeout of its task unless it brings its own.
 */
export type Compensation<I, O, R = {}> =
  | 'none'
  | 'irreversible'
  | Undo<I, O, R>
  | { run: Undo<I, O, R>; retry?: Retry; timeout?: Duration };

/**
 * Any schema. The literals in `Plain` change nothing that is accepted; they make `return { status: 'ok' }` keep 'ok' instead of widening it to
 * string while `O` is still being inferred in the same call. With plain `z.ZodType`, every enum or discriminated output would need `as const`.
 */
export type Schema = z.ZodType<unknown, Plain>;
type Plain = undefined | null | {} | '' | 0 | boolean | readonly Plain[] | { [key: string]: Plain };

/** A task: its schemas, its handler, what undoes it, and how it is tried again; see `defineTask`. */
export interface TaskDefinition<
  I extends z.ZodType,
  O extends Schema,
  F extends Record<string, Schema>,
  R extends ResourceMap = {},
> extends Delivery {
  /** Names the handler in stored plans: renaming it is a new version. */
  name: string;
  description?: string;
  owner?: string;
  input: I;
  /** Default: nothing (`z.void()`). */
  output?: O;
  /** Failures a consumer may tolerate by name, with the schema of their detail. */
  failures?: F;
  /** May an attempt that ended without a verdict (crash, time-out) be repeated without asking a person? Default `safe`. */
  repeat?: 'safe' | 'unsafe';
  /** Required, so that it is a decision. */
  compensate: Compensation<z.output<I>, z.output<O>, NoInfer<R>>;
  /** Connections and clients the handlers work with, made by `defineResource`. */
  resources?: R;
  /** Business key of the effect, for services that expect a certain form; default: derived from run, step and generation. */
  key?(input: z.output<I>): string;
  /** A result is reused by every run whose input has the same `key`, for this long. */
  remember?: Duration;
  run(
    context: TaskContext<z.output<I>, { [C in keyof F]: z.input<F[C]> }, NoInfer<R>>,
  ): Promise<z.input<O>>;
}

/** What the builder reads of a task. */
export interface TaskParts {
  readonly call: TaskCall;
  readonly binding: TaskBinding;
  readonly description: string | undefined;
  readonly owner: string | undefined;
  /** By code of a declared failure. */
  readonly details: ReadonlyMap<string, SchemaParts>;
  readonly acceptsUndefined: boolean;
  readonly place: () => CodePlace | null;
}

const partsOfTasks = new WeakMap<object, TaskParts>();

/** `null` for anything that {@link defineTask} has not made. */
export function taskParts(task: unknown): TaskParts | null {
  return (typeof task === 'object' && task !== null && partsOfTasks.get(task)) || null;
}

const taskOptions = z.strictObject({
  name: text,
  description: text.optional(),
  owner: text.optional(),
  input: zodSchema,
  output: zodSchema.optional(),
  failures: fieldsOption('codes and their zod 4 schemas', isZodSchema).optional(),
  repeat: oneOf('safe', 'unsafe').optional(),
  compensate: compensateOption,
  key: functionOption<(input: unknown) => unknown>().optional(),
  remember: duration.optional(),
  resources: fieldsOption(
    'keys and the resources made by defineResource',
    (each) => resourceBinding(each) !== null,
  ).optional(),
  run: functionOption<(context: HandlerContext) => unknown>(),
  ...deliveryOptions,
});

/** Statuses of a tolerant step that mean something else. */
const takenCodes: ReadonlySet<string> = new Set(['complete', 'failed', 'any']);

/**
 * A unit of work with typed edges: what goes in, what comes out, how it fails, how it is undone.
 *
 * @throws SignalboxError DEFINITION_INVALID if an option is missing, misspelt or contradicts another
 * @example
 * const charge = defineTask({
 *   name: 'charge', input: Order, output: z.object({ chargeId: z.string() }), retry: { maxAttempts: 3 },
 *   compensate: ({ output, idempotencyKey }) => payments.refund(output.chargeId, { idempotencyKey }),
 *   run: ({ input, signal, idempotencyKey }) => payments.charge(input, { signal, idempotencyKey }),
 * });
 */
export function defineTask<
  I extends z.ZodType,
  O extends Schema = z.ZodVoid,
  F extends Record<string, Schema> = {},
  R extends ResourceMap = {},
>(
  definition: TaskDefinition<I, O, F, R>,
): Task<z.input<I>, z.output<O>, { [C in keyof F]: z.output<F[C]> }> {
  const place: Place = { task: statedName(definition) };
  const given = parseOptions(place, taskOptions, definition);
  checkName(place, given.name);
  if (given.remember !== undefined && given.key === undefined) {
    throw definitionInvalid(
      place,
      'option "remember" needs "key": it says which results are the same',
    );
  }
  const failures = Object.entries((given.failures ?? {}) as Record<string, z.ZodType>);
  for (const [code] of failures) {
    checkName(place, code);
    if (takenCodes.has(code)) {
      throw definitionInvalid(
        place,
        `"${code}" cannot be the code of a declared failure; choose another`,
      );
    }
  }
  const input = partsOfSchema(place, given.input, doorOf);
  const output = partsOfSchema(place, given.output ?? z.void());
  const details = new Map(failures.map(([code, schema]) => [code, partsOfSchema(place, schema)]));
  const undo = undoOf(given.compensate);
  const binding: TaskBinding = {
    name: given.name,
    input: input.contract,
    output: output.contract,
    failures: new Map([...details].map(([code, parts]) => [code, parts.contract])),
    key: given.key === undefined ? null : keyOf(given.name, given.key.bind(definition)),
    run: async (context) => given.run.call(definition, context),
    undo: undo === null ? null : async (context) => undo.run(context as never),
    ...(given.resources !== undefined && { resources: resourcesOf(given.resources) }),
  };
  const task = Object.freeze({ name: given.name });
  partsOfTasks.set(task, {
    call: {
      ...deliveryOf(given),
      repeat: given.repeat ?? 'safe',
      ...compensationOf(given),
      ...(given.remember !== undefined && { rememberMs: given.remember }),
      failures: Object.fromEntries([...details].map(([code, { output }]) => [code, output])),
      inputSchema: input.input,
      outputSchema: output.output,
      sensitive: {
        input: input.sensitive,
        output: output.sensitive,
        detail: [...details.values()].flatMap((detail) => detail.sensitive),
      },
    },
    binding,
    description: given.description,
    owner: given.owner,
    details,
    acceptsUndefined: accepts(given.input, undefined),
    place: callerPlace(),
  });
  return task as never;
}

type GivenTask = z.output<typeof taskOptions>;

function deliveryOf(given: GivenTask) {
  return {
    task: given.name,
    retry: given.retry ?? noRetry,
    ...(given.timeout !== undefined && { timeoutMs: given.timeout }),
    ...(given.heartbeatTimeout !== undefined && { heartbeatTimeoutMs: given.heartbeatTimeout }),
    ...(given.breaker !== undefined && { breaker: given.breaker }),
    queue: given.queue ?? 'default',
    ...(given.priority !== undefined && { priority: given.priority }),
  };
}

function compensationOf(given: GivenTask): Pick<TaskCall, 'compensate' | 'undo'> {
  const undo = undoOf(given.compensate);
  if (undo === null) return { compensate: given.compensate as 'none' | 'irreversible' };
  const timeoutMs = undo.timeout ?? given.timeout;
  return {
    compensate: 'handler',
    undo: {
      retry: undo.retry ?? given.retry ?? noRetry,
      ...(timeoutMs !== undefined && { timeoutMs }),
    },
  };
}

function resourcesOf(given: { readonly [key: string]: unknown }) {
  return new Map(
    Object.entries(given).flatMap(([key, resource]) => {
      const binding = resourceBinding(resource);
      return binding === null ? [] : [[key, binding] as const];
    }),
  );
}

function undoOf(compensate: z.output<typeof compensateOption>) {
  if (typeof compensate === 'string') return null;
  return typeof compensate === 'function' ? { run: compensate } : compensate;
}

function keyOf(task: string, key: (input: unknown) => unknown): (input: unknown) => string {
  return (input) => {
    const made = key(input);
    if (typeof made === 'string' && made !== '') return made;
    throw new PermanentError(`Task "${task}": key() must return a text that is not empty`);
  };
}
