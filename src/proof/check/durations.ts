/** How long steps take, as far as the definition says. */
import { parseDuration } from '../../plan/duration.ts';
import type { RetryPolicy, StepNode, TaskCall, TaskStep } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';

/** Without failures; what is not declared takes no time. */
export function shortestMs(step: StepNode): number {
  if (step.kind === 'task') return step.expectedMs ?? 0;
  return step.kind === 'sleep' ? (sleepMs(step.for) ?? 0) : 0;
}

/** With every attempt cut off, every wait waited, every deadline used up; `null`: the definition sets no bound. */
export function longestMs(step: StepNode): number | null {
  switch (step.kind) {
    case 'task':
      return longestTaskMs(step);
    case 'review':
      return step.approve.by === 'automatic' ? 0 : (step.expiresMs ?? null);
    case 'wait':
      return step.withinMs ?? null;
    case 'sleep':
      return sleepMs(step.for);
    case 'child':
    case 'map':
      return null;
    case 'emit':
    case 'fail':
      return 0;
    default:
      return step satisfies never;
  }
}

function longestTaskMs(step: TaskStep): number | null {
  const sum = attemptsMs(step);
  const { withinMs } = step;
  if (withinMs === undefined) return sum;
  return sum === null ? withinMs : Math.min(sum, withinMs);
}

/** All attempts and the waits between them, whatever limit the step has; `null`: no bound. */
export function attemptsMs({ call, fallback }: TaskStep): number | null {
  const calls = [callMs(call), fallback === undefined ? 0 : callMs(fallback)];
  return calls.reduce<number | null>(
    (total, ms) => (total === null || ms === null ? null : total + ms),
    0,
  );
}

function callMs({ timeoutMs, retry, repeat, breaker }: TaskCall): number | null {
  // A person answers for an attempt without a verdict; an open breaker is waited for.
  if (timeoutMs === undefined || repeat === 'unsafe' || breaker?.whenOpen === 'wait') return null;
  return timeoutMs * retry.maxAttempts + backoffMs(retry);
}

/** All waits between attempts; attempts beyond these many wait the longest. */
const spelledOut = 1_000;

function backoffMs(policy: RetryPolicy): number {
  const waits = policy.maxAttempts - 1;
  let sum = 0;
  for (let attempt = 1; attempt <= Math.min(waits, spelledOut); attempt += 1)
    sum += nextDelayMs(policy, attempt, 1) ?? 0;
  return sum + Math.max(0, waits - spelledOut) * policy.backoff.maxMs;
}

function sleepMs(wiring: Extract<StepNode, { kind: 'sleep' }>['for']): number | null {
  if (wiring.kind !== 'literal') return null;
  const { value } = wiring;
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parseDuration(value) : null;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `1h 30m`: the two largest units, as durations are written in definitions. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let left = Math.round(ms);
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) return parts.join(' ');
  }
  if (parts.length === 0) return `${left}ms`;
  return left > 0 && parts.length === 1 && parts[0]?.endsWith('s') === true
    ? `${parts[0]} ${left}ms`
    : parts.join(' ');
}
