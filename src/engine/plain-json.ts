import type { Json } from '../plan/json.ts';

export type PlainJson = { readonly ok: true; readonly json: Json } | { readonly ok: false; readonly path: string; readonly what: string };

/** Deepest nesting of a value that is kept. */
export const maxDepth = 1_000;

/** A deep copy of a value JSON carries without loss, or the first place where it would lose something. `undefined` properties are dropped. */
export function plainJson(value: unknown): PlainJson {
  try {
    return { ok: true, json: copy(value, '', 0, new Set()) };
  } catch (error) {
    if (error instanceof NotPlain) return { ok: false, path: error.path, what: error.what };
    return { ok: false, path: '', what: 'an object that cannot be read' };
  }
}

class NotPlain extends Error {
  readonly path: string;
  readonly what: string;
  constructor(path: string, what: string) {
    super(what);
    this.path = path;
    this.what = what;
  }
}

function copy(value: unknown, path: string, depth: number, above: Set<object>): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      throw new NotPlain(path, String(value));
    case 'object':
      break;
    default:
      throw new NotPlain(path, `a ${typeof value}`);
  }
  if (value === null) return null;
  if (depth >= maxDepth) throw new NotPlain(path.slice(0, 100), `nested more than ${maxDepth} levels deep`);
  if (above.has(value)) throw new NotPlain(path, 'a reference to an object around it');
  above.add(value);
  const copied = Array.isArray(value) ? value.map((item, index) => copy(item, `${path}[${index}]`, depth + 1, above)) : copyObject(value, path, depth, above);
  above.delete(value);
  return copied;
}

function copyObject(value: object, path: string, depth: number, above: Set<object>): Json {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotPlain(path, `a ${value.constructor.name}`);
  const copied: Record<string, Json> = {};
  for (const [key, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const plain = copy(part, path === '' ? key : `${path}.${key}`, depth + 1, above);
    Object.defineProperty(copied, key, { value: plain, enumerable: true, writable: true, configurable: true });
  }
  return copied;
}
