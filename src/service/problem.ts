/** Errors as problem details (RFC 9457); the only place where codes become statuses. */
import type { ErrorCode } from '../errors.ts';
import { SignalboxError } from '../errors.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  DEFINITION_INVALID: 422,
  INPUT_INVALID: 422,
  FORM_INVALID: 422,
  VALUE_NOT_SERIALISABLE: 422,
  PAYLOAD_TOO_LARGE: 413,
  INVALID_TRANSITION: 409,
  RUN_NOT_FOUND: 404,
  VIEW_UNKNOWN: 404,
  VIEWS_FULL: 409,
  WORKFLOW_UNKNOWN: 404,
  SEQUENCE_UNKNOWN: 404,
  STEP_UNKNOWN: 404,
  PATH_UNKNOWN: 422,
  SIGNAL_UNKNOWN: 422,
  SIGNAL_NOT_EXPECTED: 409,
  SIGNAL_BUFFER_FULL: 429,
  RUN_FINISHED: 409,
  RUN_CONFLICT: 409,
  KEY_CONFLICT: 409,
  REVIEW_NOT_OPEN: 409,
  REQUEST_INVALID: 400,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_CONFLICT: 409,
  IDEMPOTENCY_UNKNOWN: 409,
  TIMED_OUT: 503,
  RATE_LIMITED: 429,
  REQUEST_TOO_SLOW: 408,
  BODY_READ: 500,
  WEBHOOK_UNKNOWN: 404,
  WEBHOOK_CLOSED: 503,
  WEBHOOK_UNSIGNED: 401,
  WEBHOOK_INVALID: 400,
  WEBHOOK_BUSY: 503,
  SENDER_UNAVAILABLE: 503,
  DELIVERY_NOT_FOUND: 404,
  ENDPOINT_NOT_FOUND: 404,
  OUTPUT_INVALID: 409,
  LEASE_LOST: 409,
  MAP_TOO_LARGE: 413,
  REVIEW_FORBIDDEN: 403,
  REVIEW_CLAIMED: 409,
  REVIEW_CHANGED: 412,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  SIGN_IN_REQUIRED: 403,
  SIGN_IN_FAILED: 403,
  SIGN_IN_UNAVAILABLE: 503,
  TOO_MANY_ATTEMPTS: 429,
  TOKEN_UNKNOWN: 404,
  SESSION_UNKNOWN: 404,
  NOT_UNDONE: 409,
  NOTHING_TO_UNDO: 409,
  WOULD_REPEAT: 409,
  HISTORY_UNREADABLE: 409,
  RUN_DAMAGED: 409,
  DEFINITION_MISSING: 409,
  PLAN_MISMATCH: 409,
  STORE_LOCKED: 503,
  STORE_UNAVAILABLE: 503,
  STORE_DAMAGED: 503,
  STORE_READ_ONLY: 503,
  CLOSED: 503,
  TRIGGER_UNKNOWN: 404,
  BATCH_UNKNOWN: 404,
  INCIDENT_UNKNOWN: 404,
  TRIGGER_CONFLICT: 409,
};

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint?: string;
  readonly [extra: string]: unknown;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof SignalboxError) {
    const { code, message, hint, details } = error;
    return {
      type: `urn:signalbox:error:${code}`,
      title: titleOf(code),
      status: statuses[code] ?? 500,
      detail: message,
      code,
      ...(hint === undefined ? {} : { hint }),
      ...(details['issues'] === undefined ? {} : { issues: details['issues'] }),
    };
  }
  return {
    type: 'about:blank',
    title: 'Internal error',
    status: 500,
    detail: 'The service failed to answer; its log says why',
    code: 'INTERNAL',
  };
}

function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
