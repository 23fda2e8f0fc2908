import type { Clock } from '../../ports/clock.ts';

/** Longest delay a Node timer takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, wake) {
    let timer: NodeJS.Timeout;
    const startedMs = performance.now();
    const arm = () => {
      const leftMs = delayMs - (performance.now() - startedMs);
      timer = setTimeout(
        leftMs > maxTimerMs ? arm : wake,
        Math.min(Math.max(0, leftMs), maxTimerMs),
      );
    };
    arm();
    return () => clearTimeout(timer);
  },
};
