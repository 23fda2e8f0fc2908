import { defineWorkflow } from '../../src/index.ts';
import {
  Alert,
  analyseSeverity,
  createTicket,
  executeActions,
  ingestAlert,
  pageOnCall,
  resolveIncident,
  shutDown,
  writeDiagnostics,
} from './tasks.ts';

export const incidentTriage = defineWorkflow({
  name: 'incident-triage',
  version: 1,
  description:
    'A critical alert pages an engineer and shuts the device down at the same time; a warning becomes a ticket with a report. One step resolves either.',
  owner: 'Operations',
  input: Alert,
  steps(w) {
    const ingested = w.task('ingest_alert', ingestAlert, { input: w.input });
    const analysis = w.task('analyze_severity', analyseSeverity, { input: ingested });
    const critical = w.is(analysis.$.severity, 'critical', (severity) => severity === 'critical', {
      otherwise: 'The alert is not critical.',
    });
    const limited = w.is(analysis.$.severity, 'above a limit', (severity) => severity !== 'normal');
    const warning = w.all(w.not(critical), limited);

    const page = w.task('page_on_call', pageOnCall, { input: analysis, when: critical });
    const shutdown = w.task('automated_shutdown', shutDown, { input: analysis, when: critical });

    // Is a person's approval needed? What is routine the policy approves, under its name.
    const approval = w.review('approval', {
      description: 'May these actions be carried out?',
      audience: 'Engineer on call',
      when: critical,
      after: [page],
      show: analysis,
      approve: w.is(analysis.$.is_routine, 'routine actions', (isRoutine) => isRoutine),
      expires: '1h',
      onExpired: 'reject',
      protects: ['execute_actions'],
    });
    const approved = w.is(approval.$?.outcome, 'approved', (outcome) => outcome === 'approved', {
      otherwise: 'No action was approved.',
    });
    const executed = w.task('execute_actions', executeActions, { input: analysis, when: approved });

    const ticket = w.task('support_ticket', createTicket, { input: analysis, when: warning });
    const diagnostics = w.ifRan('diagnosis', ticket, (opened) =>
      w.task('diagnostic_report', writeDiagnostics, { input: { analysis, ticket: opened } }),
    );

    // What was not taken is skipped, and never keeps the incident from being resolved.
    return w.task('resolve_incident', resolveIncident, {
      input: { analysis, page, shutdown, executed, diagnostics },
    });
  },
});
