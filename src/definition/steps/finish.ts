import { z } from 'zod';
import { kindOf } from '../../plan/json-value.ts';
import type { Plan, Wiring } from '../../plan/plan.ts';
import { definitionInvalid } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { anything, flag, parseOptions } from '../options.ts';
import { refParts } from '../reference.ts';
import { toWiring } from '../wiring.ts';
import {
  decisionOptions,
  expiryOption,
  groupsOf,
  peopleOf,
  toDecisionPolicy,
} from './decision-policy.ts';
import { toApproval } from './review-step.ts';

export interface FinishParts {
  readonly draft: Draft;
  readonly output: Wiring;
  readonly finish: Plan['finish'];
}

const partsOfFinishes = new WeakMap<object, FinishParts>();

const options = z.strictObject({
  approve: anything,
  assignTo: anything.optional(),
  ...decisionOptions,
  onExpired: expiryOption('fail'),
  requesterMayDecide: flag.optional(),
});

export function createFinish(draft: Draft, output: unknown, review: unknown): object {
  draft.checkOpen();
  const place = draft.place('completion');
  const given = parseOptions(place, options, review);
  const assignTo = given.assignTo ?? groupsOf(given.approvals);
  const finish = Object.freeze({});
  partsOfFinishes.set(finish, {
    draft,
    output: toWiring(draft, place, output, 'output'),
    finish: {
      approve: toApproval(draft, place, given.approve),
      ...(assignTo !== undefined && {
        assignTo: toWiring(draft, place, assignTo, 'assignTo'),
      }),
      ...toDecisionPolicy(draft, place, given),
      ...(typeof given.onExpired === 'object' && { onExpired: 'approve' as const }),
      requesterMayDecide: given.requesterMayDecide ?? peopleOf(given.approvals) === 1,
    },
  });
  return finish;
}

/** What `steps` has returned: a finish, or a reference, which means one that approves itself. */
export function finishOf(draft: Draft, returned: unknown): Omit<FinishParts, 'draft'> {
  const place = draft.place();
  const finish =
    (typeof returned === 'object' && returned !== null && partsOfFinishes.get(returned)) || null;
  if (finish !== null) {
    if (finish.draft !== draft)
      throw definitionInvalid(place, '`steps` returns the finish of another workflow');
    return finish;
  }
  if (refParts(returned) !== null) {
    return {
      output: toWiring(draft, place, returned, 'output'),
      finish: { approve: { by: 'automatic' }, requesterMayDecide: true },
    };
  }
  const wayOut = 'return the reference of a step, or w.finish(output, { approve })';
  const problem =
    returned instanceof Promise
      ? 'is asynchronous; a definition is synchronous'
      : `returns ${kindOf(returned)}`;
  throw definitionInvalid(place, `\`steps\` ${problem}; ${wayOut}`);
}
