/** A payout as the tests of the browser need it: an undoable step, one that may be repeated, a gate, a review, a wait, and ways to fail. */
import { z } from 'zod';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  PermanentError,
  TransientError,
} from '../../../src/index.ts';

const Payout = z.object({
  account: z.string(),
  euros: z.number(),
  /** How the bank answers: at once, at the second attempt, never. */
  bank: z.enum(['open', 'busy', 'refuses']).default('open'),
});

const reserve = defineTask({
  name: 'reserve',
  input: Payout,
  output: z.object({ reservation: z.string() }),
  run: ({ input }) => Promise.resolve({ reservation: `r-${input.account}` }),
  compensate: () => Promise.resolve(),
});

const notify = defineTask({
  name: 'notify',
  input: Payout,
  output: z.object({ mail: z.string() }),
  compensate: 'irreversible',
  run: ({ input }) => Promise.resolve({ mail: `to ${input.account}` }),
});

const assess = defineTask({
  name: 'assess',
  input: Payout,
  output: z.object({ risk: z.enum(['low', 'high']) }),
  compensate: 'none',
  run: ({ input }) =>
    Promise.resolve({ risk: input.euros >= 1_000 ? ('high' as const) : ('low' as const) }),
});

const transfer = defineTask({
  name: 'transfer',
  input: Payout,
  output: z.object({ transferId: z.string() }),
  compensate: () => Promise.resolve(),
  retry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '50ms' } },
  run({ input, attempt }) {
    if (input.bank === 'refuses') throw new PermanentError('The bank refuses the account');
    if (input.bank === 'busy' && attempt === 1) throw new TransientError('The bank is busy');
    return Promise.resolve({ transferId: `t-${input.account}` });
  },
});

const settled = defineEvent({ name: 'bank.settled', payload: z.object({ ok: z.boolean() }) });

export const payout = defineWorkflow({
  name: 'payout',
  version: 1,
  description: 'Pays somebody out; from 1,000 euros on a person approves.',
  input: Payout,
  steps(w) {
    const reservation = w.task('reserve_funds', reserve, { input: w.input });
    const { risk } = w.task('assess_risk', assess, { input: w.input, after: [reservation] }).$;
    const isLow = w.is(risk, 'low risk', (value) => value === 'low');
    const approval = w.review('approval', {
      description: 'May this be paid out?',
      show: { request: w.input, reservation: reservation.$.reservation },
      approve: isLow,
      expires: '24h',
      onRejected: 'fail',
    });
    const mail = w.task('send_notice', notify, { input: w.input, after: [approval] });
    const done = w.task('transfer_money', transfer, { input: w.input, after: [mail] });
    const answer = w.waitFor('settlement', settled, {
      after: [done],
      when: w.is(risk, 'high risk', (value) => value === 'high'),
      within: '48h',
    });
    return w.finish({ transferId: done.$.transferId, answer }, { approve: 'automatic' });
  },
});

/** Has another run pay. */
export const errand = defineWorkflow({
  name: 'errand',
  version: 1,
  input: Payout,
  steps(w) {
    return w.child('payment', payout, { input: w.input });
  },
});

/** What the bank of the deposits answers when one is to be given back. */
export const vault = { isOpen: false };

const deposit = defineTask({
  name: 'deposit',
  input: z.object({ euros: z.number() }),
  output: z.object({ euros: z.number() }),
  run: ({ input }) => Promise.resolve(input),
  compensate() {
    if (!vault.isOpen) throw new PermanentError('The vault is closed');
    return Promise.resolve();
  },
});

const refuse = defineTask({
  name: 'refuse',
  input: z.object({ euros: z.number() }),
  output: z.null(),
  compensate: 'none',
  run() {
    throw new PermanentError('Nobody wants it');
  },
});

/** Fails after a step whose undo fails as long as the vault is closed. */
export const purchase = defineWorkflow({
  name: 'purchase',
  version: 1,
  input: z.object({ euros: z.number() }),
  steps(w) {
    const paid = w.task('pay_deposit', deposit, { input: w.input });
    return w.finish(w.task('buy', refuse, { input: paid }), { approve: 'automatic' });
  },
});
