/** Keys of records by collection, in order. */
import type { RecordPage } from '../../ports/store.ts';
import { compareCodePoints } from './code-points.ts';

export interface KeyIndex {
  /** @param key - one that is not there yet */
  add(collection: string, key: string): void;
  remove(collection: string, key: string): void;
  page(collection: string, page: RecordPage): readonly string[];
}

export function createKeyIndex(): KeyIndex {
  const sorted = new Map<string, string[]>();

  function keysOf(collection: string): string[] {
    const known = sorted.get(collection);
    if (known !== undefined) return known;
    const keys: string[] = [];
    sorted.set(collection, keys);
    return keys;
  }

  return {
    add(collection, key) {
      const keys = keysOf(collection);
      keys.splice(firstNotBefore(keys, key), 0, key);
    },
    remove(collection, key) {
      const keys = keysOf(collection);
      const at = firstNotBefore(keys, key);
      if (keys[at] === key) keys.splice(at, 1);
    },
    page(collection, { prefix = '', after, before, order = 'ascending', limit }) {
      const keys = sorted.get(collection) ?? [];
      const start = Math.max(
        firstNotBefore(keys, prefix),
        after === undefined ? 0 : firstAfter(keys, after),
      );
      const end = Math.min(
        firstWithoutPrefix(keys, prefix, start),
        before === undefined ? keys.length : firstNotBefore(keys, before),
      );
      return order === 'ascending'
        ? keys.slice(start, Math.max(start, Math.min(end, start + limit)))
        : keys.slice(Math.max(start, end - limit), Math.max(start, end)).reverse();
    },
  };
}

function firstNotBefore(keys: readonly string[], key: string): number {
  return partition(keys, 0, (one) => compareCodePoints(one, key) < 0);
}

function firstAfter(keys: readonly string[], key: string): number {
  return partition(keys, 0, (one) => compareCodePoints(one, key) <= 0);
}

/** @param start - from here on no key comes before the prefix */
function firstWithoutPrefix(keys: readonly string[], prefix: string, start: number): number {
  return partition(keys, start, (one) => one.startsWith(prefix));
}

/** First index from `start` at which `isBefore` is false, given that it is false ever after. */
function partition(
  keys: readonly string[],
  start: number,
  isBefore: (key: string) => boolean,
): number {
  let [low, high] = [start, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(keys[middle] ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}
