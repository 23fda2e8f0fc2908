import { z } from 'zod';
import type { Place } from '../plan/problem.ts';
import type { ResourceBinding, ResourceScope } from '../ports/bindings.ts';
import { checkName, functionOption, parseOptions, statedName, text } from './options.ts';

declare const value: unique symbol;

/** Something open that tasks work with; `T` is what `open` gives. */
export interface Resource<out T> {
  readonly name: string;
  readonly [value]: T;
}

/** How a connection or client is opened and closed; see `defineResource`. */
export interface ResourceDefinition<T> {
  /** For messages and logs. */
  name: string;
  /** Called when an attempt of the run first needs it. What it throws is the failure of that attempt. */
  open(scope: ResourceScope): Promise<T> | T;
  /** Called once for each that was opened. A failure is logged, a `close` of more than five seconds is given up. */
  close(value: T): Promise<void> | void;
}

/** Of the tasks' option `resources`: keys to resources. */
export type ResourceMap = { readonly [key: string]: Resource<unknown> };
/** What a handler gets for them. */
export type Opened<R> = {
  readonly [K in keyof R]: R[K] extends Resource<infer T> ? T : never;
};

const bindings = new WeakMap<object, ResourceBinding>();

/** `null` for anything that {@link defineResource} has not made. */
export function resourceBinding(resource: unknown): ResourceBinding | null {
  return (typeof resource === 'object' && resource !== null && bindings.get(resource)) || null;
}

const options = z.strictObject({
  name: text,
  open: functionOption<ResourceBinding['open']>(),
  close: functionOption<ResourceBinding['close']>(),
});

/**
 * A connection or client that the steps of a run share. Each run has its own: it is opened in the process that executes, when the first attempt
 * needs it, and closed when the run has ended, waits (for a person, an event, time, a child), goes to another process, or the orchestrator
 * closes. After a crash, a wait or a failed attempt it is opened again, so nothing may be kept in it that a step relies on.
 *
 * @throws SignalboxError DEFINITION_INVALID if an option is missing or misspelt
 * @example
 * const ordersDb = defineResource({
 *   name: 'orders_db', open: () => new DatabaseSync('orders.db'), close: (db) => db.close(),
 * });
 * const fetchOrders = defineTask({ …, resources: { db: ordersDb }, run: async ({ resources }) => resources.db.prepare('…').all() });
 */
export function defineResource<T>(definition: ResourceDefinition<T>): Resource<T> {
  const place: Place = { resource: statedName(definition) };
  const given = parseOptions(place, options, definition);
  checkName(place, given.name);
  const resource = Object.freeze({ name: given.name });
  bindings.set(resource, {
    name: given.name,
    open: (scope) => given.open.call(definition, scope),
    close: (open) => given.close.call(definition, open),
  });
  return resource as never;
}
