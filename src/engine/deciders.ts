/** The facts on which the chart judges whether somebody may decide a review. */
import type { Decider } from '../chart/events.ts';
import type { ReviewItem } from './review-view.ts';
import type { GivenVote } from './run-body.ts';

export interface Person {
  readonly actor: string;
  /** Of the actor, now. */
  readonly groups: readonly string[];
  /** In whose place the actor decides; left out: their own, or that of the first who asked them if it is not theirs. */
  readonly onBehalfOf?: string | undefined;
}

/** What is known of an open review. */
export type Asked = Pick<
  ReviewItem,
  'assignees' | 'excluded' | 'votes' | 'objections' | 'delegations' | 'claim' | 'from'
>;

export function deciderOf(review: Asked, person: Person, nowMs: number): Decider {
  const { assignees, excluded, votes = [], objections = [], delegations = [], claim } = review;
  const { actor, groups } = person;
  const delegatedBy = delegations.filter(({ to }) => to === actor).map(({ from }) => from);
  const approvedBy = votes.flatMap(peopleOf);
  const rejectedBy = objections.flatMap(peopleOf);
  const isOwn = assignees === null || [actor, ...groups].some((name) => assignees.includes(name));
  const implied = isOwn
    ? undefined
    : (delegatedBy.find((name) => !approvedBy.includes(name)) ?? delegatedBy[0]);
  const onBehalfOf = person.onBehalfOf ?? implied;
  const placeOf = delegations.find(({ from, to }) => from === onBehalfOf && to === actor);
  return {
    actor,
    groups,
    assignees,
    excluded,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(delegatedBy.length === 0 ? {} : { delegatedBy }),
    ...(approvedBy.length === 0 ? {} : { approvedBy }),
    ...(votes.length === 0 ? {} : { given: votes.length }),
    ...(review.from === undefined ? {} : { givenFrom: votes.map((vote) => vote.groups ?? []) }),
    ...(review.from === undefined || onBehalfOf === undefined
      ? {}
      : { countsFor: placeOf?.groups ?? [] }),
    ...(rejectedBy.length === 0 ? {} : { rejectedBy, rejections: objections.length }),
    ...(claim !== undefined && isHeld(review, nowMs) ? { claimedBy: claim.by } : {}),
  };
}

/** Neither of them counts a second time. */
export function peopleOf({
  actor,
  onBehalfOf,
}: Pick<GivenVote, 'actor' | 'onBehalfOf'>): readonly string[] {
  return onBehalfOf === undefined ? [actor] : [actor, onBehalfOf];
}

/** A claim that has run out holds nothing. */
export function isHeld({ claim }: Pick<Asked, 'claim'>, nowMs: number): boolean {
  return claim !== undefined && (claim.untilMs === null || nowMs < claim.untilMs);
}
