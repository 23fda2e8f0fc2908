/** What comes from outside to an existing run: parsed at the door, decided by the chart, answered with a clear refusal. */
import { statusOf } from '../../chart/advance.ts';
import type { JsonObject } from '../../plan/json.ts';
import { annotate, type Draft } from '../draft.ts';
import { assign, claim, delegate, openReviewOf, release } from '../handling.ts';
import type { RetryMaterial } from '../retry-material.ts';
import { resolveUndo } from '../undo-by-hand.ts';
import { cancel } from './cancel.ts';
import { childResult } from './child-result.ts';
import { decide } from './decide.ts';
import { pause, resume } from './pause.ts';
import type { Request, RunRequest } from './request.ts';
import { retry } from './retry.ts';
import { signal } from './signal.ts';

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
