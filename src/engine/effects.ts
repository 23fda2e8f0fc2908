/** What a transition asks for, turned into open items, messages, commands, and events that follow in the same commit. */

import { contextOf, statusOf } from '../chart/advance.ts';
import { holdsIn } from '../chart/conditions.ts';
import { attemptsOf } from '../chart/context.ts';
import type { Effect } from '../chart/events.ts';
import { escalationLevel } from '../chart/review-states.ts';
import { failureOf } from '../failure.ts';
import { maxDurationMs, parseDuration } from '../plan/duration.ts';
import { issuesText } from '../plan/issues.ts';
import type { Json } from '../plan/json.ts';
import { copyJson } from '../plan/json-value.ts';
import type { Approval, ChildStep, DecisionPolicy, PlanNode } from '../plan/plan.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { Message } from '../ports/store.ts';
import { digest } from './canonical.ts';
import { closeItems, type Draft, isStepItem, openItem, record } from './draft.ts';
import { toError } from './failure-data.ts';
import { faulted, type Incoming, replayOf } from './incoming.ts';
import { childRunId } from './keys.ts';
import { readerOf } from './live-run.ts';
import { takeMail } from './mailbox.ts';
import { outcomeOf } from './outcome.ts';
import { policyOf } from './review-policy.ts';
import { countObjection, countVote, escalate } from './review-progress.ts';
import type { OpenItem } from './run-body.ts';

/** Children of children of …; deeper is refused. */
export const maxChildDepth = 50;

export function carryOut(draft: Draft, effect: Effect, cause: Incoming): readonly Incoming[] {
  const { run, tools } = draft;
  const replay = 'step' in effect && isAnswered(effect) ? replayOf(run, effect.step) : null;
  if (replay !== null) return [isFirstFailure(draft, effect, replay) ? unsettled(replay) : replay];
  switch (effect.type) {
    case 'attempt': {
      const failed = attemptsOf(contextOf(run.snapshot), effect.step);
      const item = {
        kind: 'attempt',
        step: effect.step,
        fallback: effect.fallback,
        attempt: failed + 1,
        token: tools.token(),
        dispatches: 1,
        sinceMs: tools.nowMs,
        dueAtMs: null,
      } as const;
      openItem(draft, item);
      draft.commands.push({ type: 'attempt', step: effect.step });
      return [];
    }
    case 'child':
      return startChild(draft, effect.step);
    case 'map':
      openItem(draft, {
        kind: 'map',
        step: effect.step,
        token: tools.token(),
        stopping: false,
        sinceMs: tools.nowMs,
        dueAtMs: null,
      });
      draft.commands.push({ type: 'map', step: effect.step });
      return [];
    case 'emit':
      return emit(draft, effect.step);
    case 'await':
      return awaitEvent(draft, effect.step);
    case 'review':
      openReview(draft, effect.step, effect.inDoubt, effect.fallback === true);
      return [];
    case 'vote':
      countVote(draft, effect.step, cause);
      return [];
    case 'object':
      countObjection(draft, effect.step, cause);
      return [];
    case 'escalate':
      escalate(draft, effect.step, effect.level);
      return [];
    case 'decide':
      return [decideByPolicy(draft, effect.step)];
    case 'timer':
      return startTimer(draft, effect.step, effect.name, cause);
    case 'withdraw':
      closeItems(draft, (item) => isWithdrawn(item, effect));
      return [];
    case 'abandon':
      closeItems(draft, (item) => isStepItem(item, effect.step));
      draft.commands.push({ type: 'abort', step: effect.step });
      return [];
    case 'skip':
      if (run.recorded?.get(effect.step) === undefined) skip(draft, effect.step);
      return [];
    case 'stop':
      stop(draft, effect.mode, effect.running);
      return [];
    case 'undo':
      openItem(draft, {
        kind: 'undo',
        position: effect.position,
        attempt: (contextOf(run.snapshot).undo?.attempts ?? 0) + 1,
        token: tools.token(),
        dispatches: 1,
        sinceMs: tools.nowMs,
        dueAtMs: null,
      });
      draft.commands.push({ type: 'undo' });
      return [];
    case 'finish':
      finish(draft);
      return [];
    default:
      return effect satisfies never;
  }
}

