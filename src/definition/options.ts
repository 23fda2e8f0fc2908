import { z } from 'zod';
import { maxDurationMs, parseDuration } from '../plan/duration.ts';
import { kindOf } from '../plan/json-value.ts';
import { nameProblem } from '../plan/names.ts';
import { definitionInvalid, didYouMean, type Place } from '../plan/problem.ts';

/** The name of a definition nobody has checked yet, to say where a problem is; empty if it has none. */
export function statedName(definition: unknown): string {
  if (typeof definition !== 'object' || definition === null) return '';
  const name: unknown = Reflect.get(definition, 'name');
  return typeof name === 'string' ? name : '';
}

/**
 * The options of an untyped caller, parsed at the door: a misspelt option must not be ignored in silence.
 *
 * @throws SignalboxError DEFINITION_INVALID naming the option and what it should be
 */
export function parseOptions<S extends z.ZodObject>(
  place: Place,
  schema: S,
  options: unknown,
): z.output<S> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw definitionInvalid(place, optionProblem(schema, options, issue), { cause: parsed.error });
}

function optionProblem(schema: z.ZodObject, options: unknown, issue: z.core.$ZodIssue): string {
  if (issue.path.length === 0 && issue.code === 'invalid_type') {
    return `options must be an object, got ${kindOf(options)}`;
  }
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0]!;
    const full = path === '' ? name : `${path}.${name}`;
    return `unknown option "${full}"${didYouMean(name, knownAt(schema, issue.path))}`;
  }
  if (issue.code === 'invalid_union') {
    const inner = issue.errors
      .flat()
      .find((each) => each.path.length > 0 || each.code === 'unrecognized_keys');
    if (inner !== undefined) {
      return optionProblem(schema, options, { ...inner, path: [...issue.path, ...inner.path] });
    }
  }
  if (path === '') return issue.message;
  if (valueAt(options, issue.path) !== undefined) return `option "${path}" ${issue.message}`;
  return `option "${path}" is missing${issue.message.startsWith('must') ? `: it ${issue.message.replace(/, got undefined$/, '')}` : ''}`;
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  let current = options;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}

function knownAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let current: z.ZodType | undefined = schema;
  for (const key of path) {
    current = unwrapped(current);
    current =
      current instanceof z.ZodObject
        ? (current.shape[String(key)] as z.ZodType | undefined)
        : undefined;
  }
  const end = unwrapped(current);
  return end instanceof z.ZodObject ? Object.keys(end.shape) : [];
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodPipe) {
    current = (current instanceof z.ZodPipe ? current.in : current.unwrap()) as z.ZodType;
  }
  if (current instanceof z.ZodUnion) {
    return (current.options as z.ZodType[])
      .map(unwrapped)
      .find((option) => option instanceof z.ZodObject);
  }
  return current;
}

// --- pieces that options are made of -------------------------------------------------------------------------------------------------

const durationHint = 'must be a duration such as "250ms", "30s", "5m", "24h" or "365d"';

/** A duration above zero, as milliseconds. */
export const duration = durationFrom(1);
/** A duration that may be zero, as milliseconds. */
export const durationOrZero = durationFrom(0);

function durationFrom(leastMs: number) {
  return z
    .string({ error: (issue) => `${durationHint}, got ${shown(issue.input)}` })
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== null && ms >= leastMs) return ms;
      const limit = ms === null ? `, at most ${maxDurationMs / 86_400_000}d` : ' above zero';
      context.addIssue({ code: 'custom', message: `${durationHint}${limit}, got ${shown(text)}` });
      return z.NEVER;
    });
}

export const text = z.string({ error: 'must be a text' });
export const label = text.refine((value) => value.trim() !== '', 'must not be empty');
export const flag = z.boolean({ error: 'must be true or false' });

export function count(least: number, most = 1_000_000_000) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, {
    error: (issue) =>
      `must be ${values.map((value) => `"${value}"`).join(' or ')}, got ${shown(issue.input)}`,
  });
}

export function functionOption<F extends (...args: never) => unknown>() {
  return z.custom<F>((value) => typeof value === 'function', 'must be a function');
}

/** Anything: whoever takes it checks it, with a better message than a schema could give. */
export const anything = z.custom<unknown>(() => true);

/** An object whose keys are the author's; not a record of zod, which drops the key `__proto__` in silence. */
export function fieldsOption(what: string, isField: (value: unknown) => boolean = () => true) {
  return z.custom<{ readonly [name: string]: unknown }>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(isField),
    `must be an object of ${what}`,
  );
}

export const zodSchema = z.custom<z.ZodType>(isZodSchema, 'must be a zod 4 schema');

export function isZodSchema(value: unknown): value is z.ZodType {
  return (
    typeof value === 'object' &&
    value !== null &&
    '_zod' in value &&
    typeof (value as z.ZodType).safeParse === 'function'
  );
}

/** @throws SignalboxError DEFINITION_INVALID if it is not the name of a task or an event */
export function checkName(place: Place, name: unknown): asserts name is string {
  const problem = nameProblem(name);
  if (problem !== null) throw definitionInvalid(place, problem);
}

/** A function declared `async` or as a generator: its answer would be an object, and every object counts as true. */
export function isDeferred(value: unknown): boolean {
  const tag = Object.prototype.toString.call(value);
  return (
    tag === '[object AsyncFunction]' ||
    tag === '[object GeneratorFunction]' ||
    tag === '[object AsyncGeneratorFunction]'
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'number' ? String(value) : kindOf(value);
}
