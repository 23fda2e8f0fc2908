/** What comes from outside to an existing run: parsed at the door, decided by the chart, answered with a clear refusal. */
import { z } from 'zod';
import { contextOf, statusOf } from '../chart/advance.ts';
import type { ChartEvent } from '../chart/events.ts';
import { isTerminal } from '../chart/lifecycle.ts';
import { SignalboxError } from '../errors.ts';
import { maxDurationMs } from '../plan/duration.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { applyEvent } from './apply.ts';
import { canonical } from './canonical.ts';
import { deciderOf } from './deciders.ts';
import { annotate, closeItems, type Draft, takeUp } from './draft.ts';
import { received, tellParent } from './effects.ts';
import { toError } from './failure-data.ts';
import { assertMayDecide, assign, claim, delegate, openReviewOf, release } from './handling.ts';
import type { Incoming } from './incoming.ts';
import { type LiveRun, restoreValue } from './live-run.ts';
import { matches, maxMailAgeMs, maxMailBytes, maxMails } from './mailbox.ts';
import { released, stopped } from './pausing.ts';
import type { RetryMaterial } from './retry-material.ts';
import type { ReviewItem } from './review-view.ts';
import type { OpenItem } from './run-body.ts';
import { Name, Reason, Text } from './texts.ts';
import { toleratedValue } from './tolerance.ts';
import { resolveUndo } from './undo-by-hand.ts';

const Groups = z.array(Text.max(200)).max(1_000).default([]);
const handled = { step: Text.max(200), actor: Name, reason: Reason.optional() };

/** A request as it travels, also through the store to the process that holds the run. */
export const RunRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decide'),
    step: Text.max(200),
    outcome: z.enum(['approved', 'rejected', 'happened', 'did_not_happen', 'give_up']),
    form: z.unknown().optional(),
    output: z.unknown().optional(),
    comment: Reason.optional(),
    actor: Name,
    groups: Groups,
    onBehalfOf: Name.optional(),
    /** SHA-256 of what the reviewer was shown; the decision is refused if that has changed. */
    shownHash: Text.max(64).optional(),
  }),
  z.strictObject({
    kind: z.literal('claim'),
    ...handled,
    groups: Groups,
    /** The claim runs out by itself; left out: it holds until it is released. */
    forMs: z.number().int().min(1).max(maxDurationMs).optional(),
    /** Of a review that somebody else holds; needs a reason. */
    takeOver: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('release'), ...handled }),
  z.strictObject({ kind: z.literal('delegate'), ...handled, groups: Groups, to: Name }),
  z.strictObject({ kind: z.literal('assign'), ...handled, to: z.array(Name).min(1).max(1_000) }),
  z.strictObject({
    kind: z.literal('signal'),
    event: Text.max(200),
    payload: z.unknown(),
    actor: Name,
    id: Name,
  }),
  z.strictObject({
    kind: z.literal('cancel'),
    mode: z.enum(['drain', 'abort']).optional(),
    reason: Reason.optional(),
    actor: Name,
  }),
  z.strictObject({
    kind: z.literal('retry'),
    acceptNotUndone: z.boolean().optional(),
    reason: Reason.optional(),
    actor: Name,
  }),
  z.strictObject({
    kind: z.literal('resolve_undo'),
    step: Text.max(1_000),
    actor: Name,
    reason: Reason.min(1),
  }),
  z.strictObject({ kind: z.literal('pause'), reason: Reason.optional(), actor: Name }),
  z.strictObject({ kind: z.literal('resume'), actor: Name }),
  z.strictObject({ kind: z.literal('compensated'), by: Text, actor: Name }),
  /** A decision somebody tried and was refused. */
  z.strictObject({
    kind: z.literal('refusal'),
    step: Text.max(200),
    outcome: Text,
    code: Text,
    actor: Name,
  }),
  z.strictObject({
    kind: z.literal('child_result'),
    step: Text,
    runId: Text,
    status: z.enum(['complete', 'failed', 'cancelled']),
    output: z.unknown().optional(),
    undo: z.number().int().nonnegative().optional(),
    failure: z.unknown().optional(),
    compensation: z.enum(['nothing', 'complete', 'partial', 'impossible']).optional(),
  }),
]);

