import { maxDurationMs } from './duration.ts';
import type { RetryPolicy } from './plan.ts';

/**
 * Wait before the next attempt: `initialMs * factor ** (attempt - 1)`, capped at `maxMs`, drawn evenly from [0, wait) with full jitter.
 * A service that named an earliest time is never asked before it.
 *
 * @param attempt - attempts made so far, counted from 1
 * @param random - in [0, 1), kept in the history so that replay agrees
 * @returns milliseconds, or `null` when the policy allows no further attempt
 */
export function nextDelayMs(
  policy: RetryPolicy,
  attempt: number,
  random: number,
  retryAfterMs = 0,
): number | null {
  if (!(attempt >= 1)) throw new RangeError(`attempt counts from 1, got ${attempt}`);
  if (attempt >= policy.maxAttempts) return null;
  const { kind, initialMs, factor, maxMs, jitter } = policy.backoff;
  const computed = kind === 'fixed' ? initialMs : initialMs * factor ** (attempt - 1);
  const capped = Math.min(computed, maxMs);
  const waitMs = Math.round(jitter === 'full' ? capped * random : capped);
  return Number.isNaN(retryAfterMs)
    ? waitMs
    : Math.min(Math.max(Math.ceil(retryAfterMs), waitMs), maxDurationMs);
}
