import { PermanentError, TransientError } from '../errors.ts';

/** Statuses below 500 that a later attempt may turn: request timeout, too early, too many requests. */
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The error for an HTTP status that is no success: transient for 408, 425, 429 and 5xx, permanent for every other, because asking again changes
 * nothing about a wrong request.
 *
 * @param message - what the service says; default, also of an empty body: the status
 * @param options.retryAfter - the header `Retry-After` as received: seconds, or an HTTP date (RFC 9110, section 10.2.3); nonsense is ignored
 * @param options.nowMs - now, needed for a date
 * @example
 * if (!response.ok) {
 *   throw failureOfStatus(response.status, await response.text(), { retryAfter: response.headers.get('retry-after'), nowMs: Date.now() });
 * }
 */
export function failureOfStatus(
  status: number,
  message?: string,
  options: { retryAfter?: string | null; nowMs?: number } = {},
): TransientError | PermanentError {
  const text = message?.trim() || `HTTP status ${status}`;
  const isTransient = transientStatuses.has(status) || (status >= 500 && status <= 599);
  if (!isTransient) return new PermanentError(text);
  const retryAfterMs = retryAfterMsOf(options.retryAfter, options.nowMs);
  return new TransientError(text, retryAfterMs === null ? {} : { retryAfterMs });
}

const imfDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function retryAfterMsOf(
  header: string | null | undefined,
  nowMs: number | undefined,
): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  if (nowMs === undefined || !imfDate.test(text)) return null;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
