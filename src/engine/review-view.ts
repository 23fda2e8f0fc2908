/** An open review as people and programs see it. */

import { sharesOf } from '../chart/quorum.ts';
import { iso } from './iso.ts';
import type { GivenVote, OpenItem } from './run-body.ts';

export type ReviewItem = Extract<OpenItem, { kind: 'review' }>;

interface GivenView {
  readonly actor: string;
  /** Whose it counts as, if not the actor's own. */
  readonly onBehalfOf: string | null;
  readonly at: string;
  readonly comment: string | null;
}

/** Times are ISO 8601 in UTC. */
export interface ReviewWaiting {
  /** `closing`: of the run's result; `in_doubt`: whether an attempt took effect. */
  readonly kind: 'step' | 'closing' | 'in_doubt';
  /** People who must not decide. */
  readonly excluded: readonly string[];
  /** Who holds it, as long as nobody else may decide; `until` `null`: until it is released. */
  readonly claimedBy: {
    readonly actor: string;
    readonly at: string;
    readonly until: string | null;
    readonly reason: string | null;
  } | null;
  /** `to` may decide in the place of `from`. */
  readonly delegatedTo: readonly {
    readonly from: string;
    readonly to: string;
    readonly at: string;
    readonly reason: string | null;
    /** Those of \`from\` that count for the approvals the review takes. */
    readonly groups: readonly string[];
  }[];
  readonly approvals: {
    readonly needed: number;
    readonly missing: number;
    /** Of which groups so many of them must come, and how many have; empty: of no group in particular. */
    readonly from: readonly {
      readonly group: string;
      readonly needed: number;
      readonly given: number;
    }[];
    readonly given: readonly (GivenView & {
      /** Groups of `from` it may be counted for. */
      readonly groups: readonly string[];
    })[];
  };
  /** Rejections, of which `needed` close it. */
  readonly rejections: { readonly needed: number; readonly given: readonly GivenView[] };
  readonly reminders: number;
  readonly escalatedTo: readonly string[];
}

export function reviewWaiting(item: ReviewItem): ReviewWaiting {
  const { claim, delegations = [], votes = [], approvals = 1, from = [] } = item;
  const { rejections = 1, objections = [] } = item;
  return {
    kind: item.inDoubt ? 'in_doubt' : item.step === 'completion' ? 'closing' : 'step',
    excluded: item.excluded,
    claimedBy:
      claim === undefined
        ? null
        : {
            actor: claim.by,
            at: iso(claim.atMs),
            until: claim.untilMs === null ? null : iso(claim.untilMs),
            reason: claim.reason ?? null,
          },
    delegatedTo: delegations.map(({ from: delegator, to, atMs, reason, groups }) => ({
      from: delegator,
      to,
      at: iso(atMs),
      reason: reason ?? null,
      groups: groups ?? [],
    })),
    approvals: {
      needed: approvals,
      missing: approvals - votes.length,
      from: sharesOf(
        from,
        votes.map(({ groups = [] }) => groups),
      ).map(({ group, approvals: needed, given }) => ({ group, needed, given })),
      given: votes.map((vote) => ({ ...givenView(vote), groups: vote.groups ?? [] })),
    },
    rejections: { needed: rejections, given: objections.map(givenView) },
    reminders: item.reminders,
    escalatedTo: item.escalatedTo ?? [],
  };
}

function givenView({ actor, onBehalfOf, atMs, comment }: GivenVote): GivenView {
  return {
    actor,
    onBehalfOf: onBehalfOf ?? null,
    at: iso(atMs),
    comment: comment ?? null,
  };
}
