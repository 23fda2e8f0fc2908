import { api } from '../../api/api.ts';
import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind, Call } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { detailsOf, openReviewOf } from './details.ts';
import { inboxOf } from './inbox.ts';
import type { OpenReviews } from './open-reviews.ts';
import { openReviews } from './standing.ts';

export function serveReviews(bind: Bind, parts: ServiceParts, openReviewsOf: OpenReviews): void {
  const { orchestrator } = parts;
  bind(api.reviews.list, ({ query }, { caller }) => inboxOf(parts, openReviewsOf, query, caller));
  bind(api.reviews.get, async ({ params: { runId, step } }, call) => {
    const details = await detailsOf(parts, runId, step, call.caller);
    call.setHeader('etag', `"${details.shownHash}"`);
    return details;
  });
  bind(api.reviews.decide, async ({ params: { runId, step }, body }, { caller, headers }) => {
    const { shownHash, ...decision } = body;
    await orchestrator.decide(runId, step, {
      ...decision,
      shownHash: hashOf(runId, step, shownHash, headers),
      actor: caller.name,
      groups: caller.groups,
    });
    return decidedOf(await orchestrator.get(runId), step);
  });
  const standing = async ({ runId, step }: { runId: string; step: string }) =>
    openReviewOf(await orchestrator.get(runId), step).review;
  bind(api.reviews.claim, async ({ params, body }, { caller }) => {
    const who = { actor: caller.name, groups: caller.groups };
    await orchestrator.claim(params.runId, params.step, { ...body, ...who });
    return standing(params);
  });
  bind(api.reviews.release, async ({ params, body: { reason } }, { caller }) => {
    const mayReleaseOthers = caller.role === 'operator' || caller.role === 'admin';
    await orchestrator.release(params.runId, params.step, {
      actor: caller.name,
      ...(reason === undefined || !mayReleaseOthers ? {} : { reason }),
    });
    return standing(params);
  });
  bind(api.reviews.delegate, async ({ params, body }, { caller }) => {
    const who = { actor: caller.name, groups: caller.groups };
    await orchestrator.delegate(params.runId, params.step, { ...body, ...who });
    return standing(params);
  });
  bind(api.reviews.assign, async ({ params, body }, { caller }) => {
    await orchestrator.assign(params.runId, params.step, { ...body, actor: caller.name });
    return standing(params);
  });
}

function decidedOf(run: RunView, step: string) {
  const review = openReviews(run).find((open) => open.step === step);
  return {
    status: run.status,
    isOpen: review !== undefined,
    missing: review?.review.approvals.missing ?? 0,
    missingRejections:
      review === undefined
        ? 0
        : review.review.rejections.needed - review.review.rejections.given.length,
  };
}

/** What the reviewer saw: nobody approves what they have not read. */
function hashOf(
  runId: string,
  step: string,
  given: string | undefined,
  headers: Call['headers'],
): string {
  const header = headers['if-match'];
  const tag = typeof header === 'string' ? header.replace(/^(?:W\/)?"(.*)"$/, '$1') : undefined;
  const hash = given ?? tag;
  if (hash !== undefined) return hash;
  throw new SignalboxError(
    'INPUT_INVALID',
    `The decision on review "${step}" of run "${runId}" does not say what was seen`,
    {
      details: { runId, step },
      hint: 'Read the review and send its shownHash, in the body or as If-Match',
    },
  );
}
