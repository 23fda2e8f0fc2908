import { defineWorkflow } from '../../src/index.ts';
import {
  Applicant,
  chargeTuition,
  confirmEnrolment,
  createAccount,
  grantAccess,
  registerStudent,
  reservePlace,
} from './tasks.ts';

/** Six steps over three platforms: all of them, or none. */
export const enrolment = defineWorkflow({
  name: 'enrolment',
  version: 1,
  description:
    'A student is registered, gets a place and an account, pays, and is let into the course.',
  owner: 'Admissions office',
  // What a platform holds up for longer is undone, so that the place does not stay taken.
  timeout: '1d',
  input: Applicant,
  steps: (w) =>
    // In this order also where no value flows: nobody pays before there is a place and an account.
    w.sequence(() => {
      const { course, email } = w.input.$;
      const { student_id } = w.task('register_student', registerStudent, {
        input: { name: w.input.$.name, email },
      }).$;
      const place = w.task('reserve_place', reservePlace, { input: { student_id, course } });
      const account = w.task('create_account', createAccount, { input: { student_id, email } });
      const charge = w.task('charge_tuition', chargeTuition, {
        input: { student_id, amount_cents: place.$.fee_cents, token: w.input.$.payment_token },
      });
      w.task('grant_access', grantAccess, { input: { account_id: account.$.account_id, course } });
      const confirmed = w.task('confirm_enrolment', confirmEnrolment, {
        input: { student_id, course },
      });
      return w.finish(
        {
          student_id,
          enrolment_id: confirmed.$.enrolment_id,
          charge_id: charge.$.charge_id,
          fee_cents: place.$.fee_cents,
        },
        { approve: 'automatic' },
      );
    }),
});
