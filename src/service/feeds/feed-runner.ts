/** What all feeds have: something that runs, and what is to be said about it. */
import type { Json } from '../../plan/json.ts';

/** Takes in one thing, durably. @returns `false` if it was taken in before @throws SignalboxError `WEBHOOK_BUSY`, `STORE_UNAVAILABLE` */
export type Accept = (source: string, id: string, payload: Json) => Promise<boolean>;

export interface FeedCounts {
  /** Since the service was started. */
  accepted: number;
  repeated: number;
}

export interface FeedRunner {
  readonly name: string;
  readonly counts: Readonly<FeedCounts>;
  /** When it last took something in, milliseconds since 1970. */
  readonly lastAtMs: number | null;
  /** Why it does not work at the moment. */
  readonly problem: string | null;
  start(): void;
  /** What is being taken in is taken in; nothing else is. */
  close(): Promise<void>;
}
