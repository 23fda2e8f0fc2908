/** An open review as one caller meets it. */
import type { Review } from '../../api/reviews.ts';
import { type Quorum, type WhyNot, whyNotDecide } from '../../chart/deciding.ts';
import { deciderOf } from '../../engine/deciders.ts';
import type { RunView } from '../../engine/views.ts';
import type { Waiting } from '../../engine/waiting.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Caller } from '../caller.ts';
import { gistOf } from './gist.ts';

export type OpenReview = Waiting & Required<Pick<Waiting, 'review' | 'shownHash'>>;

export function openReviews({ waitingOn }: RunView): readonly OpenReview[] {
  return waitingOn.filter(
    (waiting): waiting is OpenReview =>
      waiting.kind === 'review' && waiting.review !== undefined && waiting.shownHash !== undefined,
  );
}

export type Who = Pick<Caller, 'name' | 'groups'>;

/** What the inbox says of the run. */
export type ReviewedRun = Pick<
  RunView,
  'runId' | 'workflow' | 'version' | 'priority' | 'labels' | 'key' | 'actor' | 'paused'
>;

const words: { readonly [why in WhyNot]: string } = {
  excluded: 'four eyes: somebody else must decide it',
  not_assigned: 'it is not assigned to you',
  claimed: 'somebody else has claimed it',
  approved: 'your approval counts already',
  rejected: 'your rejection counts already',
  not_needed: 'the approvals that are missing must come from others',
};

export function toReview(
  run: ReviewedRun,
  waiting: OpenReview,
  plan: Plan | null,
  { name, groups }: Who,
  nowMs: number,
): Review {
  const { review, step } = waiting;
  const node = plan?.nodes.find(({ id }) => id === step);
  const decider = deciderOf(asked(waiting), { actor: name, groups }, nowMs);
  const whyNot = whyNotDecide(decider, undefined, quorumOf(waiting));
  return {
    runId: run.runId,
    workflow: run.workflow,
    version: run.version,
    priority: run.priority,
    labels: run.labels,
    key: run.key,
    gist: gistOf(waiting.shown ?? null),
    requestedBy: run.actor,
    step,
    ...review,
    claimedBy: isOver(review.claimedBy, nowMs) ? null : review.claimedBy,
    description: node?.description ?? null,
    since: waiting.since,
    dueAt: waiting.until,
    afterwards: waiting.afterwards,
    paused: run.paused,
    assignees: waiting.assignees ?? null,
    isOverdue: review.reminders > 0 || review.escalatedTo.length > 0,
    shownHash: waiting.shownHash,
    mayDecide: whyNot === null,
    mayReject: whyNotDecide(decider, 'rejected', quorumOf(waiting)) === null,
    whyNot: whyNot === null ? null : words[whyNot],
  };
}

function isOver(claim: OpenReview['review']['claimedBy'], nowMs: number): boolean {
  return claim?.until != null && Date.parse(claim.until) <= nowMs;
}

function quorumOf({ review: { approvals } }: OpenReview): Quorum {
  const from = approvals.from.map(({ group, needed }) => ({ group, approvals: needed }));
  return { approvals: approvals.needed, ...(from.length === 0 ? {} : { from }) };
}

/** The facts of a review from how it is shown. */
function asked(open: OpenReview) {
  const { assignees = null, review } = open;
  const { claimedBy, delegatedTo, approvals, rejections, excluded } = review;
  const given = ({ actor, onBehalfOf, at }: (typeof rejections.given)[number]) => ({
    actor,
    ...(onBehalfOf === null ? {} : { onBehalfOf }),
    atMs: Date.parse(at),
  });
  const { from } = quorumOf(open);
  return {
    assignees,
    excluded,
    ...(from === undefined ? {} : { from }),
    votes: approvals.given.map((vote) => ({ ...given(vote), groups: vote.groups })),
    objections: rejections.given.map(given),
    delegations: delegatedTo.map(({ from: delegator, to, at, groups }) => ({
      from: delegator,
      to,
      groups,
      atMs: Date.parse(at),
    })),
    ...(claimedBy === null
      ? {}
      : {
          claim: {
            by: claimedBy.actor,
            atMs: Date.parse(claimedBy.at),
            untilMs: claimedBy.until === null ? null : Date.parse(claimedBy.until),
          },
        }),
  };
}
