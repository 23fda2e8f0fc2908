import type { Clock } from '../../ports/clock.ts';

/** A clock for development: wall time can be set ahead, and what waits for a time that has come by that is woken. */
export interface AdjustableClock extends Clock {
  /** How far it is ahead of the clock it is made from. */
  readonly aheadMs: number;
  /** @param byMs - at least 0 */
  advance(byMs: number): void;
}

/** Monotonic time is not set ahead: what measures durations measures those that were. */
export function createAdjustableClock(base: Clock, aheadMs = 0): AdjustableClock {
  let ahead = aheadMs;
  let advanced = 0;
  const waiting = new Set<{
    readonly dueMs: number;
    readonly wake: () => void;
    stop: () => void;
  }>();
  const passedMs = () => base.monotonicMs() + advanced;

  function arm(timer: { readonly dueMs: number; readonly wake: () => void }): () => void {
    return base.after(Math.max(0, timer.dueMs - passedMs()), timer.wake);
  }

  return {
    get aheadMs() {
      return ahead;
    },
    nowMs: () => base.nowMs() + ahead,
    monotonicMs: () => base.monotonicMs(),
    after(delayMs, wake) {
      const timer = {
        dueMs: passedMs() + delayMs,
        wake() {
          waiting.delete(timer);
          wake();
        },
        stop: () => {},
      };
      timer.stop = arm(timer);
      waiting.add(timer);
      return () => {
        waiting.delete(timer);
        timer.stop();
      };
    },
    advance(byMs) {
      if (byMs < 0) throw new RangeError(`The clock does not go back, got ${byMs} ms`);
      ahead += byMs;
      advanced += byMs;
      for (const timer of waiting) {
        timer.stop();
        timer.stop = arm(timer);
      }
    },
  };
}
