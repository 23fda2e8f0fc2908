/** Values of a JSON Schema as fast-check arbitraries. What a schema cannot say (refinements) its contract checks afterwards. */
import * as fc from 'fast-check';
import type { Json, JsonObject, JsonSchema } from '../../plan/json.ts';

/** Nesting of schemas that contain themselves; deeper, only what is required is there. */
const maxDepth = 4;
const maxItems = 3;
const manyItems = 8;

/** Draft 2020-12, as zod exports it. Keywords it does not know are left to the contract. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<Json> {
  return build(schema, schema, 0);
}

function build(schema: Json | undefined, root: JsonSchema, depth: number): fc.Arbitrary<Json> {
  if (
    schema === undefined ||
    typeof schema !== 'object' ||
    schema === null ||
    Array.isArray(schema)
  )
    return anything;
  const given = schema as JsonObject;
  const inner = (part: Json | undefined) => build(part, root, depth + 1);
  if (typeof given['$ref'] === 'string')
    return depth > maxDepth * 4 ? fc.constant(null) : inner(lookUp(given['$ref'], root));
  if (given['const'] !== undefined) return fc.constant(given['const']);
  if (Array.isArray(given['enum'])) return fc.constantFrom(...(given['enum'] as readonly Json[]));
  const options = given['anyOf'] ?? given['oneOf'];
  if (Array.isArray(options) && options.length > 0) {
    const parts = options as readonly Json[];
    return depth > maxDepth ? inner(simplest(parts)) : fc.oneof(...parts.map(inner));
  }
  if (Array.isArray(given['allOf'])) {
    const parts = given['allOf'] as readonly JsonObject[];
    return build(merged([withoutKey(given, 'allOf'), ...parts], root), root, depth);
  }
  const { type } = given;
  if (Array.isArray(type))
    return fc.oneof(...type.map((one) => build({ ...given, type: one as Json }, root, depth)));
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integers(given);
    case 'number':
      return numbers(given);
    case 'string':
      return texts(given);
    case 'array':
      return lists(given, inner, depth);
    case 'object':
      return objects(given, inner, depth);
    default:
      return 'properties' in given ? objects(given, inner, depth) : anything;
  }
}

const anything: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string({ maxLength: 10 }),
);

function lookUp(reference: string, root: JsonSchema): Json | undefined {
  let found: Json | undefined = root;
  for (const part of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    found = typeof found === 'object' && found !== null ? (found as JsonObject)[key] : undefined;
  }
  return found;
}

/** One without further parts, if there is one: where a schema contains itself, it ends there. */
function simplest(parts: readonly Json[]): Json | undefined {
  const isPlain = (part: Json) => !JSON.stringify(part).includes('$ref');
  return parts.find(isPlain) ?? parts[0];
}

function withoutKey(given: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));
}

/** Properties and requirements of all parts together. */
function merged(parts: readonly JsonObject[], root: JsonSchema): JsonObject {
  const resolved = parts.map((part) =>
    typeof part['$ref'] === 'string' ? (lookUp(part['$ref'], root) as JsonObject) : part,
  );
  const all = resolved.reduce<JsonObject>((sum, part) => ({ ...sum, ...part }), {});
  const properties = resolved.reduce<JsonObject>(
    (sum, part) => ({ ...sum, ...(part['properties'] as JsonObject | undefined) }),
    {},
  );
  const required = resolved.flatMap(
    (part) => (part['required'] as readonly string[] | undefined) ?? [],
  );
  return Object.keys(properties).length === 0 ? all : { ...all, properties, required };
}

const numberOr = (value: Json | undefined, otherwise: number) =>
  typeof value === 'number' ? value : otherwise;

function bounds(given: JsonObject, spread: number) {
  const low = Math.max(
    numberOr(given['minimum'], -Infinity),
    numberOr(given['exclusiveMinimum'], -Infinity),
  );
  const high = Math.min(
    numberOr(given['maximum'], Infinity),
    numberOr(given['exclusiveMaximum'], Infinity),
  );
  if (low === -Infinity && high === Infinity) return { min: -spread, max: spread };
  if (low === -Infinity) return { min: high - spread, max: high };
  return { min: low, max: high === Infinity ? low + spread : high };
}

/** Small ones mostly; conditions ask for large ones as well. */
const spreads = [100, 10_000, 10_000_000];

function integers(given: JsonObject): fc.Arbitrary<Json> {
  return fc.oneof(...spreads.map((spread) => integersWithin(given, spread)));
}

