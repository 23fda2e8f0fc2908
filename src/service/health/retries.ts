/** Attempts that failed lately, by step, against what is usual: where more fail than usual, a retry storm is under way. */
import type { RunEvent } from '../../engine/announcer.ts';

export const windowMinutes = 5;
/** Over how long "usual" is learned, the window included. */
const memoryMinutes = 60;
/** Below it there is no "usual" yet. */
const leastMinutes = 2 * windowMinutes;
/** Steps that are remembered; the one that failed longest ago is forgotten for another. */
const maxSteps = 500;
/** A storm: so many failures in the window, at least every second attempt, and so many times what is usual. */
const storm = { failures: 20, share: 0.5, timesUsual: 3 } as const;
const msOfMinute = 60_000;
const maxMessage = 300;

export interface StepFailures {
  readonly workflow: string;
  readonly step: string;
  /** That ended in the last `windowMinutes`. */
  readonly attempts: number;
  /** Of them. */
  readonly failures: number;
  /** Failures in as long a time, over the hour before; `null`: it was not watched long enough. */
  readonly usualFailures: number | null;
  readonly isStorm: boolean;
  /** Of the latest that failed. */
  readonly lastError: string | null;
}

interface Minute {
  readonly minute: number;
  attempts: number;
  failures: number;
}

interface Watched {
  readonly workflow: string;
  readonly step: string;
  /** Ascending, without those in which nothing ended. */
  minutes: Minute[];
  lastError: string | null;
  lastFailureMs: number;
}

export function createRetryMeter(sinceMs: number) {
  const steps = new Map<string, Watched>();

  function watched(workflow: string, step: string): Watched {
    const key = JSON.stringify([workflow, step]);
    const known = steps.get(key);
    if (known !== undefined) return known;
    if (steps.size >= maxSteps) forgetOne();
    const fresh = { workflow, step, minutes: [], lastError: null, lastFailureMs: 0 };
    steps.set(key, fresh);
    return fresh;
  }

  function forgetOne(): void {
    let oldest: readonly [string, Watched] | null = null;
    for (const each of steps)
      if (oldest === null || each[1].lastFailureMs < oldest[1].lastFailureMs) oldest = each;
    if (oldest !== null) steps.delete(oldest[0]);
  }

  return {
    note({ workflow, entry }: RunEvent): void {
      const { step, attempt, error, atMs } = entry;
      if (step === null || attempt === null) return;
      // A step that never failed is no concern, however often it is tried.
      // What is not tried again is an incident, not a retry.
      const isRetried = error !== null && error['retryable'] !== false;
      if (!isRetried && !steps.has(JSON.stringify([workflow, step]))) return;
      const each = watched(workflow, step);
      const minute = Math.floor(atMs / msOfMinute);
      let last = each.minutes.at(-1);
      if (last === undefined || last.minute < minute) {
        last = { minute, attempts: 0, failures: 0 };
        each.minutes = [...each.minutes.filter((old) => old.minute > minute - memoryMinutes), last];
      }
      last.attempts += 1;
      if (!isRetried) return;
      last.failures += 1;
      const { message } = error;
      each.lastError = typeof message === 'string' ? message.slice(0, maxMessage) : null;
      each.lastFailureMs = atMs;
    },
    /** Steps of which an attempt failed in the window, those with the most first. */
    list(nowMs: number): readonly StepFailures[] {
      const now = Math.floor(nowMs / msOfMinute);
      const watchedMinutes = Math.min(memoryMinutes, (nowMs - sinceMs) / msOfMinute);
      return [...steps.values()]
        .map((each) => failuresOf(each, now, watchedMinutes))
        .filter(({ failures }) => failures > 0)
        .sort((a, b) => b.failures - a.failures);
    },
  };
}

export type RetryMeter = ReturnType<typeof createRetryMeter>;

function failuresOf(
  { workflow, step, minutes, lastError }: Watched,
  now: number,
  watchedMinutes: number,
): StepFailures {
  const lately = minutes.filter(({ minute }) => minute > now - windowMinutes);
  const before = minutes.filter(
    ({ minute }) => minute <= now - windowMinutes && minute > now - memoryMinutes,
  );
  const attempts = sum(lately, 'attempts');
  const failures = sum(lately, 'failures');
  const usualFailures =
    watchedMinutes < leastMinutes
      ? null
      : round((sum(before, 'failures') * windowMinutes) / (watchedMinutes - windowMinutes));
  const isStorm =
    failures >= storm.failures &&
    failures >= storm.share * attempts &&
    failures >= storm.timesUsual * (usualFailures ?? 0);
  return { workflow, step, attempts, failures, usualFailures, isStorm, lastError };
}

function sum(minutes: readonly Minute[], field: 'attempts' | 'failures'): number {
  return minutes.reduce((total, minute) => total + minute[field], 0);
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
