import { z } from 'zod';
import type { JsonSchema } from '../plan/json.ts';
import type { Place } from '../plan/problem.ts';
import type { Contract } from '../ports/bindings.ts';
import { checkName, parseOptions, statedName, text, zodSchema } from './options.ts';
import { partsOfSchema } from './schema-parts.ts';

declare const contract: unique symbol;

/** A message from or to the outside. `in` is what is sent, `out` what arrives. */
export interface EventType<in I, out P = I> {
  readonly name: string;
  readonly [contract]: (sent: I) => P;
}

export interface EventParts {
  readonly name: string;
  readonly contract: Contract;
  readonly sent: JsonSchema;
  readonly received: JsonSchema;
  readonly sensitive: readonly (readonly string[])[];
}

const partsOfEvents = new WeakMap<object, EventParts>();

/** `null` for anything that {@link defineEvent} has not made. */
export function eventParts(event: unknown): EventParts | null {
  return (typeof event === 'object' && event !== null && partsOfEvents.get(event)) || null;
}

const eventOptions = z.strictObject({ name: text, payload: zodSchema });

/**
 * An event that workflows wait for, emit or start on.
 *
 * @throws SignalboxError DEFINITION_INVALID if the name or the schema is unusable
 */
export function defineEvent<P extends z.ZodType>(definition: {
  name: string;
  payload: P;
}): EventType<z.input<P>, z.output<P>> {
  const place: Place = { event: statedName(definition) };
  const given = parseOptions(place, eventOptions, definition);
  checkName(place, given.name);
  const event = Object.freeze({ name: given.name });
  const { contract, input, output, sensitive } = partsOfSchema(place, given.payload);
  partsOfEvents.set(event, {
    name: given.name,
    contract,
    sent: input,
    received: output,
    sensitive,
  });
  return event as never;
}
