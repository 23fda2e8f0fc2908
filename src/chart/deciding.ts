/** Who may decide a review: the guard `canDecide`, over nothing but the facts in the event. */
import type { ChartEvent, Decider } from './events.ts';

/**
 * What speaks against it. `excluded`: four eyes, of the actor or of whose place they take. `approved`: the same person would count twice.
 * `claimed`: somebody else holds it. `not_assigned`: it is not theirs, and nobody whose it is has asked them.
 */
export type WhyNot = 'excluded' | 'not_assigned' | 'claimed' | 'approved';

/** @returns `null` if the actor may; the same person may still reject what they have approved */
export function whyNotDecide(decider: Decider, outcome: ChartEvent['outcome']): WhyNot | null {
  const { actor, excluded, onBehalfOf, approvedBy = [], claimedBy } = decider;
  const people = onBehalfOf === undefined ? [actor] : [actor, onBehalfOf];
  if (people.some((person) => excluded.includes(person))) return 'excluded';
  if (!(onBehalfOf === undefined ? isAssigned(decider) : isAskedBy(decider, onBehalfOf)))
    return 'not_assigned';
  if (claimedBy !== undefined && claimedBy !== actor) return 'claimed';
  if (outcome !== 'rejected' && people.some((person) => approvedBy.includes(person)))
    return 'approved';
  return null;
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
