/** A named message from outside: for a step that waits for it, or kept for one that will. */

import { statusOf } from '../../chart/advance.ts';
import { isTerminal } from '../../chart/lifecycle.ts';
import { SignalboxError } from '../../errors.ts';
import { issuesText } from '../../plan/issues.ts';
import type { JsonObject } from '../../plan/json.ts';
import { applyEvent } from '../apply.ts';
import { canonical } from '../canonical.ts';
import { annotate, type Draft } from '../draft.ts';
import { received } from '../effects/events.ts';
import { matches, maxMailAgeMs, maxMailBytes, maxMails } from '../mailbox.ts';
import type { OpenItem } from '../run-body.ts';
import type { Request } from './request.ts';

export function signal(draft: Draft, request: Request<'signal'>): JsonObject {
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
      `Payload of signal "${request.event}": ${issuesText(parsed.issues, 'payload')}`,
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
