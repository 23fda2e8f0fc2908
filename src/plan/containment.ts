/** Whether every value of one JSON Schema is also one of another, as far as their keywords tell. */
import type { JsonSchema } from './json.ts';
import { canonicalText } from './renaming.ts';

/** `no` means that some value is refused for certain; what depends on more than the keywords compared here is `unknown`. */
export type Answer = 'yes' | 'no' | 'unknown';

export interface ContainmentOptions {
  /** `ignored`: fields an object does not name are dropped rather than refused, as zod's objects do with them. */
  readonly extraFields: 'refused' | 'ignored';
}

export function isWithin(
  inner: JsonSchema,
  outer: JsonSchema,
  options: ContainmentOptions = { extraFields: 'refused' },
): Answer {
  return new Containment(inner, outer, options).within(inner, outer);
}

const annotations: ReadonlySet<string> = new Set([
  '$defs',
  '$id',
  '$schema',
  'default',
  'description',
  'examples',
  'id',
  'sensitive',
  'title',
]);

/** Keywords this file knows how to compare; a schema with any other is compared no further. */
const known: ReadonlySet<string> = new Set([
  ...annotations,
  'additionalProperties',
  'anyOf',
  'const',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'items',
  'maxItems',
  'maxLength',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'multipleOf',
  'oneOf',
  'pattern',
  'prefixItems',
  'properties',
  'propertyNames',
  'required',
  'type',
]);

type Schema = { readonly [keyword: string]: unknown };

class Containment {
  readonly #innerRoot: JsonSchema;
  readonly #outerRoot: JsonSchema;
  readonly #options: ContainmentOptions;
  /** Pairs seen before; one that is still being compared counts as contained, which is what ends recursive schemas. */
  readonly #seen = new Map<object, Map<object, Answer>>();

  constructor(inner: JsonSchema, outer: JsonSchema, options: ContainmentOptions) {
    this.#innerRoot = inner;
    this.#outerRoot = outer;
    this.#options = options;
  }

  within(inner: unknown, outer: unknown): Answer {
    if (acceptsAll(outer) || inner === false) return 'yes';
    const a = resolved(inner === true ? {} : inner, this.#innerRoot);
    const b = resolved(outer, this.#outerRoot);
    if (a === null || b === null) return 'unknown';
    const before = this.#seen.get(a)?.get(b);
    if (before !== undefined) return before;
    const answers = this.#seen.get(a) ?? new Map<object, Answer>();
    this.#seen.set(a, answers.set(b, 'yes'));
    const answer = this.#compare(a, b);
    answers.set(b, answer);
    return answer;
  }

  #compare(inner: Schema, outer: Schema): Answer {
    const text = plainText(inner);
    if (text === plainText(outer) && !text.includes('"$ref"')) return 'yes';
    if (acceptsAll(inner)) return 'no';
    if (!isKnown(outer)) return 'unknown';
    // What a keyword unknown here takes away from the inner one only makes it smaller.
    const answer = this.#compareOptions(inner, outer);
    return answer === 'no' && !isKnown(inner) ? 'unknown' : answer;
  }

  #compareOptions(inner: Schema, outer: Schema): Answer {
    const given = optionsOf(inner);
    const taken = optionsOf(outer);
    if (given.length > 1) return allOf(given.map((option) => this.within(option, outer)));
    const [only = {}] = given;
    if (taken.length === 1) return this.#compareOne(only, taken[0] ?? {});
    const answers = taken.map((option) => this.within(only, option));
    if (answers.includes('yes')) return 'yes';
    const near = taken.filter((option) => mayShareType(only, option));
    // Several of its own kind may cover it together.
    const isOne = near.length <= 1 || 'const' in only;
    return isOne && !answers.includes('unknown') ? 'no' : 'unknown';
  }

