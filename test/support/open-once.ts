import { afterAll, beforeAll, beforeEach } from 'vitest';

/**
 * Opens something once for the tests of a file, and anew for a test that is tried once more: it must not meet what its first try has left.
 *
 * @param open - gives what closes it again
 */
export function openOnce(open: () => Promise<() => Promise<void>>): void {
  // A first page of the dashboard waits for its build.
  const limitMs = 60_000;
  let close = async () => {};
  beforeAll(async () => {
    close = await open();
  }, limitMs);
  beforeEach(async ({ task }) => {
    const { retryCount = 0, repeatCount = 0 } = task.result ?? {};
    if (retryCount + repeatCount === 0) return;
    await close();
    close = await open();
  }, limitMs);
  afterAll(() => close());
}