function integersWithin(given: JsonObject, spread: number): fc.Arbitrary<Json> {
  const { min, max } = bounds(given, spread);
  const low = Math.ceil(min === given['exclusiveMinimum'] ? min + 1 : min);
  const high = Math.floor(max === given['exclusiveMaximum'] ? max - 1 : max);
  const step = numberOr(given['multipleOf'], 1);
  const clip = (value: number) =>
    Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  const whole = fc.integer({
    min: Math.ceil(clip(low) / step),
    max: Math.floor(clip(high) / step),
  });
  return whole.map((value) => value * step);
}

function numbers(given: JsonObject): fc.Arbitrary<Json> {
  if (given['multipleOf'] !== undefined) return integers(given);
  return fc.oneof(...spreads.map((spread) => numbersWithin(given, spread)));
}

function numbersWithin(given: JsonObject, spread: number): fc.Arbitrary<Json> {
  const { min, max } = bounds(given, spread);
  return fc
    .double({
      min,
      max,
      minExcluded: min === given['exclusiveMinimum'],
      maxExcluded: max === given['exclusiveMaximum'],
      noNaN: true,
      noDefaultInfinity: true,
    })
    .map((value) => (value === 0 ? 0 : value));
}

const iso = (ms: number) => new Date(ms).toISOString();
const moments = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) });

/** Formats whose values a pattern alone would rarely hit. Made when they are asked for: that of addresses alone takes a second. */
const formats: ReadonlyMap<Json | undefined, () => fc.Arbitrary<string>> = new Map([
  ['email', () => fc.emailAddress()],
  ['uuid', () => fc.uuid()],
  ['uri', () => fc.webUrl()],
  ['date', () => moments.map((ms) => iso(ms).slice(0, 10))],
  ['time', () => moments.map((ms) => iso(ms).slice(11, 19))],
  ['date-time', () => moments.map(iso)],
  ['duration', () => fc.integer({ min: 1, max: 90 }).map((days) => `P${days}D`)],
  ['hostname', () => fc.domain()],
  ['ipv4', () => fc.ipV4()],
  ['ipv6', () => fc.ipV6()],
]);

function texts(given: JsonObject): fc.Arbitrary<Json> {
  const known = formats.get(given['format']);
  if (known !== undefined) return known();
  if (typeof given['pattern'] === 'string')
    return fc.stringMatching(new RegExp(given['pattern'], 'u'));
  const minLength = numberOr(given['minLength'], 0);
  const maxLength = Math.min(numberOr(given['maxLength'], minLength + 12), minLength + 12);
  return fc.string({ minLength, maxLength });
}

function lists(
  given: JsonObject,
  inner: (part: Json | undefined) => fc.Arbitrary<Json>,
  depth: number,
): fc.Arbitrary<Json> {
  const first = (given['prefixItems'] as readonly Json[] | undefined) ?? [];
  if (first.length > 0) return fc.tuple(...first.map(inner));
  const minLength = numberOr(given['minItems'], 0);
  const item = inner(given['items']);
  const upTo = (more: number) => {
    const maxLength = Math.min(numberOr(given['maxItems'], Infinity), minLength + more);
    return given['uniqueItems'] === true
      ? fc.uniqueArray(item, { minLength, maxLength, comparator: 'SameValueZero' })
      : fc.array(item, { minLength, maxLength });
  };
  if (depth > maxDepth) return upTo(0);
  return fc.oneof(
    { weight: 3, arbitrary: upTo(maxItems) },
    { weight: 1, arbitrary: upTo(manyItems) },
  );
}

function objects(
  given: JsonObject,
  inner: (part: Json | undefined) => fc.Arbitrary<Json>,
  depth: number,
): fc.Arbitrary<Json> {
  const properties = Object.entries((given['properties'] as JsonObject | undefined) ?? {});
  const required = new Set((given['required'] as readonly string[] | undefined) ?? []);
  const kept = properties.filter(([name]) => required.has(name) || depth <= maxDepth);
  const fixed = fc.record(Object.fromEntries(kept.map(([name, part]) => [name, inner(part)])), {
    requiredKeys: kept.map(([name]) => name).filter((name) => required.has(name)),
    noNullPrototype: true,
  });
  const more = given['additionalProperties'];
  if (properties.length > 0 || typeof more !== 'object' || more === null) return fixed;
  return fc.dictionary(
    inner(given['propertyNames'] ?? { type: 'string' }).map(String),
    inner(more),
    {
      maxKeys: maxItems,
      noNullPrototype: true,
    },
  );
}
