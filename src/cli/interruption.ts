/** Ctrl-C and the wish of a supervisor to stop: the first is heeded in an orderly way, the second ends the process at once. */
import { constants } from 'node:os';

export interface Interruption {
  /** Resolves with the first signal; else never. */
  readonly happened: Promise<NodeJS.Signals>;
  readonly signal: NodeJS.Signals | null;
}

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`Stopped by ${signal}`);
    this.signal = signal;
  }
}

/** As shells report it: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Who stops a group of processes reaches each of them twice: directly, and through the one that started it. */
const sameMs = 500;

export function watchSignals(): Interruption {
  let signal: NodeJS.Signals | null = null;
  let firstMs = 0;
  const happened = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        const nowMs = performance.now();
        if (signal !== null && nowMs - firstMs < sameMs) return;
        if (signal !== null) process.exit(exitCodeOf(name));
        signal = name;
        firstMs = nowMs;
        resolve(name);
      });
    }
  });
  return {
    happened,
    get signal() {
      return signal;
    },
  };
}
