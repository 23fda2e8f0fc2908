import { z } from 'zod';
import type { Approval, ReviewStep } from '../../plan/plan.ts';
import { definitionInvalid, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { anything, duration, flag, label, oneOf, zodSchema } from '../options.ts';
import { guardParts } from '../reference.ts';
import { partsOfSchema } from '../schema-parts.ts';
import type { Ref } from '../types.ts';
import { toWiring } from '../wiring.ts';
import {
  gatedOptions,
  nodeBase,
  protectsOption,
  refuseInBody,
  stepOptions,
  taskOf,
} from './common.ts';
import {
  decisionOptions,
  expiryOption,
  groupsOf,
  peopleOf,
  toDecisionPolicy,
} from './decision-policy.ts';

const options = z.strictObject({
  ...gatedOptions,
  form: zodSchema.optional(),
  show: anything.optional(),
  assignTo: anything.optional(),
  notBy: z.array(anything, { error: 'must be a list of references' }).optional(),
  requesterMayDecide: flag.optional(),
  approve: anything.optional(),
  ...decisionOptions,
  onExpired: expiryOption('continue', 'reject', 'fail'),
  onRejected: oneOf('continue', 'fail').optional(),
  remind: z.strictObject({ every: duration, run: anything }).optional(),
  audience: label.optional(),
  protects: protectsOption,
});

export function addReview(draft: Draft, id: string, givenOptions: unknown): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, options, givenOptions);
  refuseInBody(draft, place, 'a review');
  const form = partsOfSchema(place, given.form ?? z.strictObject({}));
  const reminder =
    given.remind === undefined
      ? null
      : taskOf(draft, place, given.remind.run, 'option "remind.run"');
  const notBy = (given.notBy ?? []).map((person) => {
    const parts = draft.ref(place, person, 'each of "notBy"');
    return { kind: 'ref', of: parts.of, path: parts.path } as const;
  });
  const assignTo = given.assignTo ?? groupsOf(given.approvals);
  const ref = draft.add<ReviewStep>({
    ...nodeBase(draft, place, id, given),
    kind: 'review',
    form: form.input,
    ...(given.show !== undefined && { show: toWiring(draft, place, given.show, 'show') }),
    ...(assignTo !== undefined && {
      assignTo: toWiring(draft, place, assignTo, 'assignTo'),
    }),
    notBy,
    // Where several must approve, whoever asked is none of them unless the author says so.
    requesterMayDecide: given.requesterMayDecide ?? peopleOf(given.approvals) === 1,
    approve: toApproval(draft, place, given.approve ?? 'person'),
    ...toDecisionPolicy(draft, place, given),
    onExpired: outcomeOfExpiry(given.onExpired),
    onRejected: given.onRejected ?? 'continue',
    ...(given.remind !== undefined &&
      reminder !== null && { remind: { everyMs: given.remind.every, call: reminder.call } }),
    ...(given.audience !== undefined && { audience: given.audience }),
    ...(given.protects !== undefined && { protects: given.protects }),
  });
  draft.forms.set(id, form);
  return ref;
}

function outcomeOfExpiry(given: z.output<typeof options>['onExpired']): ReviewStep['onExpired'] {
  if (typeof given === 'object') return 'approve';
  return given === undefined || given === 'escalate' ? 'reject' : given;
}

export function toApproval(draft: Draft, place: Place, approve: unknown): Approval {
  if (approve === 'person' || approve === 'automatic') return { by: approve };
  if (guardParts(approve) === null) {
    throw definitionInvalid(place, 'option "approve" must be "person", "automatic" or a guard');
  }
  const guard = draft.guard(place, approve, 'option "approve"');
  return { by: 'guard', condition: guard.condition, label: guard.label };
}
