/** Time as the engine sees it. Wall time for what is stored and shown, monotonic time for the limits of running attempts. */
export interface Clock {
  /** Wall time in milliseconds since 1970; may jump either way. */
  nowMs(): number;
  /** Never goes back; the origin is arbitrary. */
  monotonicMs(): number;
  /** Calls `wake` once, `delayMs` from now or later. Any delay is allowed, also beyond 2^31 ms. Returns a function that cancels. */
  after(delayMs: number, wake: () => void): () => void;
}
