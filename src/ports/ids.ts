/** Ids and draws. Ids sort by their time of creation, contain only `[0-9a-z-]` and are at most 64 characters long. */
export interface Ids {
  runId(): string;
  /** Unguessable; used for attempt tokens and salts. */
  token(): string;
  /** In [0, 1). */
  random(): number;
}
