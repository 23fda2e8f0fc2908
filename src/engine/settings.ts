/** Limits and periods of an engine; every one can be set when it is created. */
export interface Settings {
  /** Largest input, output, signal or form, in bytes of JSON. */
  readonly maxPayloadBytes: number;
  /** How long a run stays with an engine that has died. */
  readonly leaseMs: number;
  /** How often a store shared by several processes is asked for work others left. */
  readonly pollMs: number;
  /** Longest sleep between looks at the wall clock, so that a jump of it is noticed. */
  readonly maxSleepMs: number;
  /** Times an attempt may be handed out again because its process died; then the run is quarantined. */
  readonly maxDispatches: number;
  /** Finished or waiting runs kept in memory. */
  readonly cachedRuns: number;
  /** How long a call waits for the process that holds the run. */
  readonly answerTimeoutMs: number;
  /**
   * Runs an engine looks after by itself: `all`, or its `own`: those it was asked about, their children, and parents they report to. For
   * processes that change one run and end: what is due elsewhere is left to an engine that looks after all.
   */
  readonly lookAfter: 'all' | 'own';
  /** How long an idempotency key of a start is remembered. */
  readonly keyTtlMs: number;
}

export const defaultSettings: Settings = {
  maxPayloadBytes: 256 * 1024,
  leaseMs: 10_000,
  pollMs: 500,
  maxSleepMs: 30_000,
  maxDispatches: 10,
  cachedRuns: 1_000,
  answerTimeoutMs: 30_000,
  lookAfter: 'all',
  keyTtlMs: 24 * 60 * 60 * 1000,
};