export type RunRequest = z.infer<typeof RunRequest>;

/** Applies a request to the draft. @throws SignalboxError if it is refused; the run is unchanged then */
export function handleRequest(
  draft: Draft,
  request: RunRequest,
  material: RetryMaterial | null,
): JsonObject {
  switch (request.kind) {
    case 'decide':
      return decide(draft, request);
    case 'claim':
    case 'release':
    case 'delegate':
    case 'assign':
      return handle(draft, request);
    case 'signal':
      return signal(draft, request);
    case 'cancel':
      return cancel(draft, request);
    case 'retry':
      return retry(draft, request, material);
    case 'resolve_undo':
      resolveUndo(draft, request);
      return {};
    case 'pause':
      return pause(draft, request);
    case 'resume':
      return resume(draft, request);
    case 'child_result':
      return childResult(draft, request);
    case 'compensated':
      draft.run.compensatedBy = request.by;
      annotate(draft, { event: 'run.compensated', actor: request.actor, data: { by: request.by } });
      return {};
    case 'refusal': {
      const { step, outcome, code, actor } = request;
      annotate(draft, { event: 'decision.refused', actor, data: { step, outcome, code } });
      return {};
    }
    default:
      return request satisfies never;
  }
}

type Request<K extends RunRequest['kind']> = Extract<RunRequest, { kind: K }>;

function decide(draft: Draft, request: Request<'decide'>): JsonObject {
  const { run } = draft;
  const { id } = run.header;
  const item = openReviewOf(run, request.step, statusOf(run.snapshot));
  const decider = deciderOf(item, request, draft.tools.nowMs);
  const outcome = outcomeOf(request);
  assertMayDecide(run, item, decider, outcome);
  if (request.shownHash !== undefined && request.shownHash !== item.shownHash) {
    throw new SignalboxError(
      'REVIEW_CHANGED',
      `What review "${request.step}" of run "${id}" shows has changed since it was read; read it again`,
      { details: { runId: id, step: request.step } },
    );
  }
  const isVerdict = request.outcome !== 'approved' && request.outcome !== 'rejected';
  if (isVerdict !== item.inDoubt) {
    const expected = item.inDoubt ? 'happened, did_not_happen or give_up' : 'approved or rejected';
    throw new SignalboxError(
      'FORM_INVALID',
      `Review "${request.step}" of run "${id}" is answered by ${expected}, not by "${request.outcome}"`,
      { details: { runId: id, step: request.step } },
    );
  }
  const incoming = item.inDoubt ? verdictOf(run, request, item) : decisionOf(run, request, item);
  applyEvent(draft, { ...incoming, event: { ...incoming.event, decider }, actor: request.actor });
  return { status: statusOf(run.snapshot) };
}

function handle(
  draft: Draft,
  request: Request<'claim'> | Request<'release'> | Request<'delegate'> | Request<'assign'>,
): JsonObject {
  const status = statusOf(draft.run.snapshot);
  const item = openReviewOf(draft.run, request.step, status);
  switch (request.kind) {
    case 'claim':
      claim(draft, item, request);
      break;
    case 'release':
      release(draft, item, request);
      break;
    case 'delegate':
      delegate(draft, item, request);
      break;
    case 'assign':
      assign(draft, item, request);
      break;
    default:
      request satisfies never;
  }
  return { status };
}

function outcomeOf({ outcome }: Request<'decide'>): ChartEvent['outcome'] {
  return outcome === 'approved' || outcome === 'rejected' ? outcome : undefined;
}

