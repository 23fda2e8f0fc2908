import { api } from '../../api/api.ts';
import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind, Call } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { detailsOf } from './details.ts';
import { inboxOf } from './inbox.ts';
import { openReviews } from './standing.ts';

export function serveReviews(bind: Bind, parts: ServiceParts): void {
  const { orchestrator } = parts;
  bind(api.reviews.list, ({ query }, { caller }) => inboxOf(parts, query, caller));
  bind(api.reviews.get, ({ params: { runId, step } }, { caller }) =>
    detailsOf(parts, runId, step, caller),
  );
  bind(api.reviews.decide, async ({ params: { runId, step }, body }, { caller, headers }) => {
    const { shownHash, ...decision } = body;
    await orchestrator.decide(runId, step, {
      ...decision,
      shownHash: hashOf(runId, step, shownHash, headers),
      actor: caller.name,
      groups: caller.groups,
    });
    return standingOf(await orchestrator.get(runId), step);
  });
}

function standingOf(run: RunView, step: string) {
  const review = openReviews(run).find((open) => open.step === step);
  return {
    status: run.status,
    isOpen: review !== undefined,
    missing: review?.review.approvals.missing ?? 0,
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
