/** What the chart asks of an open review that stays open: an approval counts, or others are asked as well. */
import type { Draft } from './draft.ts';
import type { Incoming } from './incoming.ts';
import { openMessage } from './review-messages.ts';
import { policyOf } from './review-policy.ts';
import type { ReviewItem } from './review-view.ts';

/** Whoever has approved holds it no longer. */
export function countVote(draft: Draft, step: string, { event, data }: Incoming): void {
  const { decider } = event;
  if (decider === undefined) return;
  const comment = data?.['comment'];
  const vote = {
    actor: decider.actor,
    ...(decider.onBehalfOf === undefined ? {} : { onBehalfOf: decider.onBehalfOf }),
    atMs: draft.tools.nowMs,
    ...(typeof comment === 'string' ? { comment } : {}),
  };
  change(draft, step, ({ claim, ...item }) => ({
    ...item,
    votes: [...(item.votes ?? []), vote],
    ...(claim === undefined || claim.by === decider.actor ? {} : { claim }),
  }));
}

/** Where anybody may decide, that stays so unless the others replace them. */
export function escalate(draft: Draft, step: string, level: number): void {
  const { plan, index } = draft.run.definition;
  const escalation = policyOf(plan, index.nodes, step).escalate?.[level - 1];
  if (escalation === undefined) return;
  const { to, replace } = escalation;
  change(draft, step, ({ claim: _released, ...item }) => ({
    ...item,
    assignees:
      replace === true
        ? to
        : item.assignees === null
          ? null
          : [...new Set([...item.assignees, ...to])],
    escalatedTo: [...new Set([...(item.escalatedTo ?? []), ...to])],
  }));
  const review = draft.run.open.find(
    (item): item is ReviewItem => item.kind === 'review' && item.step === step,
  );
  if (review !== undefined) openMessage(draft, review, 'escalation', level);
}

function change(draft: Draft, step: string, changed: (item: ReviewItem) => ReviewItem): void {
  draft.run.open = draft.run.open.map((item) =>
    item.kind === 'review' && item.step === step ? changed(item) : item,
  );
}
