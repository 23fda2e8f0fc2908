import { z } from 'zod';
import { Alert } from '../../machines/incident-response/alert.ts';
import {
  diagnose,
  enrichWithDeviceData,
  escalateToEngineer,
  executeAutomatedFix,
  ingestAlert,
  writeFinalReport,
} from '../../machines/incident-response/tasks.ts';
import { defineWorkflow } from '../../src/index.ts';

/** The incident response without its notice: a chain, a review, two ways, and the end. Small enough to be told state by state. */
export const plainIncident = defineWorkflow({
  name: 'incident-response',
  version: 1,
  description: 'A critical alert is diagnosed, put before an operator, then fixed or handed over.',
  input: Alert,
  steps(w) {
    const ingested = w.task('ingest', ingestAlert, { input: w.input });
    const enriched = w.task('enrich', enrichWithDeviceData, { input: ingested });
    const diagnosis = w.task('diagnosis', diagnose, { input: enriched });
    const approval = w.review('approval', {
      description: 'Do you approve this action?',
      audience: 'Operators on duty',
      show: diagnosis,
      form: z.object({ reason: z.string().default('Operator consent.') }),
      expires: '24h',
      onExpired: 'reject',
      protects: ['automated_fix'],
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
    return w.task('report', writeFinalReport, { input: { fix, ticket } });
  },
});
