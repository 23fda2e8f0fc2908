import { vi } from 'vitest';

/**
 * Tries until the callback no longer throws, and gives what it returns: for what comes over a network or from a disk, and takes as long as it takes.
 * The limit is for what never comes; `vi.waitFor` by itself gives up after a second, which a busy machine may need.
 */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000, interval: 5 });
}
