import type { Wiring } from './plan.ts';

/**
 * The value a wiring delivers.
 *
 * @param read - the value of a source or settled node; `undefined` for a skipped one
 */
export function resolveWiring(wiring: Wiring, read: (of: string) => unknown): unknown {
  switch (wiring.kind) {
    case 'ref':
      return follow(read(wiring.of), wiring.path);
    case 'literal':
      return wiring.value;
    case 'absent':
      return undefined;
    case 'array':
      return wiring.items.map((item) => resolveWiring(item, read));
    case 'object': {
      const value: Record<string, unknown> = {};
      for (const [key, part] of wiring.entries) {
        const resolved = resolveWiring(part, read);
        if (resolved === undefined) continue;
        // Defined rather than assigned: `__proto__` is a key like any other.
        Object.defineProperty(value, key, {
          value: resolved,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
      return value;
    }
    default:
      return wiring satisfies never;
  }
}

/** Own properties only; a missing link gives `undefined`, as `?.` does. */
function follow(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key))
      return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}
