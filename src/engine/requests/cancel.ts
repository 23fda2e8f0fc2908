/** The end of a run before its time. */
import { contextOf, statusOf } from '../../chart/advance.ts';
import { isTerminal } from '../../chart/lifecycle.ts';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import { applyEvent } from '../apply.ts';
import { annotate, closeItems, type Draft, takeUpHeld } from '../draft.ts';
import { toError } from '../failure-data.ts';
import { mayHaveBegun } from '../hold-back.ts';
import type { OpenItem } from '../run-body.ts';
import { goOn } from './pause.ts';
import type { Request } from './request.ts';

export function cancel(draft: Draft, request: Request<'cancel'>): JsonObject {
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
    // of a map that has not begun no item is to be undone
    const event = { type: `${step}.failed`, failure, undo: 0 };
    applyEvent(draft, { event, actor: 'signalbox', step, error: toError(failure), lenient: true });
  }
  return { status: statusOf(run.snapshot) };
}

/**
 * Ends the pause without beginning what it has held back. What may have begun before it comes to its end, so that it is known what to undo.
 *
 * @returns the steps that will not begin
 */
function dropHeld(draft: Draft): readonly string[] {
  const { run } = draft;
  const children = run.held.flatMap(({ kind, body }) => (kind === 'start' ? [body['runId']] : []));
  const isDropped = (item: OpenItem) =>
    item.kind === 'child'
      ? children.includes(item.runId)
      : item.held === true && !mayHaveBegun(item);
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
  takeUpHeld(draft);
  goOn(draft);
  return steps;
}
