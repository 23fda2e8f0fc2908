/** What the chart asks of an open review that stays open: an approval or a rejection counts, or others are asked as well. */
import { peopleOf } from './deciders.ts';
import type { Draft } from './draft.ts';
import type { Incoming } from './incoming.ts';
import { openMessage } from './review-messages.ts';
import { policyOf } from './review-policy.ts';
import type { ReviewItem } from './review-view.ts';
import type { GivenVote } from './run-body.ts';

/** Whoever has approved holds it no longer. */
export function countVote(draft: Draft, step: string, cause: Incoming): void {
  const given = givenBy(draft, cause);
  if (given === null) return;
  change(draft, step, (item) => ({
    ...letGo(item, given.actor),
    votes: [...(item.votes ?? []), withGroups(given, item, cause)],
  }));
}

/** Whoever rejects what they have approved takes the approval back. */
export function countObjection(draft: Draft, step: string, cause: Incoming): void {
  const given = givenBy(draft, cause);
  if (given === null) return;
  const people = peopleOf(given);
  change(draft, step, (item) => {
    const { votes = [], ...rest } = letGo(item, given.actor);
    const kept = votes.filter((vote) => !peopleOf(vote).some((person) => people.includes(person)));
    return {
      ...rest,
      ...(kept.length === 0 ? {} : { votes: kept }),
      objections: [...(item.objections ?? []), given],
    };
  });
}

function givenBy({ tools }: Draft, { event: { decider }, data }: Incoming): GivenVote | null {
  if (decider === undefined) return null;
  const comment = data?.['comment'];
  return {
    actor: decider.actor,
    ...(decider.onBehalfOf === undefined ? {} : { onBehalfOf: decider.onBehalfOf }),
    atMs: tools.nowMs,
    ...(typeof comment === 'string' ? { comment } : {}),
  };
}

/** What they may count for stays as it was when they approved. */
function withGroups(given: GivenVote, { from }: ReviewItem, { event }: Incoming): GivenVote {
  const of = event.decider?.countsFor ?? event.decider?.groups ?? [];
  const groups = (from ?? []).flatMap(({ group }) => (of.includes(group) ? [group] : []));
  return groups.length === 0 ? given : { ...given, groups };
}

function letGo({ claim, ...item }: ReviewItem, actor: string): ReviewItem {
  return claim === undefined || claim.by === actor ? item : { ...item, claim };
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
