import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { Json } from '../plan/json.ts';
import { pathText } from '../plan/json-value.ts';
import { definitionInvalid, type Place } from '../plan/problem.ts';
import type { Contract, HandlerContext } from '../ports/bindings.ts';
import { contractOf } from './contract.ts';
import {
  checkName,
  fieldsOption,
  functionOption,
  isDeferred,
  isZodSchema,
  parseOptions,
  statedName,
  text,
  zodSchema,
} from './options.ts';
import { defineTask, type Schema, type Task } from './task.ts';
import type { Duration } from './types.ts';

declare const state: unique symbol;

/** One way in which the state of an entity changes; a task for workflows. */
export interface CommandDefinition<
  S extends z.ZodType,
  I extends z.ZodObject,
  F extends Record<string, Schema>,
> {
  /** The task is called `<entity>.<command>`. */
  name: string;
  description?: string;
  /** What the command takes beside `key`. */
  input: I;
  /** Refusals a workflow may tolerate by name, with the schema of their detail. */
  failures?: F;
  /** Of one attempt. Default 30s. */
  timeout?: Duration;
  /**
   * The state after the command. Pure and synchronous, as it may be called more than once before it counts. What it throws, or `fail`, changes
   * nothing and fails the step.
   */
  apply(
    current: z.output<S>,
    input: z.output<I>,
    tools: { fail<C extends keyof F & string>(code: C, detail: z.input<F[C]>): never },
  ): z.input<S>;
  /** The state after the undo, other commands having come since; `none` and `irreversible` as for tasks. */
  undo: 'none' | 'irreversible' | ((current: z.output<S>, input: z.output<I>) => z.input<S>);
}

/** A command that takes nothing has `Record<string, never>` as input, to which nothing can be added. */
type CommandInput<I extends z.ZodObject> = string extends keyof z.input<I>
  ? { key: string }
  : z.input<I> & { key: string };

/** State by key that outlives runs. */
export interface Entity<S extends z.ZodType> {
  readonly name: string;
  readonly [state]: z.output<S>;
  /** Reads the state as it is; the first value if no command has changed it. */
  readonly read: Task<{ key: string }, z.output<S>>;
  /**
   * A task that changes the state of one key, once however often the step is attempted, also after a crash. It yields the state after it.
   *
   * @throws SignalboxError DEFINITION_INVALID if an option is missing, misspelt, or its input has a field `key`
   */
  command<I extends z.ZodObject, F extends Record<string, Schema> = {}>(
    definition: CommandDefinition<S, I, F>,
  ): Task<CommandInput<I>, z.output<S>, { [C in keyof F]: z.output<F[C]> }>;
}

const entityOptions = z.strictObject({ name: text, state: zodSchema, initial: z.unknown() });

const commandOptions = z.strictObject({
  name: text,
  description: text.optional(),
  input: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, 'must be a z.object'),
  failures: fieldsOption('codes and their zod 4 schemas', isZodSchema).optional(),
  timeout: text.optional(),
  apply: functionOption<(current: unknown, input: unknown, tools: object) => unknown>(),
  undo: z.union(
    [
      z.enum(['none', 'irreversible']),
      functionOption<(current: unknown, input: unknown) => unknown>(),
    ],
    { error: () => 'must be "none", "irreversible" or a function' },
  ),
});

const Key = z.string().min(1).max(200).describe('Which one');

interface EntityParts {
  readonly contract: Contract;
  readonly initial: Json;
}
const partsOfEntities = new WeakMap<object, EntityParts>();

/**
 * What the stored form stands for.
 *
 * @param stored - `null` if no command has changed it
 * @throws SignalboxError DEFINITION_INVALID, OUTPUT_INVALID
 */
export function readEntity<S extends z.ZodType>(
  entity: Entity<S>,
  key: string,
  stored: Json | null,
): z.output<S> {
  const parts = partsOfEntities.get(entity);
  if (parts === undefined)
    throw definitionInvalid({ entity: String(entity.name) }, 'it is not made by defineEntity');
  return restoreState(entity.name, key, parts.contract, stored ?? parts.initial) as z.output<S>;
}

