/** A store that ends the life of its engine at a chosen write: what comes after it never happens, and nobody hears of it. */
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import type { Store } from '../../src/index.ts';

const writes: ReadonlySet<PropertyKey> = new Set([
  'commit',
  'send',
  'settleMessage',
  'savePlan',
  'saveCheckpoint',
  'saveItems',
  'claimResult',
  'saveBreaker',
  'saveRecords',
]);

export interface DeathPoint {
  readonly store: Store;
  /** Writes seen so far. */
  readonly count: number;
  /** Dies at the write of this number, from 1 on; `after`: once it has taken effect. */
  arm(at: number, when: 'before' | 'after', die: () => void): void;
  /** From now on nobody dies. */
  disarm(): void;
  readonly hasStruck: boolean;
}

export function createDeathPoint(inner: Store = createMemoryStore()): DeathPoint {
  let count = 0;
  let struck = false;
  let armed: { at: number; when: 'before' | 'after'; die: () => void } | null = null;
  const store = new Proxy(inner, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function' || !writes.has(name)) return value;
      return async (...args: unknown[]): Promise<unknown> => {
        count += 1;
        if (armed === null || struck || count !== armed.at)
          return Reflect.apply(value, target, args) as unknown;
        struck = true;
        if (armed.when === 'after') await Reflect.apply(value, target, args);
        armed.die();
        return new Promise(() => {});
      };
    },
  });
  return {
    store,
    get count() {
      return count;
    },
    get hasStruck() {
      return struck;
    },
    arm(at, when, die) {
      armed = { at, when, die };
    },
    disarm() {
      armed = null;
    },
  };
}
