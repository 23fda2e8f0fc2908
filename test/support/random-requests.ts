/** Requests made up from the declarations of the calls: most nearly right, some hostile, none known to be good. */
import * as fc from 'fast-check';
import { z } from 'zod';
import { api, apiRoot } from '../../src/api/api.ts';
import type { Route } from '../../src/api/route.ts';
import type { JsonObject } from '../../src/plan/json.ts';

export interface MadeUpRequest {
  readonly id: string;
  readonly method: Route['method'];
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Values that are there, so that requests come past the first check. */
export interface Known {
  readonly texts: readonly string[];
}

/** Streams never end, so that nobody can wait for their answer. */
export const finiteCalls: readonly (readonly [id: string, route: Route])[] = Object.entries(
  api,
).flatMap(([topic, routes]) =>
  Object.entries<Route>(routes)
    .filter(([, { media }]) => media !== 'text/event-stream')
    .map(([name, route]) => [`${topic}.${name}`, route] as const),
);

export function requestsOf([id, route]: (typeof finiteCalls)[number], known: Known) {
  const { method, params, query, body } = route;
  const part = (schema: z.ZodType | undefined) =>
    schema === undefined ? fc.constant({}) : nearly(schema, known);
  return fc
    .record({
      params: part(params),
      query: part(query),
      body: body === undefined ? fc.constant(undefined) : text(nearly(body, known)),
      headers: headers(body !== undefined),
    })
    .map(
      (made): MadeUpRequest => ({
        id,
        method,
        url: `${apiRoot}${pathOf(route.path, made.params)}${searchOf(made.query)}`,
        headers: made.headers,
        body: made.body,
      }),
    );
}

const hostile = fc.constantFrom(
  '../../etc/passwd',
  '%2e%2e%2f',
  '\u0000',
  '__proto__',
  'constructor',
  '\r\nx: y',
  '\ud800',
  '-1',
  '1e309',
  'NaN',
  '99999999999999999999',
  "'; DROP TABLE runs; --",
  '<script>',
  'ﬁ\u202e',
  'x'.repeat(5_000),
);

function text(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: value.map((one) => JSON.stringify(one) ?? '') },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.constantFrom('', '{', '[]', 'null', '{"a":1,"a":2}') },
  );
}

function headers(hasBody: boolean): fc.Arbitrary<Record<string, string>> {
  const type = hasBody ? { 'content-type': 'application/json' } : {};
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant({ ...type }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Record<string, string>[]>(
        { ...type, accept: 'text/html;q=x, */*;q=0' },
        { ...type, 'if-match': '"a", W/"b", *' },
        { ...type, 'idempotency-key': 'key-1' },
        { 'content-type': 'text/plain' },
        { 'content-type': 'application/json; charset=utf-16' },
        { ...type, 'x-signalbox-actor': '%%%', 'last-event-id': '-1' },
      ),
    },
  );
}

/** Mostly what the schema says, in parts something else. */
function nearly(schema: z.ZodType, known: Known): fc.Arbitrary<unknown> {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
  return arbitraryOf(root, root, known, 0);
}

function arbitraryOf(
  schema: JsonObject,
  root: JsonObject,
  known: Known,
  depth: number,
): fc.Arbitrary<unknown> {
  const right = fitting(schema, root, known, depth);
  return fc.oneof(
    { weight: 12, arbitrary: right },
    { weight: 1, arbitrary: hostile },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
}

function fitting(
  schema: JsonObject,
  root: JsonObject,
  known: Known,
  depth: number,
): fc.Arbitrary<unknown> {
  const inside = (one: unknown) => arbitraryOf((one ?? {}) as JsonObject, root, known, depth + 1);
  if (depth > 4 || typeof schema['$ref'] === 'string') return fc.jsonValue({ maxDepth: 1 });
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum']);
  const choices = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
  if (Array.isArray(choices)) return fc.oneof(...choices.map(inside));
  switch (schema['type']) {
    case 'string':
      return fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...known.texts) },
        { weight: 2, arbitrary: fc.string({ maxLength: 20 }) },
        {
          weight: 2,
          arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        },
      );
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer(), fc.double());
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(inside(schema['items']), { maxLength: 3 });
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as JsonObject);
      const required = Array.isArray(schema['required']) ? schema['required'] : [];
      return fc.record(Object.fromEntries(properties.map(([key, one]) => [key, inside(one)])), {
        requiredKeys: required.filter((key) => typeof key === 'string'),
      });
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

const asText = (value: unknown) =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

/** A lone surrogate has no form in an address. */
const encoded = (value: unknown) => encodeURIComponent(asText(value).toWellFormed());

function pathOf(path: string, params: unknown): string {
  const given = Object(params) as Record<string, unknown>;
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encoded(given[name] ?? 'x'));
}

function searchOf(query: unknown): string {
  const given = Object.entries(Object(query) as Record<string, unknown>);
  const pairs = given.flatMap(([name, value]) =>
    [value].flat().map((one) => `${encoded(name)}=${encoded(one)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
