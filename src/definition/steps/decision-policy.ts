/** The options of a review that say how its decision comes about: how many approve, who is asked next, and what its end by time means. */
import { z } from 'zod';
import type { DecisionPolicy, Escalation } from '../../plan/plan.ts';
import { definitionInvalid, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { anything, count, duration, flag, label, oneOf } from '../options.ts';
import { taskOf } from './common.ts';

const escalation = z.strictObject({
  after: duration.optional(),
  to: z.union([label, z.array(label)], {
    error: 'must be the name of a person or group, or a list of them',
  }),
  replace: flag.optional(),
  run: anything.optional(),
});

const approvals = z.union(
  [
    count(1, 100),
    z.strictObject({
      count: count(1, 100).optional(),
      from: z.record(label, count(1, 100), {
        error: 'must say how many approvals each group gives: { finance: 1, legal: 1 }',
      }),
    }),
  ],
  { error: 'must be a whole number from 1 to 100, or { from: { group: number } }' },
);

export const decisionOptions = {
  approvals: approvals.optional(),
  rejections: count(1, 100).optional(),
  expires: duration.optional(),
  escalate: z.union([escalation, z.array(escalation)]).optional(),
};

const silence = z.strictObject({ approve: label });

/** @param outcomes - what else time may decide */
export function expiryOption<const T extends readonly [string, ...string[]]>(...outcomes: T) {
  return z.union([oneOf(...outcomes, 'escalate'), silence]).optional();
}

type Approvals = z.output<typeof approvals> | undefined;

/** People whose approval it takes. */
export function peopleOf(given: Approvals): number {
  if (typeof given !== 'object') return given ?? 1;
  return given.count ?? Object.values(given.from).reduce((sum, each) => sum + each, 0);
}

/** Where nothing else is said, those decide whose approval it takes. */
export function groupsOf(given: Approvals): readonly string[] | undefined {
  return typeof given === 'object' ? Object.keys(given.from).toSorted() : undefined;
}

interface Given {
  readonly approvals?: Approvals;
  readonly rejections?: number | undefined;
  readonly expires?: number | undefined;
  readonly escalate?: z.output<typeof escalation> | z.output<typeof escalation>[] | undefined;
  readonly onExpired?: string | { readonly approve: string } | undefined;
}

type Policy = DecisionPolicy & { readonly expiresMs?: number };

/** Of a review that is escalated when its time is over, that time ends nothing: it is one escalation more. */
export function toDecisionPolicy(draft: Draft, place: Place, given: Given): Policy {
  const { expires, onExpired, rejections } = given;
  const people = peopleOf(given.approvals);
  const groups = groupsOf(given.approvals);
  const shares = typeof given.approvals === 'object' ? given.approvals.from : {};
  const levels = given.escalate === undefined ? [] : [given.escalate].flat();
  const isEscalation = onExpired === 'escalate';
  const escalate = levels.map(({ after, to, replace, run }, index): Escalation => {
    const isLast = index === levels.length - 1;
    const afterMs = after ?? (isEscalation && isLast ? expires : undefined);
    if (afterMs === undefined)
      throw definitionInvalid(
        place,
        `escalation ${index + 1} does not say when: give it "after", or the review "expires" with onExpired: 'escalate'`,
      );
    return {
      afterMs,
      to: [to].flat(),
      ...(replace === true ? { replace } : {}),
      ...(run === undefined
        ? {}
        : { call: taskOf(draft, place, run, 'option "escalate.run"').call }),
    };
  });
  if (isEscalation && levels.at(-1)?.after !== undefined)
    throw definitionInvalid(
      place,
      'the last escalation has a time of its own; without "after" it comes when the review expires',
    );
  if (isEscalation && levels.length === 0)
    throw definitionInvalid(
      place,
      "onExpired: 'escalate' needs to know whom: escalate: { to: […] }",
    );
  const isApproval = typeof onExpired === 'object';
  return {
    ...(people === 1 ? {} : { approvals: people }),
    ...(groups === undefined
      ? {}
      : { from: groups.map((group) => ({ group, approvals: shares[group] ?? 1 })) }),
    ...(rejections === undefined || rejections === 1 ? {} : { rejections }),
    ...(escalate.length === 0 ? {} : { escalate }),
    ...(expires === undefined || isEscalation ? {} : { expiresMs: expires }),
    ...(isApproval ? { expiryPolicy: onExpired.approve } : {}),
  };
}
