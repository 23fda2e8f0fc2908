import { z } from 'zod';
import { defineTask, PermanentError } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const alerts = createLedger('temperature-alert', 'alerts');
const logEntries = createLedger('temperature-alert', 'log-entries');
const tickets = createLedger('temperature-alert', 'failure-tickets');

/** In degrees Celsius. */
const limit = 90;

export const Report = z.object({
  report: z.string().min(1).max(500).describe('What the device says, in a sentence'),
});
export type Report = z.infer<typeof Report>;

export const Analysis = z.object({
  severity: z.enum(['Critical', 'Normal']),
  details: z.string(),
});

export const ingestReport = defineTask({
  name: 'ingest_report',
  description: 'Takes the report in.',
  input: Report,
  output: z.object({ raw_data: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { raw_data: input.report.trim() };
  },
});

export const analyseReport = defineTask({
  name: 'analyse_report',
  description: 'Compares the temperature in the report with the limit of 90 °C.',
  input: z.object({ raw_data: z.string() }),
  output: Analysis,
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const [, degrees] = /temperature at (-?\d+(?:\.\d+)?)\s?°?C\b/.exec(input.raw_data) ?? [];
    if (degrees === undefined) throw new PermanentError('The report names no temperature');
    return Number(degrees) > limit
      ? { severity: 'Critical', details: `Temperature exceeds ${limit}°C limit.` }
      : { severity: 'Normal', details: 'All systems nominal.' };
  },
});

export const sendAlert = defineTask({
  name: 'send_alert',
  description: 'Alerts the engineer on call; undone by calling the alert off.',
  input: Analysis,
  output: z.object({ alert_id: z.string() }),
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1s' } },
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    return { alert_id: await alerts.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await alerts.undo(output.alert_id);
  },
});

export const logAnalysis = defineTask({
  name: 'log_analysis',
  description: 'Writes what was found into the log; undone by marking the entry as void.',
  input: Analysis,
  output: z.object({ entry_id: z.string() }),
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1s' } },
  timeout: '30s',
  async run({ input, idempotencyKey }) {
    return { entry_id: await logEntries.record(idempotencyKey, input) };
  },
  async compensate({ output }) {
    await logEntries.undo(output.entry_id);
  },
});

export const openFailureTicket = defineTask({
  name: 'open_failure_ticket',
  description: 'Hands a report that could not be processed to the maintenance team.',
  input: z.object({
    input: Report,
    failure: z.object({ step: z.string().optional(), message: z.string() }),
    compensation: z.string(),
  }),
  output: z.object({ ticket_id: z.string() }),
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1s' } },
  timeout: '30s',
  // What remains after everything else was undone.
  compensate: 'irreversible',
  async run({ input: { input, failure, compensation }, idempotencyKey }) {
    const details = { report: input.report, message: failure.message, compensation };
    return { ticket_id: await tickets.record(idempotencyKey, details) };
  },
});
