import { defineWorkflow } from '../../src/index.ts';
import { Claim } from '../credential-verification/tasks.ts';
import { credentialVerification } from '../credential-verification/workflow.ts';
import { Applicant } from '../enrolment/tasks.ts';
import { enrolment } from '../enrolment/workflow.ts';

/** Neither part reads the other's values, so they run at the same time without being told to. */
export const admissions = defineWorkflow({
  name: 'admissions',
  version: 1,
  description: 'A student is enrolled while the licence is verified; without a licence, neither.',
  owner: 'Admissions office',
  input: Applicant.extend(Claim.shape),
  steps(w) {
    const { name, email, course, payment_token, licence_number } = w.input.$;
    const enrolled = w.child('enrolment', enrolment, {
      input: { name, email, course, payment_token },
    });
    const checked = w.child('verification', credentialVerification, {
      input: { name, email, licence_number },
    });
    const isRejected = w.is(
      checked.$.verdict,
      'licence rejected',
      (verdict) => verdict === 'rejected',
      { otherwise: 'The licence is verified.' },
    );
    // Undoes the enrolment, tuition included.
    w.fail('refuse', 'The licence could not be verified.', { when: isRejected, after: [enrolled] });
    return w.finish({ enrolment: enrolled, verdict: checked.$.verdict }, { approve: 'automatic' });
  },
});
