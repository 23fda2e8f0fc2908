import type { FailureSummary } from '../chart/events.ts';
import type { JsonObject } from '../plan/json.ts';
import type { AttemptFailure } from '../ports/executor.ts';

/** What the chart and the run keep of a failed attempt. */
export function summaryOf(step: string, failure: AttemptFailure): FailureSummary {
  const { name, message, retryable, code, cause } = failure;
  return {
    step,
    name,
    message,
    retryable,
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** The failure as the history holds it. */
export function toError(failure: FailureSummary): JsonObject {
  const { step, name, message, retryable, code, cause } = failure;
  return {
    step,
    name,
    message,
    retryable,
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause }),
  };
}
