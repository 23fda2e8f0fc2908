import { defineWorkflow } from '../../src/index.ts';
import {
  confirmRequest,
  declineRequest,
  ExpenseRequest,
  openRequest,
  processApprovedRequest,
  Reasons,
  refuseRequest,
  validateRequest,
} from './tasks.ts';

/** From this amount on, in euros, a person decides. */
const personFrom = 1_000;

export const expenseApproval = defineWorkflow({
  name: 'expense-approval',
  version: 1,
  description:
    'An expense below 1000 is approved by policy; from 1000 on somebody else than the requester decides within 24 hours.',
  input: ExpenseRequest,
  steps(w) {
    const validation = w.task('validate_request', validateRequest, { input: w.input });
    const { requester } = w.input.$;
    const { amount } = validation.$;
    const valid = w.is(validation.$.valid, 'valid', (isValid) => isValid);

    return w.when(
      'validity',
      valid,
      () => {
        const { approval_id } = w.task('open_request', openRequest, { input: w.input }).$;
        const approval = w.review('approval', {
          description: 'Is this expense to be reimbursed?',
          audience: 'Finance',
          show: { approval_id, request: w.input },
          form: Reasons,
          approve: w.is(amount, `below ${personFrom}`, (euros) => euros < personFrom),
          // Four eyes: neither who spent the money nor who handed the request in.
          notBy: [requester],
          requesterMayDecide: false,
          expires: '86400s',
          // Its own outcome, so that an answer says that nobody decided rather than that somebody refused.
          onExpired: 'continue',
          protects: ['process_approved_request'],
        });
        const approved = w.is(approval.$.outcome, 'approved', (outcome) => outcome === 'approved', {
          otherwise: 'The expense was not approved.',
        });
        return w.when(
          'decision',
          approved,
          () => {
            const processing = w.task('process_approved_request', processApprovedRequest, {
              input: { approval_id, approved_by: approval.$.actor, requester, amount },
            });
            return w.task('confirm', confirmRequest, {
              input: { approval_id, success: processing.$.success },
            });
          },
          () => w.task('decline', declineRequest, { input: approval }),
        );
      },
      () => w.task('refuse', refuseRequest, { input: { errors: validation.$.errors } }),
    );
  },
});
