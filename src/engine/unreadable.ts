/** Runs that cannot go on here: they are left alone for a while, longer each time, since what they lack may come. */
import type { Clock } from '../ports/clock.ts';

export interface Unreadable {
  /** Whether the run is to be left alone now. */
  has(runId: string): boolean;
  /** How many there are, those whose time has come included. */
  readonly size: number;
  /** @returns whether it could go on before */
  add(runId: string): boolean;
  /** It goes on. */
  delete(runId: string): void;
  /** All are looked at again at once: this process knows more workflows than before. */
  clear(): void;
}

/** Another process may move a run to a version this one knows. */
const maxDelayMs = 10 * 60 * 1000;

export function createUnreadable(clock: Clock, firstDelayMs: number): Unreadable {
  const known = new Map<string, { readonly untilMs: number; readonly delayMs: number }>();
  return {
    has: (runId) => (known.get(runId)?.untilMs ?? 0) > clock.monotonicMs(),
    get size() {
      return known.size;
    },
    add(runId) {
      const before = known.get(runId)?.delayMs;
      const delayMs = before === undefined ? firstDelayMs : Math.min(before * 2, maxDelayMs);
      known.set(runId, { untilMs: clock.monotonicMs() + delayMs, delayMs });
      return before === undefined;
    },
    delete: (runId) => void known.delete(runId),
    clear: () => known.clear(),
  };
}