/**
 * State by key that outlives runs and is shared by all of them: a stock, an account, a counter. Runs change it by commands, which are tasks;
 * those of one key are applied one after the other, whoever sends them.
 *
 * @throws SignalboxError DEFINITION_INVALID if an option is missing or misspelt, or `initial` does not fit `state`
 * @example
 * const stock = defineEntity({ name: 'stock', state: z.object({ available: z.int() }), initial: { available: 0 } });
 * const take = stock.command({
 *   name: 'take', input: z.object({ quantity: z.int().positive() }), failures: { sold_out: z.object({ available: z.int() }) },
 *   apply: ({ available }, { quantity }, { fail }) =>
 *     quantity <= available ? { available: available - quantity } : fail('sold_out', { available }),
 *   undo: ({ available }, { quantity }) => ({ available: available + quantity }),
 * });
 * // in steps: w.task('take', take, { input: { key: w.input.$.sku, quantity: 2 }, tolerate: ['sold_out'] })
 */
export function defineEntity<S extends Schema>(definition: {
  /** Names the state in the store. */
  name: string;
  state: S;
  /** The state of a key before its first command. */
  initial: NoInfer<z.input<S>>;
}): Entity<S> {
  const place: Place = { entity: statedName(definition) };
  const options = parseOptions(place, entityOptions, definition);
  checkName(place, options.name);
  const { name } = options;
  const contract = contractOf(options.state);
  const first = contract.parse(options.initial);
  if (!first.ok) {
    const [issue] = first.issues;
    throw definitionInvalid(
      place,
      `"${pathText('initial', issue?.path ?? [])}" does not fit "state": ${issue?.message ?? ''}`,
    );
  }
  const initial = first.stored;

  const restored = (key: string, stored: Json | null): unknown =>
    restoreState(name, key, contract, stored ?? initial);

  function change(
    {
      entities,
      idempotencyKey,
      input,
    }: Pick<HandlerContext, 'entities' | 'idempotencyKey' | 'input'>,
    next: (current: unknown, input: unknown) => unknown,
  ): Promise<unknown> {
    const { key, ...rest } = input as { readonly key: string };
    return entities
      .change({
        name,
        key,
        id: idempotencyKey,
        next(stored) {
          const parsed = contract.parse(next(restored(key, stored), rest));
          if (parsed.ok) return { state: parsed.stored, output: parsed.stored };
          const [issue] = parsed.issues;
          throw new SignalboxError(
            'OUTPUT_INVALID',
            `${pathText(`The new state of entity "${name}"`, issue?.path ?? [])} is invalid: ${issue?.message ?? ''}`,
            { details: { entity: name, key } },
          );
        },
      })
      .then((output) => contract.restore(output));
  }

  const read = defineTask({
    name: `${name}.read`,
    description: `Reads the state of one "${name}".`,
    input: z.object({ key: Key }),
    output: options.state,
    timeout: '30s',
    compensate: 'none',
    run: async (context) => {
      const { entities, input } = context as unknown as HandlerContext;
      const { key } = input as { readonly key: string };
      return restored(key, await entities.read(name, key));
    },
  });

  function command(definition: unknown): object {
    const wanted = parseOptions(place, commandOptions, definition);
    const { apply, undo } = wanted;
    if (isDeferred(apply) || isDeferred(undo))
      throw definitionInvalid(place, `command "${wanted.name}" must be synchronous`);
    if ('key' in wanted.input.shape)
      throw definitionInvalid(
        place,
        `command "${wanted.name}" has a field "key" in its input, which is the key of the entity; rename it`,
      );
    return defineTask({
      name: `${name}.${wanted.name}`,
      ...(wanted.description !== undefined && { description: wanted.description }),
      input: wanted.input.safeExtend({ key: Key }),
      output: options.state,
      failures: (wanted.failures ?? {}) as Record<string, Schema>,
      timeout: (wanted.timeout ?? '30s') as Duration,
      compensate:
        typeof undo === 'string'
          ? undo
          : async (context) => {
              await change(context, undo);
            },
      run: async (context) =>
        (await change(context as unknown as HandlerContext, (current, input) =>
          apply.call(definition, current, input, {
            fail: (code: never, detail: never) => context.fail(code, detail),
          }),
        )) as never,
    });
  }

  const entity = Object.freeze({ name, read, command });
  partsOfEntities.set(entity, { contract, initial });
  return entity as never;
}

/** @throws SignalboxError OUTPUT_INVALID if what is stored does not fit the schema of today */
function restoreState(name: string, key: string, contract: Contract, stored: Json): unknown {
  const value = contract.restore(stored);
  const parsed = contract.parse(value);
  if (parsed.ok) return parsed.value;
  const [issue] = parsed.issues;
  throw new SignalboxError(
    'OUTPUT_INVALID',
    `${pathText(`The stored state of entity "${name}" with key "${key}"`, issue?.path ?? [])} does not fit its schema: ${issue?.message ?? ''}`,
    {
      details: { entity: name, key },
      hint: 'Give new fields a default in the schema, so that it accepts what is stored',
    },
  );
}
