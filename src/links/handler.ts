import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../adapters/system/clock.ts';
import { SignalboxError } from '../errors.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { parseSecrets, type Secret } from '../signing.ts';
import { type DecisionAnswer, toAnswer, toJsonAnswer } from './answers.ts';
import type { DecisionRequest, DecisionResponse } from './exchange.ts';
import { type LinkedReview, linkedReview } from './linked-review.ts';
import { serve } from './listener.ts';
import { readSubmission, type Submission } from './submission.ts';
import { type Permission, verifyToken } from './token.ts';

/** What decision links are checked against. */
export interface DecisionHandlerOptions {
  /** As given to `createDecisionLinks`. Links signed with any of them hold: to change the secret, put the new one first and drop the old one later. */
  readonly secrets: readonly Secret[];
  readonly clock?: Clock;
  /**
   * The groups of a reader at the time of the decision, instead of those the link was made with; `null`: nobody who may decide any more.
   * Default: as the link says.
   */
  readonly groupsOf?: (actor: string) => readonly string[] | null;
  /** Told what was decided and what was refused, never a token. Default: silence. */
  readonly logger?: Pick<Logger, 'info' | 'error'>;
}

/** Serves the pages behind decision links, and takes the decisions. */
export interface DecisionHandler {
  /** Never rejects; what goes wrong is a response. */
  handle(request: DecisionRequest): Promise<DecisionResponse>;
  /** The same for `node:http`: `createServer(handler.listener)`. Bodies are limited to 64 KiB and 10 s. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * Answers decision links: GET shows what is to be decided and decides nothing, since mail scanners follow links; POST decides. A form is
 * answered with a page, `application/json` (`{ "form": …, "comment": … }`) with JSON.
 *
 * | Status | When |
 * |---|---|
 * | 200 | shown, or decided |
 * | 403 | the link is forged or damaged, or its actor may not decide |
 * | 409 | the review is closed, the decision counts already, or it shows something else than when the link was made |
 * | 410 | the link has expired, or there is no such run any more |
 * | 422 | the form is not what the review asks for |
 * | 405, 413, 415 | method, size or kind of the body |
 * | 503 | the orchestrator cannot answer now |
 *
 * @throws SignalboxError `SECRET_INVALID`
 */
export function createDecisionHandler(
  orchestrator: Pick<Orchestrator, 'get' | 'history' | 'workflows' | 'decide'>,
  { secrets, clock = systemClock, logger, groupsOf }: DecisionHandlerOptions,
): DecisionHandler {
  const keys = parseSecrets(secrets, 'decision links');

  async function decide(permission: Permission, submission: Submission): Promise<DecisionAnswer> {
    const linked = await linkedReview(orchestrator, permission);
    if (linked.state !== 'open') return { kind: 'closed', permission, linked };
    const { runId, step, outcome, actor } = permission;
    const groups = groupsOf === undefined ? permission.groups : groupsOf(actor);
    if (groups === null) return { kind: 'forbidden' };
    const form = outcome === 'approved' ? submission.formFor(linked.review) : undefined;
    try {
      await orchestrator.decide(runId, step, {
        outcome,
        actor,
        groups,
        ...(form === undefined ? {} : { form }),
        ...(submission.comment === null ? {} : { comment: submission.comment }),
        ...(linked.review.waiting.shownHash === undefined
          ? {}
          : { shownHash: linked.review.waiting.shownHash }),
      });
    } catch (error) {
      if (error instanceof SignalboxError && error.code === 'FORM_INVALID') {
        return { kind: 'invalid', permission, review: linked.review, submission, error };
      }
      const code = error instanceof SignalboxError ? error.code : null;
      if (code !== 'REVIEW_NOT_OPEN' && code !== 'REVIEW_CHANGED') throw error;
      return { kind: 'closed', permission, linked: await noLongerOpen(permission, linked) };
    }
    logger?.info({ runId, step, outcome, actor }, 'decided by link');
    return { kind: 'decided', permission, run: linked.review.run };
  }

  /** Somebody else was faster. */
  async function noLongerOpen(permission: Permission, before: LinkedReview & { state: 'open' }) {
    const now = await linkedReview(orchestrator, permission);
    return now.state === 'open' ? { state: 'changed' as const, run: before.review.run } : now;
  }

  async function answer(request: DecisionRequest): Promise<DecisionAnswer> {
    if (!['GET', 'HEAD', 'POST'].includes(request.method)) return { kind: 'method' };
    const token = URL.parse(request.url, 'http://localhost')?.searchParams.get('token') ?? '';
    const verified = verifyToken(token, keys, clock.nowMs());
    if (!verified.ok) return { kind: verified.reason };
    const { permission } = verified;
    if (request.method === 'POST') {
      const submission = readSubmission(request);
      if ('kind' in submission) return submission;
      return decide(permission, submission);
    }
    const linked = await linkedReview(orchestrator, permission);
    return linked.state === 'open'
      ? { kind: 'ask', permission, review: linked.review }
      : { kind: 'closed', permission, linked };
  }

  async function handle(request: DecisionRequest): Promise<DecisionResponse> {
    const answered = await answer(request).catch((error: unknown) => failed(error));
    if (answered.kind === 'closed' || answered.kind === 'forged' || answered.kind === 'expired') {
      logger?.info({ reason: answered.kind }, 'decision link refused');
    }
    const isJson = request.method === 'POST' && isJsonType(request.contentType);
    return isJson ? toJsonAnswer(answered) : toAnswer(answered, request.method === 'HEAD');
  }

  function failed(error: unknown): DecisionAnswer {
    const code = error instanceof SignalboxError ? error.code : null;
    if (code === 'RUN_NOT_FOUND') return { kind: 'gone' };
    if (code === 'REVIEW_FORBIDDEN' && hasDecided(error)) return { kind: 'counted' };
    if (code === 'REVIEW_FORBIDDEN' || code === 'REVIEW_CLAIMED') return { kind: 'forbidden' };
    logger?.error({ err: error }, 'a decision link could not be answered');
    return { kind: 'unavailable' };
  }

  return { handle, listener: (request, response) => serve(handle, request, response, clock) };
}

/** Where several decide, one person counts once. */
function hasDecided(error: unknown): boolean {
  const whyNot = error instanceof SignalboxError ? error.details['whyNot'] : undefined;
  return whyNot === 'approved' || whyNot === 'rejected';
}

function isJsonType(contentType: string | undefined): boolean {
  return /^application\/json\b/i.test(contentType ?? '');
}
