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

export const decisionOptions = {
  approvals: count(1, 100).optional(),
  expires: duration.optional(),
  escalate: z.union([escalation, z.array(escalation)]).optional(),
};

const silence = z.strictObject({ approve: label });

/** @param outcomes - what else time may decide */
export function expiryOption<const T extends readonly [string, ...string[]]>(...outcomes: T) {
  return z.union([oneOf(...outcomes, 'escalate'), silence]).optional();
}

interface Given {
  readonly approvals?: number | undefined;
  readonly expires?: number | undefined;
  readonly escalate?: z.output<typeof escalation> | z.output<typeof escalation>[] | undefined;
  readonly onExpired?: string | { readonly approve: string } | undefined;
}

type Policy = DecisionPolicy & { readonly expiresMs?: number };

/** Of a review that is escalated when its time is over, that time ends nothing: it is one escalation more. */
export function toDecisionPolicy(draft: Draft, place: Place, given: Given): Policy {
  const { approvals, expires, onExpired } = given;
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
    ...(approvals === undefined || approvals === 1 ? {} : { approvals }),
    ...(escalate.length === 0 ? {} : { escalate }),
    ...(expires === undefined || isEscalation ? {} : { expiresMs: expires }),
    ...(isApproval ? { expiryPolicy: onExpired.approve } : {}),
  };
}