function decisionOf(
  run: LiveRun,
  request: Request<'decide'>,
  item: ReviewItem,
): Omit<Incoming, 'actor'> {
  const { step } = request;
  const outcome = request.outcome === 'approved' ? 'approved' : 'rejected';
  const form = formOf(run, request);
  const node = run.definition.index.nodes.get(step);
  const data = {
    shownHash: item.shownHash,
    ...(request.comment === undefined ? {} : { comment: request.comment }),
    ...(form === undefined ? {} : { form: form.stored }),
  };
  const given = (item.votes?.length ?? 0) + 1;
  if (outcome === 'approved' && given < (item.approvals ?? 1))
    return { event: { type: `${step}.voted`, outcome }, step, data };
  const against = (item.objections?.length ?? 0) + 1;
  if (outcome === 'rejected' && against < (item.rejections ?? 1))
    return { event: { type: `${step}.objected`, outcome }, step, data };
  const event = { type: `${step}.decided`, outcome } as const;
  const failure = {
    step,
    name: 'Rejected',
    message: request.comment ?? `Rejected by ${request.actor}`,
    retryable: false,
  };
  const refusal = { event: { ...event, failure }, error: toError(failure) };
  if (step === 'completion')
    return { step, data, ...(outcome === 'rejected' ? refusal : { event }) };
  if (outcome === 'rejected' && node?.kind === 'review' && node.onRejected === 'fail')
    return { step, data, ...refusal };
  const value = {
    outcome,
    actor: request.actor,
    ...(request.comment === undefined ? {} : { comment: request.comment }),
  };
  return {
    event,
    step,
    data,
    settles: {
      value: { ...value, ...(form === undefined ? {} : { form: form.value }) },
      output: { ...value, ...(form === undefined ? {} : { form: form.stored }) },
    },
  };
}

/** Only an approval needs its form; the schema decides what else is accepted. */
function formOf(
  run: LiveRun,
  request: Request<'decide'>,
): { value: unknown; stored: Json } | undefined {
  const contract = run.definition.bindings.forms.get(request.step);
  if (request.outcome === 'rejected' && request.form === undefined) return undefined;
  if (contract === undefined)
    return request.form === undefined ? { value: {}, stored: {} } : undefined;
  const parsed = contract.parse(request.form === undefined ? {} : request.form);
  if (parsed.ok) return parsed;
  throw new SignalboxError(
    'FORM_INVALID',
    `Form of review "${request.step}": ${parsed.issues.map((issue) => `${issue.path.join('.') || 'form'}: ${issue.message}`).join('; ')}`,
    {
      details: { runId: run.header.id, step: request.step, issues: parsed.issues },
    },
  );
}

function verdictOf(
  run: LiveRun,
  request: Request<'decide'>,
  item: ReviewItem,
): Omit<Incoming, 'actor'> {
  const { step } = request;
  const isFallback = item.fallback === true;
  const data = {
    ...(request.comment === undefined ? {} : { comment: request.comment }),
    ...(isFallback ? { fallback: true } : {}),
    verdict: request.outcome,
  };
  const node = run.definition.index.nodes.get(step);
  if (request.outcome === 'did_not_happen')
    return { event: { type: `${step}.did_not_happen` }, step, data };
  if (request.outcome === 'give_up' || node?.kind !== 'task') {
    const failure = {
      step,
      name: 'GivenUp',
      message:
        request.comment ?? `Given up by ${request.actor}: nobody knows whether it took effect`,
      retryable: false,
    };
    const value = node?.kind === 'task' ? toleratedValue(node, failure, 1, isFallback) : null;
    return {
      event: { type: `${step}.given_up`, failure },
      step,
      data,
      error: toError(failure),
      ...(value === null ? {} : { settles: { value, output: value } }),
    };
  }
  const call = isFallback && node.fallback !== undefined ? node.fallback : node.call;
  const task = run.definition.bindings.tasks.get(call.task);
  const parsed = task?.output.parse(request.output);
  if (parsed?.ok !== true) {
    const why =
      parsed?.issues
        .map((issue) => `${issue.path.join('.') || 'output'}: ${issue.message}`)
        .join('; ') ?? 'its task is not registered';
    throw new SignalboxError(
      'OUTPUT_INVALID',
      `Step "${step}" happened, but the output given is not one of its own: ${why}`,
      { details: { runId: run.header.id, step } },
    );
  }
  const stored: Json =
    node.tolerate === undefined ? parsed.stored : { status: 'complete', value: parsed.stored };
  return {
    event: { type: `${step}.happened`, undo: call.compensate === 'none' ? 0 : 1 },
    step,
    data,
    settles: {
      value: restoreValue(run.definition, step, { output: stored, data }),
      output: stored,
    },
  };
}

