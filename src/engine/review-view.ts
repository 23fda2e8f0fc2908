/** An open review as people and programs see it. */
import type { OpenItem } from './run-body.ts';

export type ReviewItem = Extract<OpenItem, { kind: 'review' }>;

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
  }[];
  readonly approvals: {
    readonly needed: number;
    readonly missing: number;
    readonly given: readonly {
      readonly actor: string;
      /** Whose approval it counts as, if not the actor's own. */
      readonly onBehalfOf: string | null;
      readonly at: string;
      readonly comment: string | null;
    }[];
  };
  readonly reminders: number;
  readonly escalatedTo: readonly string[];
}

const iso = (ms: number) => new Date(ms).toISOString();

export function reviewWaiting(item: ReviewItem): ReviewWaiting {
  const { claim, delegations = [], votes = [], approvals = 1 } = item;
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
    delegatedTo: delegations.map(({ from, to, atMs, reason }) => ({
      from,
      to,
      at: iso(atMs),
      reason: reason ?? null,
    })),
    approvals: {
      needed: approvals,
      missing: approvals - votes.length,
      given: votes.map(({ actor, onBehalfOf, atMs, comment }) => ({
        actor,
        onBehalfOf: onBehalfOf ?? null,
        at: iso(atMs),
        comment: comment ?? null,
      })),
    },
    reminders: item.reminders,
    escalatedTo: item.escalatedTo ?? [],
  };
}