function isWithdrawn(
  item: OpenItem,
  { step, name }: Extract<Effect, { type: 'withdraw' }>,
): boolean {
  // Of a review that is closed there is nothing to tell any more.
  if (item.kind === 'notice') return item.about?.step === step && (name ?? 'review') === 'review';
  if (item.kind === 'attempt' || !isStepItem(item, step)) return false;
  return name === undefined || name === (item.kind === 'timer' ? item.name : item.kind);
}

/** Where a fallback stands in, the recorded failure of the task itself settles nothing yet. */
function isFirstFailure(draft: Draft, effect: Effect, replay: Incoming): boolean {
  if (effect.type !== 'attempt' || effect.fallback) return false;
  const node = nodeOf(draft, effect.step);
  return (
    node?.kind === 'task' && node.fallback !== undefined && replay.event.type.endsWith('.failed')
  );
}

function unsettled({ settles: _, ...replay }: Incoming): Incoming {
  return replay;
}

/** Effects that a recorded outcome answers when a failed run goes on. */
const answers: ReadonlySet<string> = new Set([
  'attempt',
  'child',
  'map',
  'emit',
  'await',
  'review',
]);

/** Of a step's timers the record answers the one that settles it; a limit is opened and withdrawn again. */
function isAnswered(effect: Effect): boolean {
  return effect.type === 'timer' ? effect.name === 'fired' : answers.has(effect.type);
}

function nodeOf(draft: Draft, step: string): PlanNode | undefined {
  return draft.run.definition.index.nodes.get(step);
}

function skip(draft: Draft, step: string): void {
  const settled = draft.run.progress.get(step);
  const status = statusOf(draft.run.snapshot);
  record(draft, {
    atMs: draft.tools.nowMs,
    event: `${step}.skipped`,
    actor: 'signalbox',
    from: status,
    to: status,
    step,
    settles: 'skipped',
    data: { reason: settled?.status === 'skipped' ? settled.reason : 'A condition does not hold.' },
  });
}

function startChild(draft: Draft, step: string): readonly Incoming[] {
  const { run, tools } = draft;
  const node = nodeOf(draft, step);
  if (node?.kind !== 'child') return [];
  const depth = run.header.depth + 1;
  if (depth > maxChildDepth) {
    const failure = {
      step,
      name: 'NestingTooDeep',
      message: `More than ${maxChildDepth} workflows inside each other`,
      retryable: false,
    };
    return [
      {
        event: { type: `${step}.failed`, failure },
        actor: 'signalbox',
        step,
        error: toError(failure),
      },
    ];
  }
  const failedChild = run.recorded === null ? undefined : run.failedChildren.get(step);
  const runId = failedChild ?? childRunId(run.header.id, step, draft.seq);
  openItem(draft, { kind: 'child', step, runId, sinceMs: tools.nowMs, dueAtMs: null });
  draft.messages.push(
    failedChild === undefined
      ? startMessage(draft, node, runId, depth)
      : retryMessage(draft, runId),
  );
  return [];
}

function startMessage(draft: Draft, node: ChildStep, runId: string, depth: number): Message {
  const { run, tools } = draft;
  const { actor, priority, labels } = run.header;
  const input = copyJson(resolveWiring(node.input, readerOf(run)) ?? null);
  return {
    id: `${runId}/start`,
    runId: null,
    kind: 'start',
    atMs: tools.nowMs,
    body: {
      runId,
      workflow: node.workflow,
      version: node.version,
      input: input.ok ? input.value : null,
      parent: { runId: run.header.id, step: node.id },
      depth,
      actor,
      priority,
      labels,
    },
  };
}

/** The child goes on where it failed, or afresh if it was rolled back. */
function retryMessage(draft: Draft, runId: string): Message {
  const { run, tools } = draft;
  const parent = `run:${run.header.id}`;
  return {
    id: `${runId}/retry/${run.state.revision}`,
    runId,
    kind: 'retry',
    atMs: tools.nowMs,
    body: { acceptNotUndone: true, reason: `${parent} is retried`, actor: parent },
  };
}

