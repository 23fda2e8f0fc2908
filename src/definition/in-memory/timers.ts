/** When what the chart waits for comes by itself. */

import { attemptsOf } from '../../chart/context.ts';
import type { FailureSummary } from '../../chart/events.ts';
import { escalationLevel, escalationName } from '../../chart/review-states.ts';
import { maxDurationMs, parseDuration } from '../../plan/duration.ts';
import type { Escalation } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { callOf } from '../../plan/task-call.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import { noJitter } from './attempts.ts';
import { type MachineContext, type MachineEvent, type Parts, readerOf } from './memory.ts';
import { type UndoEntry, undoDelayMs } from './undo.ts';

export interface Timer {
  readonly event: MachineEvent;
  readonly delayMs: number;
}

/** @throws RangeError if a sleep is told a time that is none */
export function timerOf(
  parts: Parts,
  context: MachineContext,
  cause: MachineEvent,
  { step, name }: { readonly step: string; readonly name: string },
  undoing: () => UndoEntry | undefined,
): Timer {
  const { plan, index } = parts;
  const type = `${step}.${name}`;
  if (step === 'run') {
    const ms = plan.timeoutMs ?? 0;
    const message = `The run took longer than ${ms} ms`;
    return { event: { type, failure: timedOut(step, 'RunTimedOut', message) }, delayMs: ms };
  }
  if (step === 'undo') {
    const delayMs = undoDelayMs(undoing(), context.undo?.attempts ?? 1, cause.retryAfterMs);
    return { event: { type }, delayMs };
  }
  const level = escalationLevel(name);
  if (level !== null)
    return { event: { type }, delayMs: escalationsOf(parts, step)[level - 1]?.afterMs ?? 0 };
  const node = index.nodes.get(step);
  if (node?.kind === 'sleep') {
    const value = resolveWiring(node.for, readerOf(parts, context.memory));
    return { event: { type }, delayMs: sleepMs(step, value) };
  }
  if (node?.kind !== 'task') return { event: { type }, delayMs: 0 };
  if (name === 'deadline_passed') {
    const ms = node.withinMs ?? 0;
    const message = `Step "${step}" took longer than ${ms} ms`;
    return { event: { type, failure: timedOut(step, 'StepTimedOut', message) }, delayMs: ms };
  }
  const call = callOf(node, cause.fallback === true);
  const made = Math.max(1, attemptsOf(context, step));
  return {
    event: { type },
    delayMs: nextDelayMs(call.retry, made, noJitter, cause.retryAfterMs) ?? 0,
  };
}

/** The review or wait ends by itself; `null`: never. */
export function expiryOf({ plan, index }: Parts, step: string): Timer | null {
  const node = index.nodes.get(step);
  if (node?.kind === 'wait') {
    if (node.withinMs === undefined) return null;
    const message = `Event "${node.event}" did not come in time`;
    const failure = timedOut(step, 'EventTimedOut', message);
    return { event: { type: `${step}.timed_out`, failure }, delayMs: node.withinMs };
  }
  const delayMs = node?.kind === 'review' ? node.expiresMs : plan.finish.expiresMs;
  if (delayMs === undefined || (node?.kind !== 'review' && step !== 'completion')) return null;
  const message = `Review "${step}" expired before anybody decided`;
  return {
    event: { type: `${step}.expired`, failure: timedOut(step, 'ReviewExpired', message) },
    delayMs,
  };
}

export function escalationsOf({ plan, index }: Parts, step: string): readonly Escalation[] {
  if (step === 'completion') return plan.finish.escalate ?? [];
  const node = index.nodes.get(step);
  return node?.kind === 'review' ? (node.escalate ?? []) : [];
}

export function escalationNames(parts: Parts, step: string): readonly string[] {
  return escalationsOf(parts, step).map((_, index) => escalationName(index + 1));
}

/** Names of everything a step may be waiting for. */
export const timerNames = [
  'fired',
  'retry_due',
  'deferral_over',
  'deadline_passed',
  'timed_out',
  'expired',
  'grace_over',
] as const;

function timedOut(step: string, name: string, message: string): FailureSummary {
  return { step, name, message, retryable: false };
}

function sleepMs(step: string, value: unknown): number {
  const delayMs = typeof value === 'string' ? parseDuration(value) : value;
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= maxDurationMs) return delayMs;
  const given = JSON.stringify(value) ?? 'undefined';
  throw new RangeError(`Step "${step}" sleeps for ${given}, which is not a duration such as "30s"`);
}
