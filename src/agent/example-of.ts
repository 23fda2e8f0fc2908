import type { Json } from '../plan/json.ts';

/**
 * The plainest value that fits a JSON Schema: the first of what is listed, the least of what is bounded, nothing that is optional. Rules it does
 * not know (patterns, formats, what is refined by code) it does not keep.
 *
 * @param text - what every free text begins with
 */
export function exampleOf(schema: unknown, text: string): Json {
  const { const: constant, enum: listed, anyOf, oneOf, allOf, ...rest } = asObject(schema);
  if (constant !== undefined) return constant as Json;
  const first = [listed].flat()[0];
  if (first !== undefined) return first as Json;
  const [option] = [anyOf, oneOf, allOf].flatMap((options) =>
    Array.isArray(options) ? options : [],
  );
  if (option !== undefined) return exampleOf(option, text);
  switch (rest['type']) {
    case 'string':
      return text
        .padEnd(numberOr(rest['minLength'], 0), '.')
        .slice(0, numberOr(rest['maxLength'], 200));
    case 'integer':
    case 'number':
      return leastOf(rest);
    case 'boolean':
      return false;
    case 'array':
      return Array.from({ length: numberOr(rest['minItems'], 0) }, () =>
        exampleOf(rest['items'], text),
      );
    case 'object': {
      const fields = asObject(rest['properties']);
      const required = Array.isArray(rest['required']) ? rest['required'].map(String) : [];
      return Object.fromEntries(required.map((name) => [name, exampleOf(fields[name], text)]));
    }
    default:
      return null;
  }
}

function leastOf(schema: Readonly<Record<string, unknown>>): number {
  const above = schema['exclusiveMinimum'];
  return typeof above === 'number' ? above + 1 : Math.max(0, numberOr(schema['minimum'], 0));
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
