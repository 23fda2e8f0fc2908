import type { Store } from '../../src/index.ts';

/** The store as one process sees it: once that process has died, its calls neither take effect nor return. */
export function mortal(inner: Store): { readonly store: Store; die(): void } {
  let isDead = false;
  const store = new Proxy(inner, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown =>
        isDead ? new Promise(() => {}) : Reflect.apply(value, target, args);
    },
  });
  return {
    store,
    die() {
      isDead = true;
    },
  };
}
