import { SignalboxError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';

export interface PersistDeps {
  readonly clock: Clock;
  readonly log: Logger;
  isClosed(): boolean;
}

/** A result in hand is not thrown away because the store is out of order for a while: nothing else may run the task again meanwhile. */
export async function persist<T>(deps: PersistDeps, write: () => Promise<T>): Promise<T> {
  for (let delayMs = 250; ; delayMs = Math.min(delayMs * 2, 10_000)) {
    try {
      return await write();
    } catch (error) {
      if (
        !(error instanceof SignalboxError) ||
        error.code !== 'STORE_UNAVAILABLE' ||
        deps.isClosed()
      )
        throw error;
      deps.log.warn(
        { err: error, delayMs },
        'the store is unavailable; the result is kept and written later',
      );
      await new Promise<void>((resolve) => deps.clock.after(delayMs, resolve));
    }
  }
}

/** The run is another process's, or the store is gone for good: what came of the work is not this process's to record. */
export function isLost(error: unknown): error is SignalboxError {
  return (
    error instanceof SignalboxError &&
    (error.code === 'LEASE_LOST' || error.code === 'STORE_UNAVAILABLE')
  );
}
