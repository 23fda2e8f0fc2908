/** Of which groups the approvals of a review must come: every person fills one place, whichever of their groups it is counted for. */
import type { GroupShare } from '../plan/plan.ts';

export type Share = GroupShare & {
  /** Places that are filled. */
  readonly given: number;
};

/**
 * Counts approvals for groups so that as many places as possible are filled.
 *
 * @param approvers - the groups of each person who has approved
 */
export function sharesOf(
  from: readonly GroupShare[],
  approvers: readonly (readonly string[])[],
): readonly Share[] {
  // By group: the approvers that fill its places.
  const filled = from.map((): number[] => []);
  const place = (approver: number, seen: Set<number>): boolean =>
    from.some(({ group, approvals }, index) => {
      if (seen.has(index) || approvers[approver]?.includes(group) !== true) return false;
      seen.add(index);
      const holders = filled[index] ?? [];
      if (holders.length < approvals) {
        holders.push(approver);
        return true;
      }
      const moved = holders.findIndex((holder) => place(holder, seen));
      if (moved === -1) return false;
      holders[moved] = approver;
      return true;
    });
  for (const approver of approvers.keys()) place(approver, new Set());
  return from.map((share, index) => ({ ...share, given: filled[index]?.length ?? 0 }));
}

/** Whether the approvals that are left can still fill every place. */
export function canBeFilled(
  { approvals, from }: { readonly approvals: number; readonly from: readonly GroupShare[] },
  approvers: readonly (readonly string[])[],
  given: number,
): boolean {
  const missing = sharesOf(from, approvers).reduce(
    (sum, share) => sum + share.approvals - share.given,
    0,
  );
  return missing <= approvals - given;
}

/** An approver whom any place suits, after others of the kind: for walks in which people are nobody in particular. */
export function anyApprover(from: readonly GroupShare[] | undefined, given: number) {
  if (from === undefined) return {};
  const groups = from.map(({ group }) => group);
  return {
    groups,
    ...(given === 0 ? {} : { givenFrom: Array.from({ length: given }, () => groups) }),
  };
}
