import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import alert from '../../machines/incident-response/alert.json' with { type: 'json' };
import {
  diagnose,
  enrichWithDeviceData,
  escalateToEngineer,
  executeAutomatedFix,
  ingestAlert,
  writeFinalReport,
} from '../../machines/incident-response/tasks.ts';
import { createLedger } from '../../machines/ledger.ts';
import { PermanentError } from '../../src/index.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';

const updates = createLedger('incident-response', 'firmware-updates');
const entries = createLedger('incident-response', 'ticket-entries');

const dataDirectory = useDataDirectory();
const update = { device_id: 'PUMP-07B', from: 'v2.1.0', to: 'v2.2.1' };
const incident = {
  device_id: 'PUMP-07B',
  summary: 'Likely sensor fault due to outdated firmware.',
  action: 'Attempt remote firmware update to v2.2.1.',
};

describe('from the alert to the diagnosis', () => {
  it('gives the alert, the history and the diagnosis of the sample', async () => {
    const ingested = await callTask(ingestAlert, alert);
    const enriched = await callTask(enrichWithDeviceData, ingested);
    const diagnosis = await callTask(diagnose, enriched);

    expect(ingested).toEqual({
      alert: { device_id: 'PUMP-07B', error: 'PRESSURE_SPIKE_DETECTED' },
    });
    expect(enriched.enriched_alert).toMatchObject({
      ...alert,
      maintenance_history: 'Last serviced 3 months ago.',
      firmware: 'v2.1.0',
    });
    expect(diagnosis).toMatchObject({
      summary: 'Likely sensor fault due to outdated firmware.',
      action: 'Attempt remote firmware update to v2.2.1.',
    });
  });

  it('does not blame the version of a device that has the latest firmware', async () => {
    const ingested = await callTask(ingestAlert, { device_id: 'PUMP-08A', error: 'NO_SIGNAL' });
    const enriched = await callTask(enrichWithDeviceData, ingested);

    expect(await callTask(diagnose, enriched)).toMatchObject({
      summary: 'Likely corrupted firmware: the installed version is the latest.',
      action: 'Attempt remote reinstallation of v2.2.1.',
    });
  });

  it('gives up on a device that is not in the records', async () => {
    const unknown = { alert: { device_id: 'PUMP-99', error: 'NO_SIGNAL' } };

    await expect(callTask(enrichWithDeviceData, unknown)).rejects.toThrow(
      new PermanentError('Device "PUMP-99" is not in the maintenance records'),
    );
  });
});

describe('the automated fix', () => {
  it('updates the firmware once, however often it is attempted', async () => {
    const first = await callTask(executeAutomatedFix, update, { idempotencyKey: 'fix-1' });
    const second = await callTask(executeAutomatedFix, update, {
      idempotencyKey: 'fix-1',
      attempt: 2,
    });

    expect(first).toMatchObject({ status: 'success', message: 'Firmware updated to v2.2.1.' });
    expect(second).toEqual(first);
    expect(await filesOf('firmware-updates')).toEqual([`${first.update_id}.json`]);
    expect(await updates.read(first.update_id)).toEqual({
      status: 'done',
      details: update,
    });
  });

  it('updates again for another key', async () => {
    await callTask(executeAutomatedFix, update, { idempotencyKey: 'fix-1' });
    await callTask(executeAutomatedFix, update, { idempotencyKey: 'fix-2' });

    expect(await filesOf('firmware-updates')).toHaveLength(2);
  });

  it('is rolled back by its compensation, which may be repeated', async () => {
    const output = await callTask(executeAutomatedFix, update);

    await undoTask(executeAutomatedFix, { input: update, output });
    await undoTask(executeAutomatedFix, { input: update, output });

    expect(await updates.read(output.update_id)).toEqual({
      status: 'undone',
      details: update,
    });
  });

  it('has nothing to roll back when there was no update', async () => {
    const output = { status: 'success' as const, message: '', update_id: 'never-happened' };

    await undoTask(executeAutomatedFix, { input: update, output });

    expect(await updates.read('never-happened')).toBeNull();
  });
});

describe('the escalation', () => {
  it('adds one entry to the ticket of the device, however often it is attempted', async () => {
    const first = await callTask(escalateToEngineer, incident, { idempotencyKey: 'page-1' });
    const second = await callTask(escalateToEngineer, incident, {
      idempotencyKey: 'page-1',
      attempt: 2,
    });

    expect(first).toMatchObject({ status: 'escalated', ticket_id: 'INC-12345' });
    expect(second).toEqual(first);
    expect(await filesOf('ticket-entries')).toEqual([`${first.entry_id}.json`]);
  });

  it('closes the entry when it is undone', async () => {
    const output = await callTask(escalateToEngineer, incident);

    await undoTask(escalateToEngineer, { input: incident, output });

    expect(await entries.read(output.entry_id)).toMatchObject({ status: 'undone' });
  });
});

describe('the final report', () => {
  const fix = {
    status: 'success' as const,
    message: 'Firmware updated to v2.2.1.',
    update_id: 'u',
  };
  const ticket = { status: 'escalated' as const, ticket_id: 'INC-12345', entry_id: 'e' };

  it.each([
    [{ fix }, 'Incident resolved automatically. Firmware updated to v2.2.1.'],
    [{ ticket }, 'Incident escalated. Ticket: INC-12345'],
    [{}, 'Incident resolution path unclear.'],
  ])('sums up %o', async (input, final_summary) => {
    expect(await callTask(writeFinalReport, input)).toEqual({ final_summary });
  });
});

function filesOf(kind: string): Promise<string[]> {
  return readdir(join(dataDirectory(), 'incident-response', kind));
}
