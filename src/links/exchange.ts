/** A request as any framework has it. */
export interface DecisionRequest {
  readonly method: string;
  /** With the query; the host does not matter. */
  readonly url: string;
  /** The header `Content-Type` of a POST. */
  readonly contentType?: string | undefined;
  /** At most 64 KiB; see that the framework limits it. */
  readonly body?: string;
}

/** The answer of a decision handler, for any HTTP server. */
export interface DecisionResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
