/** A queue of messages outside: what is received comes again unless it is acknowledged. */

export interface QueueMessage {
  /** Stays the same however often the message is delivered. At most 200 characters. */
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Deliveries so far, counted from 1. */
  readonly attempt: number;
  /** Of this delivery. */
  readonly receipt: string;
}

/** A queue that delivers each message at least once, until it is acknowledged. */
export interface MessageQueue {
  /**
   * Waits for messages, and hides what it gives from other receivers for a while.
   *
   * @param options - `max`: 1 to 100; `signal` ends the wait
   * @returns some, at most `max`; none if the wait has ended
   */
  receive(options: {
    readonly max: number;
    readonly signal: AbortSignal;
  }): Promise<readonly QueueMessage[]>;
  /** Removes the message for good. Acknowledging what has gone already is no error. */
  ack(receipt: string): Promise<void>;
  /** Lets the message be delivered again, `delayMs` from now. */
  nack(receipt: string, options: { readonly delayMs: number }): Promise<void>;
  /** Hides the message for `forMs` more, from now. */
  extend(receipt: string, options: { readonly forMs: number }): Promise<void>;
}
