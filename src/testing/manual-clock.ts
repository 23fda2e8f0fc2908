import type { Clock } from '../ports/clock.ts';

/**
 * A clock that stands still until it is told to move: a review of 24 hours expires in a test at once.
 *
 * @example
 * await clock.advance(24 * 60 * 60 * 1000);
 */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #timers: { readonly dueMs: number; readonly wake: () => void }[] = [];

  /** @param startMs - wall time in milliseconds since 1970; default 2026-01-01T00:00:00Z */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, wake: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), wake };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves both clocks on, waking timers in order and letting what they start come to rest before the next. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#monotonicMs + byMs;
    await settle();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      const timer = next;
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.#move(Math.max(0, timer.dueMs - this.#monotonicMs));
      timer.wake();
      await settle();
    }
    this.#move(endMs - this.#monotonicMs);
    await settle();
  }

  /** The wall clock jumps, as when somebody sets it; no timer notices. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }

  #next(endMs: number) {
    return this.#timers
      .filter((timer) => timer.dueMs <= endMs)
      .sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  #move(byMs: number): void {
    this.#monotonicMs += byMs;
    this.#nowMs += byMs;
  }
}

/** Lets promises, commits and what follows from them come to rest. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
