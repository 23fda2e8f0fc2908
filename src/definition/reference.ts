import { SignalboxError } from '../errors.ts';
import { pathText } from '../plan/json-value.ts';
import type { Condition } from '../plan/plan.ts';
import type { Scope } from './scope.ts';
import type { Guard, Ref } from './types.ts';

/** What a reference stands for. */
export interface RefParts {
  /** A node id, or one of `$input`, `$run`, `$context`, `$item`, `$index`. */
  readonly of: string;
  readonly path: readonly (string | number)[];
  /** Where it may be used: there and in what is inside. */
  readonly scope: Scope;
}

export interface GuardParts {
  readonly condition: Condition;
  readonly label: string;
  readonly otherwise: string | undefined;
  readonly scope: Scope;
}

const partsOfRefs = new WeakMap<object, RefParts>();
const partsOfGuards = new WeakMap<object, GuardParts>();

/** `null` for anything that is not a reference. */
export function refParts(value: unknown): RefParts | null {
  return (typeof value === 'function' && partsOfRefs.get(value)) || null;
}

/** `null` for anything that is not a guard. */
export function guardParts(value: unknown): GuardParts | null {
  return (typeof value === 'object' && value !== null && partsOfGuards.get(value)) || null;
}

export function createGuard(parts: GuardParts): Guard {
  const guard = new Proxy(Object.freeze({}), guardTraps(parts));
  partsOfGuards.set(guard, parts);
  return guard as Guard;
}

export function createRef(parts: RefParts): Ref<unknown> {
  // A function, so that calling it (`ref.$.items.$.map(…)`) can be answered as well.
  const ref = new Proxy(() => {}, refTraps(parts));
  partsOfRefs.set(ref, parts);
  return ref as unknown as Ref<unknown>;
}

/** How a reference is named in messages: `diagnosis.summary`. */
export function refText(parts: Pick<RefParts, 'of' | 'path'>): string {
  return pathText(parts.of, parts.path);
}

const wayOut = 'wire it as an input, compute with w.derive, or decide with w.is';

function refTraps(parts: RefParts): ProxyHandler<() => void> {
  const name = refText(parts);
  let fields: unknown;
  const misuse = (what: string): never => {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `The reference "${name}" ${what}: it stands for a value that exists only in a run; ${wayOut}`,
      {
        details: { reference: name },
      },
    );
  };
  return {
    ...refusals(misuse),
    get(_, key) {
      if (key === '$') return (fields ??= new Proxy(Object.freeze({}), fieldTraps(parts, name)));
      return typeof key === 'symbol'
        ? refuseSymbol(key, misuse)
        : misuse(
            key === 'then'
              ? 'is awaited'
              : key === 'toJSON'
                ? 'is turned into JSON'
                : `has no property "${key}" (a field of the value is \`.$.${key}\`)`,
          );
    },
  };
}

function fieldTraps(parts: RefParts, name: string): ProxyHandler<object> {
  const known = new Map<string, unknown>();
  const misuse = (what: string): never => {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `"${name}.$" ${what}: it gives references to the fields of a value that exists only in a run; ${wayOut}`,
      {
        details: { reference: name },
      },
    );
  };
  return {
    ...refusals(misuse),
    get(_, key) {
      if (typeof key === 'symbol') return refuseSymbol(key, misuse);
      if (key === 'then') return misuse('is awaited (a field named "then" is read by w.derive)');
      if (key === 'toJSON') return misuse('is turned into JSON');
      let field = known.get(key);
      if (field === undefined) {
        field = createRef({ ...parts, path: [...parts.path, toKey(key)] });
        known.set(key, field);
      }
      return field;
    },
  };
}

function guardTraps(parts: GuardParts): ProxyHandler<object> {
  const misuse = (what: string): never => {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `The guard "${parts.label}" ${what}: it is decided in a run; combine guards with w.not, w.all and w.any, and pass them as \`when\` or to w.when`,
      {
        details: { guard: parts.label },
      },
    );
  };
  return {
    ...refusals(misuse),
    get: (_, key) =>
      typeof key === 'symbol'
        ? refuseSymbol(key, misuse)
        : misuse(key === 'then' ? 'is awaited' : `has no property "${key}"`),
  };
}

/** What would silently see an empty object or an undefined property. */
function refusals(misuse: (what: string) => never) {
  return {
    set: () => misuse('is assigned to'),
    deleteProperty: () => misuse('has a property deleted'),
    defineProperty: () => misuse('has a property defined'),
    has: () => misuse('is searched with `in`'),
    ownKeys: () => misuse('is listed or spread'),
    apply: () => misuse('is called'),
  } satisfies ProxyHandler<() => void>;
}

function refuseSymbol(key: symbol, misuse: (what: string) => never): undefined {
  if (key === Symbol.toPrimitive) return misuse('is used as a text or a number');
  if (key === Symbol.iterator || key === Symbol.asyncIterator)
    return misuse('is iterated or spread');
  return undefined;
}

/** `ref.$[0]` arrives as the text `0`. */
function toKey(key: string): string | number {
  return /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : key;
}
