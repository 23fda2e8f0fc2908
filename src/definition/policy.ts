import { z } from 'zod';
import type { BreakerPolicy, Priority, RetryPolicy } from '../plan/plan.ts';
import { count, duration, durationOrZero, functionOption, label, oneOf } from './options.ts';
import type { Duration } from './types.ts';

/** How often and when a failed attempt is repeated. Only `TransientError` is repeated. */
export interface Retry {
  /** Attempts in all, the first included. */
  maxAttempts: number;
  /** Default: exponential from `1s`, doubling, at most `60s`, no jitter. */
  backoff?: {
    kind: 'fixed' | 'exponential';
    initial: Duration;
    /** Of an exponential backoff; default 2. */
    factor?: number;
    max?: Duration;
    /** `full` draws the wait evenly between zero and the computed wait. */
    jitter?: 'none' | 'full';
  };
}

/** A circuit breaker: it lets no more calls through after so many failures, until one that probes succeeds. All runs on one store share it. */
export interface Breaker {
  /** Tasks that name the same breaker share it. */
  name: string;
  /** Consecutive transient failures that open it. */
  failureThreshold: number;
  /** After this long one request may probe. */
  resetAfter: Duration;
  /** `wait` (default): the step backs off until the probe; `fail`: it fails with `CircuitOpenError`. */
  whenOpen?: 'wait' | 'fail';
}

/** How a task is delivered to its handler. */
export interface Delivery {
  /** Default: one attempt. */
  retry?: Retry;
  /** Limit of one attempt. */
  timeout?: Duration;
  /** An attempt that calls `heartbeat` less often than this counts as lost. */
  heartbeatTimeout?: Duration;
  breaker?: Breaker;
  /** Default: `default`. */
  queue?: string;
  priority?: Priority;
}

const second = 1_000;
const defaultBackoff: RetryPolicy['backoff'] = {
  kind: 'exponential',
  initialMs: second,
  factor: 2,
  maxMs: 60 * second,
  jitter: 'none',
};
export const noRetry: RetryPolicy = { maxAttempts: 1, backoff: defaultBackoff };

const backoffOption = z
  .strictObject({
    kind: oneOf('fixed', 'exponential'),
    initial: durationOrZero,
    factor: z
      .number({ error: 'must be a number from 1 to 1000' })
      .min(1, 'must be a number from 1 to 1000')
      .max(1_000, 'must be a number from 1 to 1000')
      .optional(),
    max: duration.optional(),
    jitter: oneOf('none', 'full').optional(),
  })
  .transform((given, context): RetryPolicy['backoff'] => {
    if (given.max !== undefined && given.max < given.initial) {
      context.addIssue({ code: 'custom', message: 'has a "max" below its "initial"' });
    }
    const isFixed = given.kind === 'fixed';
    return {
      kind: given.kind,
      initialMs: given.initial,
      factor: isFixed ? 1 : (given.factor ?? defaultBackoff.factor),
      maxMs: given.max ?? (isFixed ? given.initial : Math.max(defaultBackoff.maxMs, given.initial)),
      jitter: given.jitter ?? 'none',
    };
  });

export const retryOption = z
  .strictObject({ maxAttempts: count(1), backoff: backoffOption.optional() })
  .transform(
    (given): RetryPolicy => ({
      maxAttempts: given.maxAttempts,
      backoff: given.backoff ?? defaultBackoff,
    }),
  );

const breakerOption = z
  .strictObject({
    name: label,
    failureThreshold: count(1),
    resetAfter: duration,
    whenOpen: oneOf('wait', 'fail').optional(),
  })
  .transform(
    (given): BreakerPolicy => ({
      name: given.name,
      failureThreshold: given.failureThreshold,
      resetAfterMs: given.resetAfter,
      whenOpen: given.whenOpen ?? 'wait',
    }),
  );

export const priorityOption = oneOf('high', 'default', 'low');

export const deliveryOptions = {
  retry: retryOption.optional(),
  timeout: duration.optional(),
  heartbeatTimeout: duration.optional(),
  breaker: breakerOption.optional(),
  queue: label.optional(),
  priority: priorityOption.optional(),
};

/** What a task's `compensate` may be; anything else is answered with what to write. */
export const compensateOption = z.union(
  [
    z.literal('none'),
    z.literal('irreversible'),
    functionOption<(context: never) => Promise<void>>(),
    z.strictObject({
      run: functionOption<(context: never) => Promise<void>>(),
      retry: retryOption.optional(),
      timeout: duration.optional(),
    }),
  ],
  {
    error: () =>
      "must be declared: 'none' if there is nothing to undo (it only reads), 'irreversible' if it cannot be undone, or the function that undoes it",
  },
);
