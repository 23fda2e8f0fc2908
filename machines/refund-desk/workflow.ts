import { askWithApproval } from '../../src/agent/index.ts';
import { defineWorkflow } from '../../src/index.ts';
import { Complaint, refundClerk } from './tasks.ts';

export const refundDesk = defineWorkflow({
  name: 'refund-desk',
  version: 1,
  description: 'An agent answers a complaint; money is paid back only if a person says so.',
  owner: 'Customer service',
  input: Complaint,
  steps(w) {
    const answered = askWithApproval(w, 'clerk', refundClerk, {
      input: w.input,
      audience: 'Head of customer service',
      expires: '24h',
    });
    return w.finish(
      { answer: answered.$.answer, source: answered.$.source, usage: answered.$.usage },
      { approve: 'automatic' },
    );
  },
});
