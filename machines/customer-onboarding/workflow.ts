import { defineWorkflow } from '../../src/index.ts';
import {
  Account,
  Customer,
  checkRegister,
  createAccount,
  prepareWorkspace,
  recordVerification,
  sendFirstSteps,
  sendWelcome,
} from './tasks.ts';

export const accountSetupFlow = defineWorkflow({
  name: 'account-setup-flow',
  version: 1,
  description: 'A customer gets an account with a workspace.',
  input: Customer,
  steps(w) {
    const { customer_id } = w.task('create_account', createAccount, { input: w.input }).$;
    const workspace = w.task('prepare_workspace', prepareWorkspace, {
      input: { customer_id, company: w.input.$.company },
    });
    return w.finish(
      {
        customer_id,
        name: w.input.$.name,
        email: w.input.$.email,
        company: w.input.$.company,
        workspace_id: workspace.$.workspace_id,
      },
      { approve: 'automatic' },
    );
  },
});

export const verificationFlow = defineWorkflow({
  name: 'verification-flow',
  version: 1,
  description: 'A company on the register is verified at once; of any other a person decides.',
  input: Account,
  steps(w) {
    const { customer_id, company } = w.input.$;
    const found = w.task('check_register', checkRegister, { input: { company } });
    const identity = w.review('identity', {
      description: 'Is this company who it says it is?',
      audience: 'Compliance',
      show: w.input,
      approve: w.is(found.$.is_registered, 'on the register', (isRegistered) => isRegistered),
      expires: '72h',
      onExpired: 'reject',
      onRejected: 'fail',
      protects: ['record_verification'],
    });
    const verification = w.task('record_verification', recordVerification, {
      input: { customer_id, verified_by: identity.$.actor },
    });
    return w.finish({ status: verification.$.status }, { approve: 'automatic' });
  },
});

export const welcomeSequenceFlow = defineWorkflow({
  name: 'welcome-sequence-flow',
  version: 1,
  description: 'A customer is welcomed, then told the first steps.',
  input: Account,
  steps(w) {
    const { customer_id, name, email } = w.input.$;
    return w.sequence(() => {
      w.task('send_welcome', sendWelcome, { input: { customer_id, name, email } });
      w.task('send_first_steps', sendFirstSteps, { input: { customer_id, name, email } });
      return w.finish({ sent: true }, { approve: 'automatic' });
    });
  },
});

export const customerOnboarding = defineWorkflow({
  name: 'customer-onboarding',
  version: 1,
  description:
    'Account, verification and welcome, a workflow each; if a customer cannot be verified, the account is closed again.',
  input: Customer,
  steps(w) {
    const account = w.child('account_setup', accountSetupFlow, { input: w.input });
    const verification = w.child('verification', verificationFlow, { input: account });
    const welcome = w.child('welcome_sequence', welcomeSequenceFlow, {
      input: account,
      after: [verification],
    });
    return w.finish(
      {
        customer_id: account.$.customer_id,
        onboarding_complete: true,
        verification_status: verification.$.status,
        welcome_sent: welcome.$.sent,
      },
      { approve: 'automatic' },
    );
  },
});
