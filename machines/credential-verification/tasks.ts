import { z } from 'zod';
import { type Delivery, defineTask } from '../../src/index.ts';
import { call } from '../platform.ts';
import { Evidence, Finding, weigh } from './evidence.ts';
import { crm, messaging, Verdict } from './platforms.ts';
import { Licence, type Registry } from './registries.ts';

export const Claim = z.object({
  name: z.string().min(1).max(200).describe('As on the licence'),
  email: z.email(),
  licence_number: z.string().regex(/^[A-Z]{2}-\d{4,8}$/),
});

const retry: Delivery['retry'] = {
  maxAttempts: 3,
  backoff: { kind: 'exponential', initial: '1s', max: '10s', jitter: 'full' },
};

/** Each register has a breaker of its own: one that is down neither holds up nor hides the others. */
export const lookUpIn = (registry: Registry) =>
  defineTask({
    name: `look_up_in_${registry.state}`,
    description: 'Asks the register of a state for the licence.',
    timeout: '10s',
    retry,
    breaker: { name: registry.name, failureThreshold: 3, resetAfter: '60s', whenOpen: 'fail' },
    input: z.object({ licence_number: z.string() }),
    output: Finding,
    compensate: 'none',
    async run({ input, signal }) {
      const [licence = null] = await call(registry, {
        method: 'GET',
        path: `/licences?number=${encodeURIComponent(input.licence_number)}`,
        signal,
        answer: z.array(Licence).max(100),
      });
      return { state: registry.state, licence };
    },
  });

/** How a tolerated look-up ended. */
const Asked = z.union([
  z.object({ status: z.literal('complete'), value: Finding }),
  z.object({ status: z.literal('failed') }),
]);

export const weighEvidence = defineTask({
  name: 'weigh_evidence',
  description: 'Compares what the registers said with the claim.',
  input: z.object({ name: z.string(), asked: z.record(z.string(), Asked) }),
  output: Evidence,
  timeout: '10s',
  compensate: 'none',
  async run({ input: { name, asked } }) {
    return weigh(
      name,
      Object.entries(asked).map(
        ([state, answer]) => [state, answer.status === 'complete' ? answer.value : null] as const,
      ),
    );
  },
});

export const updateCrm = defineTask({
  name: 'update_crm',
  description: 'Notes the verdict at the contact; undone by restoring what stood there before.',
  timeout: '10s',
  retry,
  input: z.object({ email: z.email(), verdict: Verdict }),
  output: z.object({ previous: Verdict.nullable() }),
  async run({ input: { email, verdict }, idempotencyKey, signal }) {
    return call(crm, {
      method: 'PUT',
      path: `/contacts/${encodeURIComponent(email)}/credential`,
      body: { credential: verdict },
      // A repeated attempt is told what stood there before the first one.
      idempotencyKey,
      signal,
      answer: z.object({ previous: Verdict.nullable() }),
    });
  },
  async compensate({ input, output, idempotencyKey, signal }) {
    await call(crm, {
      method: 'PUT',
      path: `/contacts/${encodeURIComponent(input.email)}/credential`,
      body: { credential: output.previous },
      idempotencyKey,
      signal,
      answer: z.object({}),
    });
  },
});

export const notifyStudent = defineTask({
  name: 'notify_student',
  description: 'Tells the student by the messaging platform, which sends one message for each key.',
  timeout: '10s',
  retry,
  input: z.object({ claim: Claim, verdict: Verdict }),
  output: z.object({ message_id: z.string() }),
  compensate: 'irreversible',
  async run({ input: { claim, verdict }, idempotencyKey, signal }) {
    const { id } = await call(messaging, {
      method: 'POST',
      path: '/messages',
      body: { to: claim.email, ...letter(claim.licence_number, verdict) },
      idempotencyKey,
      signal,
      answer: z.object({ id: z.string() }),
    });
    return { message_id: id };
  },
});

function letter(number: string, verdict: Verdict): { subject: string; text: string } {
  return verdict === 'verified'
    ? { subject: 'Your licence is verified', text: `We have verified licence ${number}.` }
    : {
        subject: 'Your licence could not be verified',
        text: `We could not verify licence ${number}. Please call the registrar's office.`,
      };
}
