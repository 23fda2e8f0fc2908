import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const pages = createLedger('incident-triage', 'pages');
const shutdowns = createLedger('incident-triage', 'shutdowns');
const interventions = createLedger('incident-triage', 'interventions');
const tickets = createLedger('incident-triage', 'tickets');
const reports = createLedger('incident-triage', 'diagnostic-reports');

export const Alert = z
  .object({
    device_id: z.string().min(1).max(100),
    metric: z.string().min(1).max(100).describe('What was measured'),
    value: z.number(),
    warning_above: z.number(),
    critical_above: z.number().positive(),
  })
  .refine(({ warning_above, critical_above }) => warning_above <= critical_above, {
    message: 'must not be above critical_above',
    path: ['warning_above'],
  });

export const Analysis = z.object({
  device_id: z.string(),
  severity: z.enum(['critical', 'warning', 'normal']),
  details: z.string(),
  /** What would help, the most urgent first. */
  actions: z.array(z.string()),
  /** Routine actions are approved by policy; the others need a person. */
  is_routine: z.boolean(),
});
export type Analysis = z.infer<typeof Analysis>;

const Paged = z.object({ page_id: z.string() });
const ShutDown = z.object({ shutdown_id: z.string() });
const Executed = z.object({ actions: z.array(z.string()), intervention_id: z.string() });
const Ticket = z.object({ ticket_id: z.string() });
const Diagnostics = z.object({ report_id: z.string(), text: z.string() });

/** A measurement this far above the critical limit calls for more than routine. */
const seriousExcess = 0.25;

const retry = {
  maxAttempts: 3,
  backoff: { kind: 'exponential', initial: '1s', jitter: 'full' },
} as const;

export const ingestAlert = defineTask({
  name: 'ingest_measurement',
  description: 'Takes the alert in, already checked against its schema.',
  input: Alert,
  output: z.object({ alert: Alert }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { alert: input };
  },
});

export const analyseSeverity = defineTask({
  name: 'analyse_severity',
  description: 'Compares the measurement with its limits and names what would help.',
  input: z.object({ alert: Alert }),
  output: Analysis,
  timeout: '10s',
  compensate: 'none',
  async run({ input: { alert } }) {
    const { device_id, metric, value, warning_above, critical_above } = alert;
    if (value > critical_above) {
      const isSerious = value / critical_above - 1 >= seriousExcess;
      return {
        device_id,
        severity: 'critical',
        details: `${metric} ${value} exceeds the critical limit ${critical_above}.`,
        actions: isSerious ? ['vent the line', 'reroute the flow'] : ['reroute the flow'],
        is_routine: !isSerious,
      };
    }
    const isWarning = value > warning_above;
    return {
      device_id,
      severity: isWarning ? 'warning' : 'normal',
      details: isWarning
        ? `${metric} ${value} exceeds the warning limit ${warning_above}.`
        : `${metric} ${value} is within its limits.`,
      actions: [],
      is_routine: true,
    };
  },
});

export const pageOnCall = defineTask({
  name: 'page_on_call_engineer',
  description: 'Pages the engineer on call; undone by withdrawing the page.',
  input: Analysis,
  output: Paged,
  retry,
  timeout: '30s',
  async run({ input: { device_id, details }, idempotencyKey }) {
    return { page_id: await pages.record(idempotencyKey, { device_id, details }) };
  },
  async compensate({ output }) {
    await pages.undo(output.page_id);
  },
});

export const shutDown = defineTask({
  name: 'trigger_automated_shutdown',
  description: 'Shuts the device down; undone by releasing it.',
  input: Analysis,
  output: ShutDown,
  retry,
  timeout: '30s',
  async run({ input: { device_id }, idempotencyKey }) {
    return { shutdown_id: await shutdowns.record(idempotencyKey, { device_id }) };
  },
  async compensate({ output }) {
    await shutdowns.undo(output.shutdown_id);
  },
});

export const executeActions = defineTask({
  name: 'execute_approved_actions',
  description: 'Has the approved actions carried out; undone by reversing them.',
  input: Analysis,
  output: Executed,
  retry,
  timeout: '60s',
  async run({ input: { device_id, actions }, idempotencyKey }) {
    const details = { device_id, actions };
    return { actions, intervention_id: await interventions.record(idempotencyKey, details) };
  },
  async compensate({ output }) {
    await interventions.undo(output.intervention_id);
  },
});

export const createTicket = defineTask({
  name: 'create_support_ticket',
  description: 'Opens a ticket for the support team; undone by closing it.',
  input: Analysis,
  output: Ticket,
  retry,
  timeout: '30s',
  async run({ input: { device_id, details }, idempotencyKey }) {
    return { ticket_id: await tickets.record(idempotencyKey, { device_id, details }) };
  },
  async compensate({ output }) {
    await tickets.undo(output.ticket_id);
  },
});

export const writeDiagnostics = defineTask({
  name: 'generate_diagnostic_report',
  description: 'Writes a report for the ticket; undone by withdrawing it.',
  input: z.object({ analysis: Analysis, ticket: Ticket }),
  output: Diagnostics,
  retry,
  timeout: '30s',
  async run({ input: { analysis, ticket }, idempotencyKey }) {
    const text = `Device ${analysis.device_id}: ${analysis.details}`;
    const report_id = await reports.record(idempotencyKey, { ...ticket, text });
    return { report_id, text };
  },
  async compensate({ output }) {
    await reports.undo(output.report_id);
  },
});

export const resolveIncident = defineTask({
  name: 'resolve_incident',
  description: 'Sums up what was done, whichever way it went.',
  input: z.object({
    analysis: Analysis,
    page: Paged.optional(),
    shutdown: ShutDown.optional(),
    executed: Executed.optional(),
    diagnostics: Diagnostics.optional(),
  }),
  output: z.object({ severity: z.string(), resolution: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { analysis, page, shutdown, executed, diagnostics } }) {
    const done = [
      ...(page ? ['engineer paged'] : []),
      ...(shutdown ? ['device shut down'] : []),
      ...(executed ? executed.actions.map((action) => `done: ${action}`) : []),
      ...(shutdown && !executed ? ['no further action approved'] : []),
      ...(diagnostics ? ['ticket opened', 'diagnostic report written'] : []),
    ];
    return {
      severity: analysis.severity,
      resolution: `${analysis.details} ${sentenceOf(done)}`,
    };
  },
});

function sentenceOf(parts: readonly string[]): string {
  const text = parts.length === 0 ? 'nothing to do' : parts.join(', ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
