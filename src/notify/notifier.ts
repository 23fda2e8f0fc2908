/** A message to people, whatever carries it. */
export interface Notification {
  /**
   * The same for every attempt to send it: give the task's `idempotencyKey`. It becomes the delivery id or Message-ID, by which a receiver drops
   * the second copy.
   */
  readonly id: string;
  readonly title: string;
  /** Plain text; an empty line begins a paragraph. */
  readonly text: string;
  /** Default: none. */
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
  /** Links, as buttons where the channel has them. */
  readonly actions?: readonly NotificationAction[];
}

/** A link of a notification, drawn as a button. */
export interface NotificationAction {
  readonly label: string;
  readonly url: string;
  /** Default: `plain`. */
  readonly style?: 'primary' | 'danger' | 'plain';
}

/** A notification that the receiver has accepted. */
export interface Delivery {
  /** What it was sent by, such as `webhook`. */
  readonly channel: string;
  /** Delivery id or Message-ID, as the receiver sees it. */
  readonly deliveryId: string;
}

/**
 * Sends notifications by one channel. Call it inside a task: the run then knows whether it was sent, and the task's retries repeat it.
 *
 * Its errors are those of tasks: `TransientError` (not sent, try again), `PermanentError` (will never be taken), `OutcomeUnknownError` (sent, and
 * the answer was lost).
 */
export interface Notifier {
  readonly channel: string;
  notify(
    notification: Notification,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Delivery>;
}
