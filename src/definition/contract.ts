import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { Json } from '../plan/json.ts';
import { cloneJson, copyJson, copyStructure, textOf } from '../plan/json-value.ts';
import type { Contract, Issue, ParseResult } from '../ports/bindings.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { isCodec, partsOf } from './schema-walk.ts';

/**
 * The contract of values that are stored: results, run inputs, events, forms, the run context.
 *
 * `value` is always what `restore(stored)` gives, so that code sees the same with and without a crash in between. With a `z.codec` inside, the
 * encoded form is stored; other transforms and defaults are applied once, when the value comes in. −0 is stored as 0. `undefined` is stored as
 * `null` where the schema accepts `undefined` and not `null` (`z.void()`).
 *
 * @throws SignalboxError DEFINITION_INVALID if the schema mixes `z.codec` with a transform that cannot be run backwards
 */
export function contractOf(schema: z.ZodType): Contract {
  const hasCodec = usesCodec(schema);
  const isVoid = ['void', 'undefined'].includes(schema.def.type);
  let undefinedForNull: boolean | null = isVoid ? true : null;
  /** Decided when first needed: it asks the schema. */
  const nullStandsForUndefined = (): boolean =>
    (undefinedForNull ??= accepts(schema, undefined) && !accepts(schema, null));

  const restore = (stored: Json): unknown => {
    if (stored === null && nullStandsForUndefined()) return undefined;
    return hasCodec ? z.decode(schema, stored) : cloneJson(stored);
  };

  const store = (value: unknown): ParseResult => {
    if (value === undefined && nullStandsForUndefined()) return { ok: true, value, stored: null };
    const encoded = hasCodec
      ? attempt(() => z.safeEncode(schema, value))
      : { ok: true as const, value };
    if (!encoded.ok) return encoded;
    const copied = copyJson(encoded.value);
    if (!copied.ok) return copied;
    const stored = copied.value;
    try {
      return { ok: true, value: restore(stored), stored };
    } catch (error) {
      return refused(`cannot be restored from its stored form: ${textOf(error)}`);
    }
  };

  return {
    parse(value) {
      const parsed = parseAtDoor(schema, value);
      return parsed.ok ? store(parsed.value) : parsed;
    },
    restore,
    describe: () => jsonSchemaOf(schema, 'input'),
  };
}

/**
 * The contract of values that are put together anew for every attempt and never stored by themselves: inputs of tasks. It accepts what JSON
 * cannot carry, such as the Date that a codec has restored; `stored` is then `null`.
 */
export function doorOf(schema: z.ZodType): Contract {
  return {
    parse(value) {
      const parsed = parseAtDoor(schema, value);
      if (!parsed.ok) return parsed;
      const copied = copyJson(parsed.value);
      return { ok: true, value: parsed.value, stored: copied.ok ? copied.value : null };
    },
    restore: (stored) => cloneJson(stored),
    describe: () => jsonSchemaOf(schema, 'input'),
  };
}

/** Paths of the fields marked `.meta({ sensitive: true })`; `*` stands for any index or key. Where a schema contains itself, all that is below. */
export function sensitivePaths(schema: z.ZodType): readonly (readonly string[])[] {
  const parts = [...partsOf(schema)];
  const marked = parts.filter((part) => z.globalRegistry.get(part.schema)?.['sensitive'] === true);
  if (marked.length === 0) return [];
  const paths = [...marked, ...parts.filter((part) => part.isRecursion)].map((part) => part.path);
  const distinct = new Map(paths.map((path) => [JSON.stringify(path), path]));
  return [...distinct.values()];
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** The copy comes first: zod recurses, and a getter of the giver's may throw or change its mind. */
function parseAtDoor(schema: z.ZodType, value: unknown): Parsed {
  const copied = copyStructure(value);
  return copied.ok ? attempt(() => schema.safeParse(copied.value)) : copied;
}

function attempt(parse: () => z.ZodSafeParseResult<unknown>): Parsed {
  try {
    const result = parse();
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, issues: result.error.issues.flatMap((issue) => issuesOf(issue, [])) };
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) {
      return refused(
        'cannot be checked: its schema has an asynchronous refinement or transform, and contracts are synchronous',
      );
    }
    if (error instanceof RangeError) return refused('is nested too deeply');
    return refused(`cannot be checked: its schema threw "${textOf(error)}"`);
  }
}

/** Of a union that fits nowhere, the issues of the nearest option say more than "Invalid input". */
function issuesOf(issue: z.core.$ZodIssue, above: readonly (string | number)[]): Issue[] {
  const path = [
    ...above,
    ...issue.path.map((key) => (typeof key === 'number' ? key : String(key).toWellFormed())),
  ];
  if (issue.code === 'invalid_union') {
    const deepest = (issues: readonly z.core.$ZodIssue[]) =>
      Math.max(0, ...issues.map((each) => each.path.length));
    const nearest = issue.errors.toSorted(
      (a, b) => deepest(b) - deepest(a) || a.length - b.length,
    )[0];
    if (nearest !== undefined && deepest(nearest) > 0) {
      return nearest.flatMap((each) => issuesOf(each, path));
    }
  }
  return [{ path, message: issue.message.toWellFormed() }];
}

function refused(message: string): { readonly ok: false; readonly issues: readonly Issue[] } {
  return { ok: false, issues: [{ path: [], message }] };
}

/** Asks the schema; one that throws does not accept. */
export function accepts(schema: z.ZodType, value: unknown): boolean {
  try {
    return schema.safeParse(value).success;
  } catch {
    return false;
  }
}

/** @throws SignalboxError DEFINITION_INVALID if a codec could not be run backwards because of a transform beside it */
function usesCodec(schema: z.ZodType): boolean {
  const parts = [...partsOf(schema)].filter((part) => !part.isRecursion);
  if (!parts.some((part) => isCodec(part.schema))) return false;
  const oneWay = parts.find((part) => part.schema._zod.def.type === 'transform');
  if (oneWay !== undefined) {
    const where = oneWay.path.length === 0 ? '' : ` at "${oneWay.path.join('.')}"`;
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `A schema with z.codec is stored in encoded form, and its transform${where} cannot be run backwards; make the transform a codec too`,
    );
  }
  return true;
}
