/** Values that take the place of sensitive ones: of the same type and, as far as can be told, the same format. */
import type { Json } from '../../plan/json.ts';

export function withStandIns(value: Json, paths: readonly (readonly string[])[]): Json {
  return paths.reduce<Json>((current, path) => replaceAt(current, path), value);
}

function replaceAt(value: Json, [key, ...rest]: readonly string[]): Json {
  if (key === undefined) return standIn(value);
  return mapParts(value, (part, name) =>
    key === '*' || key === name ? replaceAt(part, rest) : part,
  );
}

function standIn(value: Json): Json {
  if (typeof value === 'string')
    return formats.find(([form]) => form.test(value))?.[1] ?? 'redacted';
  if (typeof value === 'number') return 0;
  if (typeof value === 'boolean') return false;
  return mapParts(value, standIn);
}

function mapParts(value: Json, change: (part: Json, name: string) => Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((part, index) => change(part, String(index)));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, change(part, name)]),
  );
}

const formats: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d{2}-\d{2}T/, '2000-01-01T00:00:00.000Z'],
  [/^\d{4}-\d{2}-\d{2}$/, '2000-01-01'],
  [/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'redacted@example.com'],
  [/^https?:\/\//, 'https://example.com/redacted'],
  [/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, '00000000-0000-4000-8000-000000000000'],
  [/^\d+$/, '0'],
];
