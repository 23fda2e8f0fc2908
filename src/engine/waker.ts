import type { Clock } from '../ports/clock.ts';

/** One alarm for all runs: rings at the earliest time asked for, and again and again in between so that jumps of the wall clock are seen. */
export interface Waker {
  /** Rings at this wall time at the latest. */
  at(dueAtMs: number): void;
  /** Rings as soon as possible. */
  now(): void;
  stop(): void;
}

export function createWaker(clock: Clock, maxSleepMs: number, ring: () => void): Waker {
  let cancel: (() => void) | null = null;
  let nextMs = Number.POSITIVE_INFINITY;
  let isStopped = false;

  function arm(): void {
    cancel?.();
    if (isStopped) return;
    const delayMs = Math.max(0, Math.min(nextMs - clock.nowMs(), maxSleepMs));
    cancel = clock.after(delayMs, () => {
      nextMs = Number.POSITIVE_INFINITY;
      cancel = null;
      ring();
    });
  }

  return {
    at(dueAtMs) {
      if (isStopped || (dueAtMs >= nextMs && cancel !== null)) return;
      nextMs = Math.min(nextMs, dueAtMs);
      arm();
    },
    now() {
      nextMs = Number.NEGATIVE_INFINITY;
      arm();
    },
    stop() {
      isStopped = true;
      cancel?.();
      cancel = null;
    },
  };
}
