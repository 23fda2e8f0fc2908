import type { Clock } from '../ports/clock.ts';

/** Lets one reader sleep until there is something for it. */
export interface Wake {
  readonly now: () => void;
  /** Until `now` is called (also if it was since the last wait), the time is up, or the reader has left. `null`: without limit. */
  wait(timeMs: number | null): Promise<void>;
}

export function createWake(clock: Clock, signal: AbortSignal): Wake {
  let isDue = false;
  let resume = () => {};
  return {
    now() {
      isDue = true;
      resume();
    },
    async wait(timeMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (!isDue && !signal.aborted) {
        resume = resolve;
        signal.addEventListener('abort', resume);
        const cancel = timeMs === null ? () => {} : clock.after(timeMs, resolve);
        await promise;
        cancel();
        signal.removeEventListener('abort', resume);
      }
      isDue = false;
    },
  };
}
