import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { Alert } from './alert.ts';
import { notifyOperators } from './notify-operators.ts';
import {
  diagnose,
  enrichWithDeviceData,
  escalateToEngineer,
  executeAutomatedFix,
  ingestAlert,
  writeFinalReport,
} from './tasks.ts';

/** What the operator gives along with an approval. */
const Approval = z.object({
  reason: z.string().trim().min(1).max(500).default('Operator consent.').describe('Why'),
});

export const incidentResponse = defineWorkflow({
  name: 'incident-response',
  version: 1,
  description:
    'A critical alert is diagnosed, put before an operator, then fixed remotely or handed to an engineer.',
  input: Alert,
  steps(w) {
    const ingested = w.task('ingest', ingestAlert, { input: w.input });
    const enriched = w.task('enrich', enrichWithDeviceData, { input: ingested });
    const diagnosis = w.task('diagnosis', diagnose, { input: enriched });

    const approval = w.review('approval', {
      description: 'Do you approve this action?',
      audience: 'Operators on duty',
      show: diagnosis,
      form: Approval,
      expires: '24h',
      onExpired: 'reject',
      // Nothing touches the device unless a person said yes; `signalbox check` proves it.
      protects: ['automated_fix'],
    });
    // Beside the review, not before it: whoever looks into the inbox need not wait for the mail, and no mail does not stop the incident.
    const notified = w.task('notify_operators', notifyOperators, {
      input: { alert: ingested.$.alert, diagnosis },
      tolerate: 'any',
      within: '10m',
    });
    const approved = w.is(approval.$.outcome, 'approved', (outcome) => outcome === 'approved', {
      otherwise: 'Action was not approved.',
    });

    const device = enriched.$.enriched_alert;
    const fix = w.task('automated_fix', executeAutomatedFix, {
      when: approved,
      input: {
        device_id: device.$.device_id,
        from: device.$.firmware,
        to: diagnosis.$.target_firmware,
      },
    });
    const ticket = w.task('escalate', escalateToEngineer, {
      when: w.not(approved, { otherwise: 'Escalation not required.' }),
      input: {
        device_id: device.$.device_id,
        summary: diagnosis.$.summary,
        action: diagnosis.$.action,
      },
    });

    return w.task('report', writeFinalReport, { input: { fix, ticket }, after: [notified] });
  },
});
