/** A person's decision of a review, or verdict on an attempt in doubt. */

import { statusOf } from '../../chart/advance.ts';
import type { ChartEvent } from '../../chart/events.ts';
import { SignalboxError } from '../../errors.ts';
import { issuesText } from '../../plan/issues.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import { callOf } from '../../plan/task-call.ts';
import { applyEvent } from '../apply.ts';
import { deciderOf } from '../deciders.ts';
import type { Draft } from '../draft.ts';
import { toError } from '../failure-data.ts';
import { assertMayDecide, openReviewOf } from '../handling.ts';
import type { Incoming } from '../incoming.ts';
import { type LiveRun, restoreValue } from '../live-run.ts';
import type { ReviewItem } from '../review-view.ts';
import { toleratedValue } from '../tolerance.ts';
import type { Request } from './request.ts';

export function decide(draft: Draft, request: Request<'decide'>): JsonObject {
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
    `Form of review "${request.step}": ${issuesText(parsed.issues, 'form')}`,
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
  const call = callOf(node, isFallback);
  const task = run.definition.bindings.tasks.get(call.task);
  const parsed = task?.output.parse(request.output);
  if (parsed?.ok !== true) {
    const why =
      parsed === undefined ? 'its task is not registered' : issuesText(parsed.issues, 'output');
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
