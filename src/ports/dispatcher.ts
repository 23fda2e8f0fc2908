import type { Priority } from '../plan/plan.ts';

/** A piece of work the engine hands out: who runs it and when is the dispatcher's, what happens is the engine's. */
export interface Job {
  /** Unique per attempt; giving the same id twice may run it once or twice. */
  readonly id: string;
  readonly queue: string;
  readonly priority: Priority;
  run(): Promise<void>;
}

/** A queue with jobs, or with a limit of its own. */
export interface QueueStanding {
  readonly queue: string;
  /** Jobs of it at once; `null`: it shares the places of all. */
  readonly limit: number | null;
  readonly waiting: number;
  readonly running: number;
}

/**
 * Decides which job runs when. May run a job twice: the store is the only truth. One it throws at is handed out again soon; one it loses
 * without a word, when the engine is next opened.
 */
export interface Dispatcher {
  dispatch(job: Job): void;
  /** Jobs handed over and not yet ended. */
  readonly depth: { readonly waiting: number; readonly running: number };
  /** Its limits and how they are used; absent: it has none, or does not say. */
  readonly places?: {
    /** Jobs at once over all queues. */
    readonly limit: number | null;
    readonly queues: readonly QueueStanding[];
  };
  /** Starts no further job and resolves when the running ones have ended. */
  drain(): Promise<void>;
}