  #compareOne(inner: Schema, outer: Schema): Answer {
    if ('const' in inner) return fits(inner['const'], outer);
    if ('const' in outer) return 'no';
    if (!mayShareType(inner, outer)) return 'no';
    const { type } = inner;
    if (outer['type'] === 'integer' && type === 'number') return 'no';
    switch (type) {
      case 'string':
        return allOf([
          lowerBound(inner['minLength'] ?? 0, outer['minLength']),
          upperBound(inner['maxLength'], outer['maxLength']),
          equalOrFree(inner['pattern'], outer['pattern']),
          equalOrFree(inner['format'], outer['format']),
        ]);
      case 'number':
      case 'integer':
        return allOf([
          lowerBound(inner['minimum'], outer['minimum']),
          upperBound(inner['maximum'], outer['maximum']),
          lowerBound(inner['exclusiveMinimum'], outer['exclusiveMinimum']),
          upperBound(inner['exclusiveMaximum'], outer['exclusiveMaximum']),
          equalOrFree(inner['multipleOf'], outer['multipleOf']),
        ]);
      case 'array':
        return this.#compareLists(inner, outer);
      case 'object':
        return this.#compareObjects(inner, outer);
      default:
        return 'yes';
    }
  }

  #compareLists(inner: Schema, outer: Schema): Answer {
    const own = listOf(inner['prefixItems']);
    const other = listOf(outer['prefixItems']);
    const places = Math.max(own.length, other.length) + 1;
    const items = Array.from({ length: places }, (_, index) =>
      this.within(own[index] ?? inner['items'] ?? true, other[index] ?? outer['items'] ?? true),
    );
    return allOf([
      ...items,
      lowerBound(inner['minItems'] ?? 0, outer['minItems']),
      upperBound(inner['maxItems'], outer['maxItems']),
    ]);
  }

  #compareObjects(inner: Schema, outer: Schema): Answer {
    const own = fieldsOf(inner);
    const other = fieldsOf(outer);
    const always = new Set(listOf(inner['required']));
    const answers: Answer[] = [equalOrFree(inner['propertyNames'], outer['propertyNames'])];
    for (const name of listOf(outer['required'])) if (!always.has(name)) answers.push('no');
    const restOfInner = inner['additionalProperties'] ?? true;
    const restOfOuter = outer['additionalProperties'] ?? true;
    for (const [name, schema] of other) {
      const delivered = own.get(name) ?? restOfInner;
      const answer = this.within(delivered, schema);
      // Of a field that need not be there nobody knows whether it ever is.
      answers.push(own.has(name) || answer !== 'no' ? answer : 'unknown');
    }
    if (this.#options.extraFields === 'ignored' && restOfOuter === false) return allOf(answers);
    for (const [name, schema] of own) {
      if (!other.has(name)) answers.push(this.within(schema, restOfOuter));
    }
    if (restOfInner !== false) answers.push(this.within(restOfInner, restOfOuter));
    return allOf(answers);
  }
}

function isKnown(schema: Schema): boolean {
  return Object.keys(schema).every((key) => known.has(key));
}

function allOf(answers: readonly Answer[]): Answer {
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

function lowerBound(inner: unknown, outer: unknown): Answer {
  if (outer === undefined) return 'yes';
  return typeof inner === 'number' && typeof outer === 'number' && inner >= outer ? 'yes' : 'no';
}

function upperBound(inner: unknown, outer: unknown): Answer {
  if (outer === undefined) return 'yes';
  return typeof inner === 'number' && typeof outer === 'number' && inner <= outer ? 'yes' : 'no';
}

function equalOrFree(inner: unknown, outer: unknown): Answer {
  if (outer === undefined || canonicalText(inner) === canonicalText(outer)) return 'yes';
  return inner === undefined ? 'no' : 'unknown';
}

/** Of one fixed value. */
function fits(value: unknown, schema: Schema): Answer {
  if ('const' in schema)
    return canonicalText(schema['const']) === canonicalText(value) ? 'yes' : 'no';
  if (schema['type'] === undefined) return 'unknown';
  if (!mayShareType({ const: value }, schema)) return 'no';
  const isPlain = Object.keys(schema).every((key) => key === 'type' || annotations.has(key));
  return isPlain ? 'yes' : 'unknown';
}

function mayShareType(a: Schema, b: Schema): boolean {
  const [one, other] = [typeOf(a), typeOf(b)];
  if (one === null || other === null || one === other) return true;
  const numbers = ['number', 'integer'];
  if (!numbers.includes(one) || !numbers.includes(other)) return false;
  // A fixed value is a whole number or not.
  return !('const' in a && one === 'number' && other === 'integer');
}

function typeOf(schema: Schema): string | null {
  if ('const' in schema) {
    const value = schema['const'];
    if (value === null) return 'null';
    if (Array.isArray(value)) return 'array';
    return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
  }
  return typeof schema['type'] === 'string' ? schema['type'] : null;
}

/** The alternatives of a schema, each without alternatives of its own at the top. */
function optionsOf(schema: Schema): readonly Schema[] {
  const options = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(options)) return options as readonly Schema[];
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((value: unknown) => ({ const: value }));
  const { type } = schema;
  if (Array.isArray(type)) return type.map((each: unknown) => ({ ...schema, type: each }));
  return [schema];
}

function acceptsAll(schema: unknown): boolean {
  if (schema === true || schema === undefined) return true;
  return (
    typeof schema === 'object' &&
    schema !== null &&
    Object.keys(schema).every((key) => annotations.has(key))
  );
}

function plainText(schema: Schema): string {
  const entries = Object.entries(schema).filter(([key]) => !annotations.has(key));
  return canonicalText(Object.fromEntries(entries));
}

function fieldsOf(schema: Schema): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(schema['properties'] ?? {}));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const maxReferences = 50;

function resolved(schema: unknown, root: JsonSchema): Schema | null {
  let current: unknown = schema;
  for (let followed = 0; followed < maxReferences; followed += 1) {
    if (typeof current !== 'object' || current === null) return null;
    const reference: unknown = Reflect.get(current, '$ref');
    if (reference === undefined) return current as Schema;
    if (typeof reference !== 'string' || !reference.startsWith('#')) return null;
    current = root;
    for (const part of reference.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key))
        return null;
      current = Reflect.get(current, key);
    }
  }
  return null;
}
