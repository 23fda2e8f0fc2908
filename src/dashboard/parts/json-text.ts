import type { Json } from '../../plan/json.ts';

/** The text that lies under these keys; `null` if there is none. */
export function textAt(value: Json | undefined, ...keys: readonly string[]): string | null {
  let part: Json | undefined = value;
  for (const key of keys) {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return null;
    part = (part as Readonly<Record<string, Json>>)[key];
  }
  return typeof part === 'string' ? part : null;
}
