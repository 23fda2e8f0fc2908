/** How a child has ended, as its parent takes it. */
import type { Json, JsonObject } from '../../plan/json.ts';
import { applyEvent } from '../apply.ts';
import { closeItems, type Draft } from '../draft.ts';
import { toError } from '../failure-data.ts';
import type { Request } from './request.ts';

export function childResult(draft: Draft, request: Request<'child_result'>): JsonObject {
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
