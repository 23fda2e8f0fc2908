import type { Json } from '../plan/json.ts';

export const redacted = '[redacted]';

/** A copy in which the values at these paths, `*` standing for any key or index, are replaced. */
export function redact(value: Json, paths: readonly (readonly string[])[]): Json {
  return paths.reduce<Json>((current, path) => redactPath(current, path), value);
}

function redactPath(value: Json, path: readonly string[]): Json {
  const [key, ...rest] = path;
  if (key === undefined) return redacted;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value))
    return value.map((item, index) =>
      key === '*' || key === String(index) ? redactPath(item, rest) : item,
    );
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      key === '*' || key === name ? redactPath(part, rest) : part,
    ]),
  );
}
