import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import alert from '../../machines/incident-response/alert.json' with { type: 'json' };
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, hour, openBench, second, statusesOf } from '../support/engine-bench.ts';

const dataDirectory = useDataDirectory();

describe('incident response', () => {
  it('shows the diagnosis to the operator and waits', async () => {
    const { engine, runId } = await anIncident();

    const view = await engine.drive(runId);

    expect(view.status).toBe('processing');
    expect(view.waitingOn).toMatchObject([
      {
        kind: 'review',
        step: 'approval',
        afterwards: 'it counts as rejected',
        shown: {
          summary: 'Likely sensor fault due to outdated firmware.',
          action: 'Attempt remote firmware update to v2.2.1.',
        },
      },
    ]);
    expect(await effects()).toEqual([]);
  });

  it('fixes the device when the operator approves', async () => {
    const { engine, runId } = await anIncident();
    await engine.drive(runId);

    await engine.decide(runId, 'approval', { outcome: 'approved', actor: 'kim', form: {} });

    expect(await engine.result(runId)).toEqual({
      final_summary: 'Incident resolved automatically. Firmware updated to v2.2.1.',
    });
    expect(await effects()).toEqual(['firmware-updates']);
    expect((await entryOf(engine, runId, 'approval.decided')).output).toEqual({
      outcome: 'approved',
      actor: 'kim',
      form: { reason: 'Operator consent.' },
    });
    expect((await entryOf(engine, runId, 'escalate.skipped')).data).toMatchObject({
      reason: 'Escalation not required.',
    });
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });

  it('escalates when the operator rejects', async () => {
    const { engine, runId } = await anIncident();
    await engine.drive(runId);

    await engine.decide(runId, 'approval', {
      outcome: 'rejected',
      actor: 'kim',
      form: { reason: 'Operator rejected action.' },
    });

    expect(await engine.result(runId)).toEqual({
      final_summary: 'Incident escalated. Ticket: INC-12345',
    });
    expect(await effects()).toEqual(['ticket-entries']);
    expect((await entryOf(engine, runId, 'automated_fix.skipped')).data).toMatchObject({
      reason: 'Action was not approved.',
    });
  });

  it('escalates when nobody decides within 24 hours, and not before', async () => {
    const { engine, clock, runId } = await anIncident();
    await engine.drive(runId);

    await clock.advance(24 * hour - second);
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review' }]);
    await clock.advance(second);

    expect(await engine.result(runId)).toEqual({
      final_summary: 'Incident escalated. Ticket: INC-12345',
    });
  });

  it('goes on after a crash during the review', async () => {
    const bench = await anIncident();
    await bench.engine.drive(bench.runId);

    const engine = await bench.crash();
    await engine.decide(bench.runId, 'approval', { outcome: 'approved', actor: 'kim', form: {} });

    expect(await engine.result(bench.runId)).toEqual({
      final_summary: 'Incident resolved automatically. Firmware updated to v2.2.1.',
    });
    expect(await effects()).toEqual(['firmware-updates']);
  });

  it('asks for a reason that says something', async () => {
    const { engine, runId } = await anIncident();
    await engine.drive(runId);

    const deciding = engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'kim',
      form: { reason: ' ' },
    });

    await expect(deciding).rejects.toMatchObject({ code: 'FORM_INVALID' });
  });

  it('fails on a device that nobody knows, and has done nothing', async () => {
    const { engine, runId } = await anIncident({ ...alert, device_id: 'PUMP-99' });

    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining('Device "PUMP-99" is not in the maintenance records'),
    });
    expect(await effects()).toEqual([]);
  });

  it('refuses an alert without a device', async () => {
    const { engine } = await openBench({ workflows: [incidentResponse] });

    await expect(engine.start('incident-response', { error: 'X' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

async function anIncident(input: typeof alert = alert) {
  const bench = await openBench({ workflows: [incidentResponse] });
  const { runId } = await bench.engine.start(incidentResponse, input);
  return { ...bench, engine: bench.engine, runId };
}

/** The kind of each effect there is. */
async function effects(): Promise<string[]> {
  const files = await readdir(dataDirectory(), { recursive: true });
  return files.filter((file) => file.endsWith('.json')).map((file) => file.split('/')[1] ?? '');
}
