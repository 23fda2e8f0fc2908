import type { Priority } from '../plan/plan.ts';

/** A piece of work the engine hands out: who runs it and when is the dispatcher's, what happens is the engine's. */
export interface Job {
  /** Unique per attempt; giving the same id twice may run it once or twice. */
  readonly id: string;
  readonly queue: string;
  readonly priority: Priority;
  run(): Promise<void>;
}

/**
 * Decides which job runs when. May run a job twice or lose it without harm: the store is the only truth, and the engine hands out again
 * what was scheduled and not finished.
 */
export interface Dispatcher {
  dispatch(job: Job): void;
  /** Jobs handed over and not yet ended. */
  readonly depth: { readonly waiting: number; readonly running: number };
  /** Starts no further job and resolves when the running ones have ended. */
  drain(): Promise<void>;
}
