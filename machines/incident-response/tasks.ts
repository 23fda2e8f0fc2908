import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';
import { Alert, Diagnosis } from './alert.ts';
import { findDevice } from './devices.ts';

const updates = createLedger('incident-response', 'firmware-updates');
const entries = createLedger('incident-response', 'ticket-entries');

const EnrichedAlert = Alert.extend({
  maintenance_history: z.string(),
  firmware: z.string(),
  latest_firmware: z.string(),
});

const Fix = z.object({
  status: z.literal('success'),
  message: z.string(),
  update_id: z.string().describe('The update in the firmware registry'),
});

const Escalation = z.object({
  status: z.literal('escalated'),
  ticket_id: z.string(),
  entry_id: z.string().describe('The entry in the ticket'),
});

export const ingestAlert = defineTask({
  name: 'ingest_alert',
  description: 'Takes the alert in, already checked against its schema.',
  input: Alert,
  output: z.object({ alert: Alert }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { alert: input };
  },
});

export const enrichWithDeviceData = defineTask({
  name: 'enrich_with_device_data',
  description: 'Adds what the maintenance records know of the device.',
  input: z.object({ alert: Alert }),
  output: z.object({ enriched_alert: EnrichedAlert }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const { maintenance_history, firmware, latest_firmware } = await findDevice(
      input.alert.device_id,
    );
    return { enriched_alert: { ...input.alert, maintenance_history, firmware, latest_firmware } };
  },
});

export const diagnose = defineTask({
  name: 'initial_diagnosis',
  description:
    'Names the likely cause and recommends an action, by rule: outdated firmware is the first suspect.',
  input: z.object({ enriched_alert: EnrichedAlert }),
  output: Diagnosis,
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    const { firmware, latest_firmware: target_firmware } = input.enriched_alert;
    if (firmware === target_firmware) {
      return {
        summary: 'Likely corrupted firmware: the installed version is the latest.',
        action: `Attempt remote reinstallation of ${target_firmware}.`,
        target_firmware,
      };
    }
    return {
      summary: 'Likely sensor fault due to outdated firmware.',
      action: `Attempt remote firmware update to ${target_firmware}.`,
      target_firmware,
    };
  },
});

export const executeAutomatedFix = defineTask({
  name: 'execute_automated_fix',
  description:
    'Installs the firmware on the device; undone by rolling it back to the version found before.',
  input: z.object({ device_id: z.string(), from: z.string(), to: z.string() }),
  output: Fix,
  timeout: '60s',
  async run({ input, idempotencyKey, log }) {
    // The same key on every attempt: a repeat finds the update and does not install it twice.
    const update_id = await updates.record(idempotencyKey, input);
    log.info({ deviceId: input.device_id, updateId: update_id }, 'firmware updated');
    return { status: 'success', message: `Firmware updated to ${input.to}.`, update_id };
  },
  async compensate({ output }) {
    await updates.undo(output.update_id);
  },
});

export const escalateToEngineer = defineTask({
  name: 'escalate_to_engineer',
  description:
    'Pages the engineer on call through the ticket of the device; undone by closing the entry again.',
  input: z.object({ device_id: z.string(), summary: z.string(), action: z.string() }),
  output: Escalation,
  timeout: '60s',
  async run({ input, idempotencyKey, log }) {
    const { ticket_id } = await findDevice(input.device_id);
    const entry_id = await entries.record(idempotencyKey, { ...input, ticket_id });
    log.info({ deviceId: input.device_id, ticketId: ticket_id }, 'engineer paged');
    return { status: 'escalated', ticket_id, entry_id };
  },
  async compensate({ output }) {
    await entries.undo(output.entry_id);
  },
});

export const writeFinalReport = defineTask({
  name: 'final_report',
  description: 'Sums the incident up, whichever way it went.',
  input: z.object({ fix: Fix.optional(), ticket: Escalation.optional() }),
  output: z.object({ final_summary: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { fix, ticket } }) {
    if (fix) return { final_summary: `Incident resolved automatically. ${fix.message}` };
    if (ticket) return { final_summary: `Incident escalated. Ticket: ${ticket.ticket_id}` };
    return { final_summary: 'Incident resolution path unclear.' };
  },
});