function signal(draft: Draft, request: Request<'signal'>): JsonObject {
  const { run, tools } = draft;
  const { id } = run.header;
  const status = statusOf(run.snapshot);
  if (isTerminal(status))
    throw new SignalboxError(
      'RUN_FINISHED',
      `Run "${id}" is ${status}; signal "${request.event}" was not stored`,
      { details: { runId: id, status } },
    );
  const declared = run.definition.plan.nodes.filter((node) => node.kind === 'wait');
  const contract = run.definition.bindings.events.get(request.event);
  if (contract === undefined || !declared.some((node) => node.event === request.event)) {
    const names = [...new Set(declared.map((node) => node.event))].sort();
    throw new SignalboxError(
      'SIGNAL_UNKNOWN',
      `Workflow "${run.header.workflow}" waits for no event "${request.event}"; it waits for: ${names.join(', ') || 'none'}`,
      {
        details: { runId: id, event: request.event },
      },
    );
  }
  const parsed = contract.parse(request.payload);
  if (!parsed.ok) {
    throw new SignalboxError(
      'INPUT_INVALID',
      `Payload of signal "${request.event}": ${parsed.issues.map((issue) => `${issue.path.join('.') || 'payload'}: ${issue.message}`).join('; ')}`,
      {
        details: { runId: id, issues: parsed.issues },
      },
    );
  }
  const item = run.open.find(
    (open): open is Extract<OpenItem, { kind: 'event' }> =>
      open.kind === 'event' && open.event === request.event && matches(parsed.stored, open.where),
  );
  if (item !== undefined) {
    applyEvent(draft, received(draft, item.step, parsed.stored, request.actor, request.id));
    return { delivered: true, step: item.step };
  }
  const keepers = declared.filter(
    (node) =>
      node.event === request.event &&
      node.early === 'keep' &&
      run.progress.get(node.id) === undefined,
  );
  if (keepers.length === 0) {
    throw new SignalboxError(
      'SIGNAL_NOT_EXPECTED',
      `Run "${id}" does not wait for "${request.event}" now and keeps none for later`,
      { details: { runId: id, event: request.event } },
    );
  }
  const fresh = run.mailbox.filter((mail) => tools.nowMs - mail.atMs <= maxMailAgeMs);
  if (fresh.length >= maxMails || canonical([...fresh, parsed.stored]).length > maxMailBytes) {
    throw new SignalboxError(
      'SIGNAL_BUFFER_FULL',
      `Run "${id}" keeps ${fresh.length} early signals already; at most ${maxMails} of ${maxMailBytes} bytes in all`,
      {
        details: { runId: id, event: request.event },
        hint: 'Send it again when the run waits for it',
      },
    );
  }
  run.mailbox = [
    ...fresh,
    {
      id: request.id,
      event: request.event,
      payload: parsed.stored,
      actor: request.actor,
      atMs: tools.nowMs,
    },
  ];
  annotate(draft, {
    event: 'signal.kept',
    actor: request.actor,
    output: parsed.stored,
    data: { event: request.event, signal: request.id },
  });
  return { delivered: false };
}

function cancel(draft: Draft, request: Request<'cancel'>): JsonObject {
  const { run } = draft;
  const { id } = run.header;
  const status = statusOf(run.snapshot);
  const isCancelling = contextOf(run.snapshot).cancel !== null;
  if (isCancelling || status === 'compensating') {
    if (request.mode !== 'abort' || status !== 'processing') {
      if (run.state.pausedAtMs !== null) goOn(draft);
      annotate(draft, { event: 'run.cancel_repeated', actor: request.actor, data: { status } });
      return { status, already: true };
    }
  } else if (isTerminal(status)) {
    throw new SignalboxError(
      'RUN_FINISHED',
      `Run "${id}" is already ${status} and cannot be cancelled`,
      { details: { runId: id, status } },
    );
  }
  const isHeld = run.state.pausedAtMs !== null || draft.hold !== null;
  const neverBegun = isHeld ? dropHeld(draft) : [];
  applyEvent(draft, {
    event: {
      type: 'run.cancelled',
      mode: request.mode ?? run.definition.plan.stopping,
      ...(request.reason === undefined ? {} : { reason: request.reason }),
    },
    actor: request.actor,
  });
  for (const step of neverBegun) {
    const message = `Step "${step}" was stopped before it began`;
    const failure = { step, name: 'Stopped', message, retryable: false };
    const event = { type: `${step}.failed`, failure };
    applyEvent(draft, { event, actor: 'signalbox', step, error: toError(failure), lenient: true });
  }
  return { status: statusOf(run.snapshot) };
}

