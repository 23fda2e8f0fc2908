import type { Json } from './json.ts';

/** Deepest nesting of a value: far above any sensible document, far below what overflows a stack. */
export const maxDepth = 1_000;
/** Most values one document may hold, containers and leaves counted alike; stops a document that shares its parts from unfolding without end. */
export const maxValues = 1_000_000;
const maxIssues = 10;
const halfCharacter = 'half a character (a lone surrogate), which is no Unicode';

export interface ValueIssue {
  /** Keys from the root, `[]` being the value itself. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type Copied<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly ValueIssue[] };

/**
 * A deep copy holding nothing but JSON. Properties that are `undefined` are left out and −0 becomes 0, as JSON does; everything else JSON
 * would change or lose (Date, Map, BigInt, NaN, class instances, holes, functions, cycles, more than {@link maxDepth} levels, lone
 * surrogates, a key `__proto__`) is an issue with its path. Reads each property once and never throws.
 */
export function copyJson(value: unknown): Copied<Json> {
  return copy(value, 'refuse') as Copied<Json>;
}

/**
 * A deep copy of the plain objects and lists of a value, whatever their leaves are: Dates and class instances are kept as they are. It makes a
 * value safe to hand to code that recurses (depth, cycles, getters and proxies that throw are issues) and out of reach of its giver.
 */
export function copyStructure(value: unknown): Copied<unknown> {
  return copy(value, 'keep');
}

/** A copy of JSON that is known to be sound. */
export function cloneJson<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as unknown as T;
  const result: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) put(result, key, cloneJson(item));
  return result as T;
}

interface Frame {
  readonly source: object;
  readonly target: unknown[] | Record<string, unknown>;
  /** `null` for a list. */
  readonly keys: readonly string[] | null;
  readonly length: number;
  next: number;
}

function copy(root: unknown, foreign: 'refuse' | 'keep'): Copied<unknown> {
  const issues: ValueIssue[] = [];
  const frames: Frame[] = [];
  const open = new Set<object>();
  let values = 0;
  let result: unknown;

  const report = (message: string) => {
    const path = frames
      .map(currentKey)
      .map((key) => (typeof key === 'string' ? key.toWellFormed() : key));
    issues.push({ path, message });
  };

  const place = (copied: unknown) => {
    const frame = frames.at(-1);
    if (frame === undefined) result = copied;
    else if (frame.keys === null) (frame.target as unknown[])[frame.next] = copied;
    else put(frame.target as Record<string, unknown>, frame.keys[frame.next]!, copied);
  };

  /** Opens a container, or places a leaf. */
  const enter = (value: unknown) => {
    values++;
    if (typeof value === 'object' && value !== null) {
      const container = openContainer(value, foreign);
      if (container === null) {
        if (foreign === 'refuse') report(cannotCarry(value));
        else place(value);
      } else if (typeof container === 'string') {
        report(container);
      } else if (open.has(value)) {
        report('refers back to a value it is part of, and JSON cannot carry a cycle');
      } else if (frames.length >= maxDepth) {
        report(`is nested more than ${maxDepth} levels deep`);
      } else if (values + container.length > maxValues) {
        report(`has more than ${maxValues} values`);
        values = Number.POSITIVE_INFINITY;
      } else {
        open.add(value);
        place(container.target);
        frames.push(container);
      }
      return;
    }
    if (foreign === 'keep') place(value);
    else if (value === undefined) enterUndefined();
    else if (typeof value === 'string' && !value.isWellFormed()) report(`has ${halfCharacter}`);
    else if (isLossless(value)) place(Object.is(value, -0) ? 0 : value);
    else report(cannotCarry(value));
  };

  const enterUndefined = () => {
    const frame = frames.at(-1);
    if (frame === undefined) report('is undefined, which JSON cannot carry; use null');
    else if (frame.keys === null)
      report('is undefined inside a list, which JSON turns into null; use null');
  };

  enter(root);
  while (frames.length > 0 && issues.length < maxIssues && values !== Number.POSITIVE_INFINITY) {
    const frame = frames.at(-1)!;
    if (frame.next >= frame.length) {
      frames.pop();
      open.delete(frame.source);
      const parent = frames.at(-1);
      if (parent !== undefined) parent.next++;
      continue;
    }
    const depth = frames.length;
    try {
      const key = currentKey(frame);
      if (typeof key === 'string' && !key.isWellFormed()) report(`is a key with ${halfCharacter}`);
      else if (key === '__proto__')
        report('is a key that JavaScript gives a meaning of its own; rename it');
      else if (frame.keys === null && !Object.hasOwn(frame.source, key)) {
        report('is a hole in a list, which JSON turns into null');
      } else enter((frame.source as Record<string | number, unknown>)[key]);
    } catch (error) {
      report(`cannot be read: ${textOf(error)}`);
    }
    if (frames.length === depth) frame.next++;
  }
  return issues.length === 0 ? { ok: true, value: result } : { ok: false, issues };
}

/** A frame for a plain object or a list, `null` for any other object, or what is wrong with it. */
function openContainer(source: object, foreign: 'refuse' | 'keep'): Frame | null | string {
  try {
    if (Array.isArray(source)) {
      return { source, target: [], keys: null, length: source.length, next: 0 };
    }
    const prototype = Object.getPrototypeOf(source) as object | null;
    if (prototype !== null && prototype !== Object.prototype && !isForeignPlain(prototype))
      return null;
    const keys = Object.keys(source);
    const target: Record<string, unknown> = {};
    for (const symbol of Object.getOwnPropertySymbols(source)) {
      if (!Object.prototype.propertyIsEnumerable.call(source, symbol)) continue;
      if (foreign === 'refuse') return 'has a symbol as a key, which JSON cannot carry';
      Object.defineProperty(target, symbol, {
        value: (source as Record<symbol, unknown>)[symbol],
        enumerable: true,
      });
    }
    return { source, target, keys, length: keys.length, next: 0 };
  } catch (error) {
    return `cannot be read: ${textOf(error)}`;
  }
}

/** `Object.prototype` of another realm, as `vm` and some test runners have. */
function isForeignPlain(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function currentKey(frame: Frame): string | number {
  return frame.keys === null ? frame.next : frame.keys[frame.next]!;
}

function isLossless(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else target[key] = value;
}

function cannotCarry(value: unknown): string {
  const wayOut = value instanceof Date ? '; use z.codec or return a string' : '';
  return `is ${kindOf(value)}, which JSON cannot carry${wayOut}`;
}

/** What a value is, with its article: `a Date`, `a function`, `NaN`. Never throws. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value === 'bigint') return 'a BigInt';
  if (typeof value !== 'object') return `a ${typeof value}`;
  try {
    if (Array.isArray(value)) return 'a list';
    const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
    if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object';
    const builtIn = [
      'Date',
      'Map',
      'Set',
      'Error',
      'RegExp',
      'Promise',
      'Buffer',
      'WeakMap',
      'URL',
    ];
    if (builtIn.includes(name)) return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
    return `an instance of ${name}`;
  } catch {
    return 'an object that cannot be read';
  }
}

/** The text of whatever was thrown. Never throws. */
export function textOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message).toWellFormed();
    return typeof thrown === 'string' ? thrown.toWellFormed() : kindOf(thrown);
  } catch {
    return 'an error without a readable message';
  }
}

/** `output.items[3].at`, for messages; the value itself is only its root. */
export function pathText(root: string, path: readonly (string | number)[]): string {
  let text = root;
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(key)) text += `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
