/** Who may decide a review: the guard `canDecide`, over nothing but the facts in the event. */
import type { GroupShare } from '../plan/plan.ts';
import type { ChartEvent, Decider } from './events.ts';
import { canBeFilled } from './quorum.ts';

/**
 * What speaks against it. `excluded`: four eyes, of the actor or of whose place they take. `approved`: the same person would count twice.
 * `rejected`: they have rejected it. `claimed`: somebody else holds it. `not_assigned`: it is not theirs, and nobody whose it is has asked them.
 * `not_needed`: the approvals that are missing must come from other groups.
 */
export type WhyNot =
  | 'excluded'
  | 'not_assigned'
  | 'claimed'
  | 'approved'
  | 'rejected'
  | 'not_needed';

/** Whose approvals a review takes. */
export interface Quorum {
  readonly approvals?: number;
  readonly from?: readonly GroupShare[];
}

/** @returns `null` if the actor may; the same person may still reject what they have approved */
export function whyNotDecide(
  decider: Decider,
  outcome: ChartEvent['outcome'],
  quorum: Quorum,
): WhyNot | null {
  const { actor, excluded, onBehalfOf, approvedBy = [], rejectedBy = [], claimedBy } = decider;
  const people = onBehalfOf === undefined ? [actor] : [actor, onBehalfOf];
  if (people.some((person) => excluded.includes(person))) return 'excluded';
  if (!(onBehalfOf === undefined ? isAssigned(decider) : isAskedBy(decider, onBehalfOf)))
    return 'not_assigned';
  if (claimedBy !== undefined && claimedBy !== actor) return 'claimed';
  if (people.some((person) => rejectedBy.includes(person))) return 'rejected';
  if (outcome === 'rejected') return null;
  if (people.some((person) => approvedBy.includes(person))) return 'approved';
  return isNeeded(decider, quorum) ? null : 'not_needed';
}

function isNeeded(decider: Decider, { approvals = 1, from }: Quorum): boolean {
  if (from === undefined) return true;
  const { groups, countsFor = groups, given = 0, givenFrom = [] } = decider;
  return canBeFilled({ approvals, from }, [...givenFrom, countsFor], given + 1);
}

function isAssigned({ actor, groups, assignees }: Decider): boolean {
  return (
    assignees === null ||
    assignees.includes(actor) ||
    groups.some((group) => assignees.includes(group))
  );
}

function isAskedBy({ delegatedBy = [] }: Decider, person: string): boolean {
  return delegatedBy.includes(person);
}
