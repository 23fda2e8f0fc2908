import type { Clock } from '../../ports/clock.ts';

/** Longest delay a Node timer takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, wake) {
    let timer: NodeJS.Timeout;
    const endMs = performance.now() + delayMs;
    const arm = () => {
      const leftMs = Math.ceil(endMs - performance.now());
      timer = setTimeout(ring, Math.min(Math.max(0, leftMs), maxTimerMs));
    };
    // Timers of Node may ring a little before their time, and a long delay takes several.
    const ring = () => {
      if (performance.now() < endMs) arm();
      else wake();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
