/** Durable waits: a step that sleeps, limits, and the time before the next attempt. */
import { escalationLevel } from '../../chart/review-states.ts';
import { failureOf } from '../../failure.ts';
import { maxDurationMs, parseDuration } from '../../plan/duration.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import { type Draft, openItem } from '../draft.ts';
import { faulted, type Incoming } from '../incoming.ts';
import { readerOf } from '../live-run.ts';
import { policyOf } from '../review-policy.ts';

export function startTimer(
  draft: Draft,
  step: string,
  name: string,
  cause: Incoming,
): readonly Incoming[] {
  const { tools } = draft;
  let delayMs: number;
  try {
    delayMs = timerDelay(draft, step, name, cause);
  } catch (error) {
    const failure = failureOf(error);
    return [faulted({ step, name: failure.name, message: failure.message, retryable: false })];
  }
  openItem(draft, {
    kind: 'timer',
    step,
    name,
    sinceMs: tools.nowMs,
    dueAtMs: tools.nowMs + delayMs,
    ...(cause.why === undefined ? {} : { why: cause.why }),
  });
  return [];
}

function timerDelay(draft: Draft, step: string, name: string, cause: Incoming): number {
  const { plan } = draft.run.definition;
  if (step === 'run') return plan.timeoutMs ?? 0;
  const level = escalationLevel(name);
  if (level !== null)
    return (
      policyOf(plan, draft.run.definition.index.nodes, step).escalate?.[level - 1]?.afterMs ?? 0
    );
  const node = draft.run.definition.index.nodes.get(step);
  if (name === 'fired' && node?.kind === 'sleep')
    return sleepMs(step, resolveWiring(node.for, readerOf(draft.run)));
  if (name === 'deadline_passed' && node?.kind === 'task') return node.withinMs ?? 0;
  return cause.delayMs ?? 0;
}

function sleepMs(step: string, value: unknown): number {
  const delayMs = typeof value === 'string' ? parseDuration(value) : value;
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= maxDurationMs)
    return Math.ceil(delayMs);
  throw new RangeError(
    `Step "${step}" sleeps for ${JSON.stringify(value) ?? 'undefined'}, which is not a duration such as "30s"`,
  );
}
