/** Deadlines as events. */
import type { Json } from '../plan/json.ts';
import { applyEvent } from './apply.ts';
import { annotate, closeItems, type Draft } from './draft.ts';
import { toError } from './failure-data.ts';
import type { Incoming } from './incoming.ts';
import type { LiveRun } from './live-run.ts';
import { openMessage } from './review-messages.ts';
import { policyOf } from './review-policy.ts';
import type { OpenItem } from './run-body.ts';

/** Fires everything that is due, earliest first; what an earlier deadline withdraws does not fire. */
export function fireDue(draft: Draft): number {
  const { run, tools } = draft;
  let fired = 0;
  if (draft.hold !== null) return fired;
  while (true) {
    const due = run.open
      .filter((item) => item.dueAtMs !== null && item.dueAtMs <= tools.nowMs && isDeadline(item))
      .sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0))[0];
    if (due === undefined) return fired;
    closeItems(draft, (item) => item === due || (isGraceOver(due) && isWorkInHand(item)));
    applyEvent(draft, { ...deadlineEvent(run, due), lenient: true });
    fired += 1;
  }
}

/** Asks for the reminders of open reviews that are due; they never touch the review. */
export function fireReminders(draft: Draft): void {
  const { run, tools } = draft;
  if (draft.hold !== null) return;
  const due: ReviewItem[] = [];
  run.open = run.open.map((item) => {
    if (item.kind !== 'review' || item.remindAtMs === null || item.remindAtMs > tools.nowMs)
      return item;
    const round = item.reminders + 1;
    annotate(draft, {
      event: `${item.step}.reminded`,
      actor: 'clock',
      step: item.step,
      data: { round },
    });
    due.push(item);
    return reminded(run, item, tools.nowMs);
  });
  for (const item of due) openMessage(draft, item, 'reminder', item.reminders + 1);
}

type ReviewItem = Extract<OpenItem, { kind: 'review' }>;

/** The review after one more reminder. */
export function reminded(run: LiveRun, item: ReviewItem, nowMs: number): ReviewItem {
  const node = run.definition.index.nodes.get(item.step);
  const everyMs = node?.kind === 'review' ? node.remind?.everyMs : undefined;
  const remindAtMs = everyMs === undefined ? null : nowMs + everyMs;
  return { ...item, reminders: item.reminders + 1, remindAtMs };
}

/** What has not stopped within the grace is given up: whatever it says later is late. */
function isGraceOver(item: OpenItem): boolean {
  return item.kind === 'timer' && item.name === 'grace_over';
}

function isWorkInHand(item: OpenItem): boolean {
  return item.kind === 'attempt' || item.kind === 'map';
}

/** The rest are works in hand, whose `dueAtMs` is their own affair. */
function isDeadline(item: OpenItem): boolean {
  return item.kind === 'timer' || item.kind === 'review' || item.kind === 'event';
}

function deadlineEvent(run: LiveRun, item: OpenItem): Incoming {
  if (item.kind === 'timer') return timerEvent(run, item);
  if (item.kind === 'review') return expiry(run, item.step);
  if (item.kind === 'event') return timeout(run, item.step, item.event);
  throw new RangeError(`"${item.kind}" has no deadline`);
}

function timerEvent(run: LiveRun, item: Extract<OpenItem, { kind: 'timer' }>): Incoming {
  const { step, name } = item;
  const node = run.definition.index.nodes.get(step);
  const base = { event: { type: `${step}.${name}` }, actor: 'clock', step };
  if (name === 'fired') return { ...base, settles: { value: undefined, output: null } };
  if (step === 'run' && name === 'timed_out') {
    const failure = {
      step: 'run',
      name: 'RunTimedOut',
      message: `The run took longer than ${run.definition.plan.timeoutMs ?? 0} ms`,
      retryable: false,
    };
    return { ...base, event: { ...base.event, failure }, error: toError(failure) };
  }
  if (name === 'deadline_passed' && node?.kind === 'task') {
    const failure = {
      step,
      name: 'StepTimedOut',
      message: `Step "${step}" took longer than ${node.withinMs ?? 0} ms`,
      retryable: false,
    };
    const value: Json = {
      status: 'failed',
      failure: { name: failure.name, message: failure.message, retryable: false, attempts: 1 },
    };
    return {
      ...base,
      event: { ...base.event, failure },
      error: toError(failure),
      ...(node.tolerate === 'any' ? { settles: { value, output: value } } : {}),
    };
  }
  return base;
}

function expiry(run: LiveRun, step: string): Incoming {
  const node = run.definition.index.nodes.get(step);
  const { plan, index } = run.definition;
  const { expiryPolicy } = policyOf(plan, index.nodes, step);
  if (expiryPolicy !== undefined) return approvedBySilence(step, `policy:${expiryPolicy}`);
  const actor = 'policy:expired';
  const failure = {
    step,
    name: 'ReviewExpired',
    message: `Review "${step}" expired before anybody decided`,
    retryable: false,
  };
  const event = { type: `${step}.expired`, failure };
  if (node?.kind !== 'review' || node.onExpired === 'fail')
    return { event, actor, step, error: toError(failure) };
  const value = { outcome: node.onExpired === 'reject' ? 'rejected' : 'expired', actor };
  if (node.onExpired === 'reject' && node.onRejected === 'fail')
    return { event, actor, step, error: toError(failure) };
  return { event: { type: event.type }, actor, step, settles: { value, output: value } };
}

/** Nobody has objected in time; the workflow says by name that this counts. */
function approvedBySilence(step: string, actor: string): Incoming {
  const value = { outcome: 'approved', actor, form: {} };
  return {
    event: { type: `${step}.expired`, outcome: 'approved' },
    actor,
    step,
    ...(step === 'completion' ? {} : { settles: { value, output: value } }),
  };
}

function timeout(run: LiveRun, step: string, name: string): Incoming {
  const node = run.definition.index.nodes.get(step);
  const failure = {
    step,
    name: 'EventTimedOut',
    message: `Event "${name}" did not come in time`,
    retryable: false,
  };
  const event = { type: `${step}.timed_out`, failure };
  if (node?.kind !== 'wait' || node.onTimeout === 'fail')
    return { event, actor: 'clock', step, error: toError(failure) };
  const value = { status: 'timed_out' };
  return { event: { type: event.type }, actor: 'clock', step, settles: { value, output: value } };
}
