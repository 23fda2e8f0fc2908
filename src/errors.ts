/** Every code a {@link SignalboxError} can carry; each has a heading of the same name in docs/errors.md. */
export const errorCodes = [
  'DEFINITION_INVALID',
  'INPUT_INVALID',
  'OUTPUT_INVALID',
  'VALUE_NOT_SERIALISABLE',
  'PAYLOAD_TOO_LARGE',
  'INVALID_TRANSITION',
  'RUN_NOT_FOUND',
  'RUN_FINISHED',
  'RUN_FAILED',
  'RUN_CANCELLED',
  'RUN_DAMAGED',
  'RUN_CONFLICT',
  'KEY_CONFLICT',
  'REVIEW_NOT_OPEN',
  'REVIEW_FORBIDDEN',
  'REVIEW_CLAIMED',
  'REVIEW_CHANGED',
  'FORM_INVALID',
  'SIGNAL_UNKNOWN',
  'SIGNAL_NOT_EXPECTED',
  'SIGNAL_BUFFER_FULL',
  'WORKFLOW_UNKNOWN',
  'DEFINITION_MISSING',
  'PLAN_MISMATCH',
  'LEASE_LOST',
  'STORE_LOCKED',
  'STORE_UNAVAILABLE',
  'STORE_DAMAGED',
  'STORE_TOO_NEW',
  'STORE_READ_ONLY',
  'MAP_TOO_LARGE',
  'CLOSED',
  'NOT_UNDONE',
  'NOTHING_TO_UNDO',
  'HISTORY_UNREADABLE',
  'SEQUENCE_UNKNOWN',
  'WOULD_REPEAT',
  'PATH_UNKNOWN',
  'PACKAGE_MISSING',
  'BLOB_MISSING',
  'BLOB_DAMAGED',
  'SECRET_INVALID',
  'SERVICE_UNREACHABLE',
  'ADDRESS_IN_USE',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'HOST_REFUSED',
  'ORIGIN_REFUSED',
  'SIGN_IN_REQUIRED',
  'SIGN_IN_FAILED',
  'SIGN_IN_UNAVAILABLE',
  'TOO_MANY_ATTEMPTS',
  'TOKEN_UNKNOWN',
  'SESSION_UNKNOWN',
  'REQUEST_INVALID',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'UNSUPPORTED_MEDIA_TYPE',
  'IDEMPOTENCY_CONFLICT',
  'IDEMPOTENCY_UNKNOWN',
  'TIMED_OUT',
  'RATE_LIMITED',
  'STEP_UNKNOWN',
  'TRIGGER_UNKNOWN',
  'BATCH_UNKNOWN',
  'INCIDENT_UNKNOWN',
  'TRIGGER_CONFLICT',
  'REQUEST_TOO_SLOW',
  'BODY_READ',
  'WEBHOOK_UNKNOWN',
  'WEBHOOK_CLOSED',
  'WEBHOOK_UNSIGNED',
  'WEBHOOK_INVALID',
  'WEBHOOK_BUSY',
  'SENDER_UNAVAILABLE',
  'DELIVERY_NOT_FOUND',
  'ENDPOINT_NOT_FOUND',
  'VIEW_UNKNOWN',
  'VIEWS_FULL',
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorOptionsWithDetails {
  /** Ids and values that a program may want: `{ runId, step, … }`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What to do about it, one sentence; the CLI prints it on a line of its own. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error of the engine or of its use, with a stable `code`. What a task throws is never one of these. */
export class SignalboxError extends Error {
  override readonly name = 'SignalboxError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  /** What to do about it, where the message does not say it; declared only, so that printing an error without one shows none. */
  declare readonly hint?: string;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsWithDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    if (options.hint !== undefined) this.hint = options.hint;
  }
}

/** Thrown by a task: the effect did not happen and a later attempt may succeed (time-out of the network, rate limit, 503). */
export class TransientError extends Error {
  override readonly name: string = 'TransientError';
  /** Earliest useful time of the next attempt, in milliseconds from now; `undefined` leaves it to the retry policy. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Thrown by a task: no later attempt can succeed (invalid input, refused credentials, not found). */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
}

/** Thrown by a task: nobody can say whether the effect happened (answer lost on the wire). Opens an `in_doubt` review of an unsafe task. */
export class OutcomeUnknownError extends Error {
  override readonly name: string = 'OutcomeUnknownError';
}

/** The circuit breaker is open and the task asked to fail rather than to wait. */
export class CircuitOpenError extends PermanentError {
  override readonly name: string = 'CircuitOpenError';

  constructor(breaker: string) {
    super(`Circuit is open: breaker "${breaker}" lets no request through`);
  }
}
