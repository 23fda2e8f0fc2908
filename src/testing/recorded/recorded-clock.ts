import type { Clock } from '../../ports/clock.ts';

/** A clock that is set to the moments of a recording; timers go off only when they are asked to. */
export class RecordedClock implements Clock {
  #nowMs: number;
  #timers: { readonly dueMs: number; readonly wake: () => void }[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, wake: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), wake };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Never goes back. */
  set(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  /** Wakes what is due by now, earliest first. */
  ring(): void {
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs);
    for (const { wake } of due.sort((a, b) => a.dueMs - b.dueMs)) wake();
  }
}