/** Ends the pause without beginning what it has held back. Returns the steps that will not begin. */
function dropHeld(draft: Draft): readonly string[] {
  const { run } = draft;
  const children = run.held.flatMap(({ kind, body }) => (kind === 'start' ? [body['runId']] : []));
  const isDropped = (item: OpenItem) =>
    item.held === true || (item.kind === 'child' && children.includes(item.runId));
  const steps = run.open.flatMap((item) => (isDropped(item) && 'step' in item ? [item.step] : []));
  closeItems(draft, isDropped);
  for (const { kind, body } of run.held) {
    if (kind !== 'event') continue;
    annotate(draft, {
      event: 'event.withheld',
      actor: 'signalbox',
      data: { event: body['event'] ?? null },
    });
  }
  run.held = [];
  goOn(draft);
  return steps;
}

function retry(
  draft: Draft,
  request: Request<'retry'>,
  material: RetryMaterial | null,
): JsonObject {
  const { run } = draft;
  const { id } = run.header;
  const status = statusOf(run.snapshot);
  const { parent } = run.header;
  if (status !== 'failed' && parent !== null && request.actor === `run:${parent.runId}`) {
    // Somebody has retried the child already: its parent waits for what comes of that.
    if (isTerminal(status)) tellParent(draft);
    return { status, already: true };
  }
  const isPartial =
    run.outcome?.compensation === 'partial' || run.outcome?.compensation === 'impossible';
  if (
    status === 'failed' &&
    isPartial &&
    (request.acceptNotUndone !== true || request.reason === undefined)
  ) {
    const left = run.outcome?.notUndone.map(({ step }) => `"${step}"`).join(', ') ?? '';
    throw new SignalboxError(
      'NOT_UNDONE',
      `Run "${id}" was not undone completely (${left}); starting it afresh would do these again`,
      {
        details: { runId: id, notUndone: run.outcome?.notUndone },
        hint: 'Accept that with acceptNotUndone and a reason',
      },
    );
  }
  // The chart remembers what had failed; people have seen to it since.
  const isSeenTo = run.outcome?.notUndone.length === 0 && hasSeenTo(run);
  const isAfresh = run.outcome !== null && run.outcome.compensation !== 'nothing';
  const { event, actor } = {
    event: {
      type: 'run.retried',
      ...(request.acceptNotUndone === true || isSeenTo ? { acceptNotUndone: true } : {}),
    },
    actor: request.actor,
  };
  const data = {
    afresh: isAfresh,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
  };
  const reused = isAfresh ? [] : [...(material?.recorded.keys() ?? [])];
  const children = isAfresh ? {} : Object.fromEntries(material?.failedChildren ?? []);
  const again = {
    ...(reused.length > 0 ? { reused } : {}),
    ...(Object.keys(children).length > 0 ? { children } : {}),
  };
  applyEvent(draft, { event, actor, data });
  beginAgain(run, isAfresh, material);
  applyEvent(draft, {
    event: { type: 'run.started' },
    actor,
    ...(Object.keys(again).length > 0 ? { data: again } : {}),
  });
  return { status: statusOf(run.snapshot), generation: run.state.generation };
}

function hasSeenTo({ snapshot }: LiveRun): boolean {
  const { undo, doubts } = contextOf(snapshot);
  return (undo?.failed ?? 0) > 0 || doubts.length > 0;
}