function emit(draft: Draft, step: string): readonly Incoming[] {
  const { run, tools } = draft;
  const node = nodeOf(draft, step);
  if (node?.kind !== 'emit') return [];
  const parsed = run.definition.bindings.events
    .get(node.event)
    ?.parse(resolveWiring(node.payload, readerOf(run)));
  if (parsed?.ok !== true) {
    const why =
      parsed === undefined ? 'the event is not registered' : issuesText(parsed.issues, 'payload');
    return [
      faulted({
        step,
        name: 'OutputInvalid',
        message: `Event "${node.event}" of step "${step}" cannot be sent: ${why}`,
        retryable: false,
      }),
    ];
  }
  draft.messages.push({
    id: `${run.header.id}/${step}/${run.state.generation}`,
    runId: null,
    kind: 'event',
    atMs: tools.nowMs,
    body: { event: node.event, payload: parsed.stored, actor: `run:${run.header.id}` },
  });
  return [
    {
      event: { type: `${step}.completed` },
      actor: 'signalbox',
      step,
      settles: { value: undefined, output: null },
    },
  ];
}

function awaitEvent(draft: Draft, step: string): readonly Incoming[] {
  const { run, tools } = draft;
  const node = nodeOf(draft, step);
  if (node?.kind !== 'wait') return [];
  const read = readerOf(run);
  const where: Record<string, Json> = {};
  for (const [key, wiring] of node.where) {
    const plain = copyJson(resolveWiring(wiring, read) ?? null);
    Object.defineProperty(where, key, {
      value: plain.ok ? plain.value : null,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  const dueAtMs = node.withinMs === undefined ? null : tools.nowMs + node.withinMs;
  openItem(draft, { kind: 'event', step, event: node.event, where, sinceMs: tools.nowMs, dueAtMs });
  const mail = takeMail(run, node.event, where);
  return mail === null ? [] : [received(draft, step, mail.payload, mail.actor, mail.id)];
}

/** The event that ends a wait. */
export function received(
  draft: Draft,
  step: string,
  payload: Json,
  actor: string,
  signalId: string,
): Incoming {
  const node = nodeOf(draft, step);
  const contract =
    node?.kind === 'wait' ? draft.run.definition.bindings.events.get(node.event) : undefined;
  const value = contract === undefined ? payload : contract.restore(payload);
  const wrapped = node?.kind === 'wait' && node.onTimeout === 'continue';
  return {
    event: { type: `${step}.received` },
    actor,
    step,
    settles: wrapped
      ? { value: { status: 'received', value }, output: { status: 'received', value: payload } }
      : { value, output: payload },
    data: { signal: signalId },
  };
}

function openReview(draft: Draft, step: string, inDoubt: boolean, fallback: boolean): void {
  const { run, tools } = draft;
  const node = nodeOf(draft, step);
  const read = readerOf(run);
  const review = node?.kind === 'review' ? node : null;
  const { finish } = run.definition.plan;
  const isClosing = step === 'completion';
  const assignTo = isClosing ? finish.assignTo : review?.assignTo;
  const assigned = assignTo === undefined ? null : toNames(resolveWiring(assignTo, read));
  const requesterMayDecide = isClosing
    ? finish.requesterMayDecide
    : (review?.requesterMayDecide ?? true);
  const excluded = [
    ...(requesterMayDecide || run.header.actor === null ? [] : [run.header.actor]),
    ...(review?.notBy ?? []).flatMap((wiring) => toNames(resolveWiring(wiring, read)) ?? []),
  ];
  const shownValue = isClosing
    ? resolveWiring(run.definition.plan.output, read)
    : review?.show === undefined
      ? null
      : resolveWiring(review.show, read);
  const plain = copyJson(shownValue ?? null);
  const shown = plain.ok ? plain.value : null;
  const { approvals, from, rejections }: DecisionPolicy = inDoubt
    ? {}
    : policyOf(run.definition.plan, run.definition.index.nodes, step);
  const expiresMs = isClosing ? finish.expiresMs : inDoubt ? undefined : review?.expiresMs;
  openItem(draft, {
    kind: 'review',
    step,
    inDoubt,
    ...(fallback ? { fallback } : {}),
    sinceMs: tools.nowMs,
    dueAtMs: expiresMs === undefined ? null : tools.nowMs + expiresMs,
    assignees: assigned,
    excluded,
    shown,
    shownHash: digest(shown),
    reminders: 0,
    remindAtMs: review?.remind === undefined ? null : tools.nowMs + review.remind.everyMs,
    ...(approvals === undefined ? {} : { approvals }),
    ...(from === undefined ? {} : { from }),
    ...(rejections === undefined ? {} : { rejections }),
  });
}

function toNames(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && !Array.isArray(value)) {
    const actor: unknown = Reflect.get(value, 'actor');
    return typeof actor === 'string' ? [actor] : null;
  }
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** A policy that holds is the deciding actor, by its name; one that does not hands over to a person. */
function decideByPolicy(draft: Draft, step: string): Incoming {
  const { run } = draft;
  const node = nodeOf(draft, step);
  const approve: Approval =
    node?.kind === 'review' ? node.approve : run.definition.plan.finish.approve;
  const label = approve.by === 'guard' ? approve.label : 'automatic';
  const decided =
    approve.by !== 'guard' || holdsIn(approve.condition, contextOf(run.snapshot).facts);
  const actor = `policy:${label}`;
  const event = { type: `${step}.decided_by_policy` };
  if (!decided) return { event, actor, step, data: { decided: false } };
  const value = { outcome: 'approved', actor, form: {} };
  return {
    event: { ...event, outcome: 'approved' },
    actor,
    step,
    ...(node?.kind === 'review' ? { settles: { value, output: value } } : {}),
  };
}

function startTimer(
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
  const node = nodeOf(draft, step);
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

function stop(draft: Draft, mode: 'drain' | 'abort', running: readonly string[]): void {
  const { run, tools } = draft;
  for (const item of run.open) {
    if (!('step' in item) || !running.includes(item.step)) continue;
    if (item.kind === 'child') {
      draft.messages.push({
        id: `${item.runId}/stop/${run.state.revision}`,
        runId: item.runId,
        kind: 'cancel',
        atMs: tools.nowMs,
        body: { mode, reason: `Run "${run.header.id}" stops`, actor: `run:${run.header.id}` },
      });
    }
    if (item.kind === 'map') draft.commands.push({ type: 'stopMap', step: item.step });
    if ((item.kind === 'attempt' || item.kind === 'map') && mode === 'abort')
      draft.commands.push({ type: 'abort', step: item.step });
  }
  run.open = run.open.map((item) =>
    item.kind === 'map' && running.includes(item.step) ? { ...item, stopping: true } : item,
  );
  if (
    mode === 'abort' &&
    running.length > 0 &&
    !run.open.some((item) => isStepItem(item, 'stop'))
  ) {
    openItem(draft, {
      kind: 'timer',
      step: 'stop',
      name: 'grace_over',
      sinceMs: tools.nowMs,
      dueAtMs: tools.nowMs + run.definition.plan.abortGraceMs,
    });
  }
}

function finish(draft: Draft): void {
  const { run, tools } = draft;
  const status = statusOf(run.snapshot);
  if (status !== 'complete') run.outcome = outcomeOf(run);
  run.open = [];
  run.mailbox = [];
  tellParent(draft);
  if (status === 'failed' && run.definition.plan.onFailed !== undefined) {
    openItem(draft, {
      kind: 'notice',
      attempt: 1,
      token: tools.token(),
      sinceMs: tools.nowMs,
      dueAtMs: null,
    });
    draft.commands.push({ type: 'notice' });
  }
}

/** How a child has ended; its output is read from the child itself. */
export function tellParent(draft: Draft): void {
  const { run, tools } = draft;
  const { id, parent } = run.header;
  if (parent === null) return;
  draft.messages.push({
    id: `${id}/result/${run.state.revision}`,
    runId: parent.runId,
    kind: 'child_result',
    atMs: tools.nowMs,
    body: {
      step: parent.step,
      runId: id,
      status: statusOf(run.snapshot),
      failure: run.outcome?.failure ?? null,
      ...(run.outcome === null ? {} : { compensation: run.outcome.compensation }),
    },
  });
}
