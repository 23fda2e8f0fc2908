import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { isClear } from './evidence.ts';
import type { Verdict } from './platforms.ts';
import { california, newYork, texas } from './registries.ts';
import { Claim, lookUpIn, notifyStudent, updateCrm, weighEvidence } from './tasks.ts';

/** The registers of three states are asked at the same time; a person decides where they disagree, or too few answer. */
export const credentialVerification = defineWorkflow({
  name: 'credential-verification',
  version: 1,
  description:
    'A licence is looked up in the registers of three states, the verdict goes to the CRM and the student.',
  owner: "Registrar's office",
  input: Claim,
  steps(w) {
    const { licence_number, name, email } = w.input.$;
    const input = { licence_number };
    const inCalifornia = w.task('california', lookUpIn(california), { input, tolerate: 'any' });
    const inNewYork = w.task('new_york', lookUpIn(newYork), { input, tolerate: 'any' });
    const inTexas = w.task('texas', lookUpIn(texas), { input, tolerate: 'any' });

    const evidence = w.task('evidence', weighEvidence, {
      input: { name, asked: { california: inCalifornia, new_york: inNewYork, texas: inTexas } },
    });

    const clearance = w.review('clearance', {
      description: 'Is this licence good, for all that the registers say?',
      audience: 'Registrar',
      show: { claim: w.input, evidence },
      form: z.object({ reason: z.string().trim().min(1).max(500).describe('Why') }),
      approve: w.is(evidence, 'registers agree', isClear),
      expires: '5d',
      onExpired: 'reject',
    });
    const verdict = w.derive(
      'verdict',
      clearance.$.outcome,
      (outcome): Verdict => (outcome === 'approved' ? 'verified' : 'rejected'),
    );

    return w.sequence(() => {
      w.task('update_crm', updateCrm, { input: { email, verdict } });
      const notice = w.task('notify_student', notifyStudent, {
        input: { claim: w.input, verdict },
      });
      return w.finish(
        { verdict, evidence: evidence.$.lines, message_id: notice.$.message_id },
        { approve: 'automatic' },
      );
    });
  },
});