/** The run forgets its end: afresh altogether, or up to what is recorded. */
export function beginAgain(run: LiveRun, isAfresh: boolean, material: RetryMaterial | null): void {
  run.progress.clear();
  run.completed.length = 0;
  run.undone.length = 0;
  run.notUndone.length = 0;
  run.resolved.length = 0;
  run.outcome = null;
  run.late = [];
  run.data = Object.fromEntries(
    Object.entries(run.definition.plan.context).map(([key, declared]) => [key, declared.initial]),
  );
  if (isAfresh) {
    run.milestones = [];
    run.facts.clear();
    run.derived.clear();
    run.state = { ...run.state, generation: run.state.generation + 1 };
  } else {
    run.recorded = new Map(material?.recorded);
    run.failedChildren = material?.failedChildren ?? new Map();
  }
}

function pause(draft: Draft, request: Request<'pause'>): JsonObject {
  const { run, tools } = draft;
  refuseFinished(run, 'paused');
  if (run.state.pausedAtMs !== null) return { paused: true };
  run.open = run.open.map((item) => stopped(item, tools.nowMs));
  run.state = { ...run.state, pausedAtMs: tools.nowMs };
  annotate(draft, {
    event: 'run.paused',
    actor: request.actor,
    ...(request.reason === undefined ? {} : { data: { reason: request.reason } }),
  });
  return { paused: true };
}

function resume(draft: Draft, request: Request<'resume'>): JsonObject {
  const { run } = draft;
  refuseFinished(run, 'resumed');
  if (run.state.pausedAtMs === null) return { paused: false };
  goOn(draft);
  annotate(draft, { event: 'run.resumed', actor: request.actor });
  return { paused: false };
}

/** Ends the pause of the run: timers run on, held works begin unless something else holds them, and those whose process has died are found. */
export function goOn(draft: Draft): void {
  const { run, tools } = draft;
  run.state = { ...run.state, pausedAtMs: null };
  run.open = run.open.map((item) => released(item, tools.nowMs));
  takeUp(draft);
  draft.commands.push({ type: 'look' });
}

function refuseFinished(run: LiveRun, what: string): void {
  const status = statusOf(run.snapshot);
  if (isTerminal(status))
    throw new SignalboxError(
      'RUN_FINISHED',
      `Run "${run.header.id}" is ${status} and cannot be ${what}`,
      { details: { runId: run.header.id, status } },
    );
}

function childResult(draft: Draft, request: Request<'child_result'>): JsonObject {
  const { run } = draft;
  const { step } = request;
  const item = run.open.find(
    (open) => open.kind === 'child' && open.step === step && open.runId === request.runId,
  );
  if (item === undefined) return { accepted: false };
  closeItems(draft, (open) => open === item);
  const node = run.definition.index.nodes.get(step);
  const tolerate = node?.kind === 'child' ? node.tolerate : undefined;
  if (request.status === 'complete') {
    const output = (request.output ?? null) as Json;
    const stored: Json = tolerate === undefined ? output : { status: 'complete', value: output };
    applyEvent(draft, {
      event: { type: `${step}.completed`, undo: request.undo ?? 0 },
      actor: `run:${request.runId}`,
      step,
      settles: { value: stored, output: stored },
      data: { child: request.runId },
      lenient: true,
    });
    return { accepted: true };
  }
  const cause = (request.failure ?? {}) as { name?: string; message?: string };
  const failure = {
    step,
    name: cause.name ?? (request.status === 'cancelled' ? 'Cancelled' : 'Error'),
    message: cause.message ?? `Child run "${request.runId}" was ${request.status}`,
    retryable: false,
  };
  const value: Json = {
    status: 'failed',
    failure: { name: failure.name, message: failure.message, retryable: false, attempts: 1 },
    compensation: request.compensation ?? 'nothing',
  };
  applyEvent(draft, {
    event: { type: `${step}.failed`, failure },
    actor: `run:${request.runId}`,
    step,
    error: toError(failure),
    data: { child: request.runId, childStatus: request.status },
    ...(tolerate === undefined ? { isFinalFailure: true } : { settles: { value, output: value } }),
    lenient: true,
  });
  return { accepted: true };
}
