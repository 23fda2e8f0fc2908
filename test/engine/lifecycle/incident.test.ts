import { describe, expect, it } from 'vitest';
import { incidentResponse } from '../../definition/support/incident-response.ts';
import { day, entryOf, openBench, statusesOf } from '../../support/engine-bench.ts';

const alert = { device: 'PUMP-07B', level: 'critical' } as const;

async function anIncident() {
  const bench = await openBench({ workflows: [incidentResponse] });
  const run = await bench.engine.start(incidentResponse, alert, { actor: 'sensor' });
  const view = await bench.engine.drive(run.runId);
  return { ...bench, run, runId: run.runId, view };
}

describe('M216, M217: the incident workflow', () => {
  it('stops before the fix and shows a person the diagnosis', async () => {
    const { view } = await anIncident();

    expect(view).toMatchObject({
      status: 'processing',
      waitingOn: [
        {
          kind: 'review',
          step: 'approval',
          shown: { summary: 'PUMP-07B is hot', action: 'restart' },
        },
      ],
    });
  });

  it('M221: fixes what was approved, and skips the escalation with its reason', async () => {
    const { engine, run, runId } = await anIncident();

    await engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'ann',
      form: { reason: 'Operator consent.' },
    });

    expect(await run.result()).toMatch(/^[0-9a-f]{32}$/);
    expect(await entryOf(engine, runId, 'escalate.skipped')).toMatchObject({
      data: { reason: 'Escalation not required.' },
    });
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });

  it('M222: escalates what was rejected, and skips the fix with its reason', async () => {
    const { engine, run, runId } = await anIncident();

    await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'ann' });

    expect(await run.result()).toBe('T-1');
    expect(await entryOf(engine, runId, 'automated_fix.skipped')).toMatchObject({
      data: { reason: 'Action was not approved.' },
    });
  });

  it('escalates what nobody has answered for 24 hours', async () => {
    const { engine, clock, run, runId } = await anIncident();

    await clock.advance(day);

    expect(await run.result()).toBe('T-1');
    expect(await entryOf(engine, runId, 'approval.expired')).toMatchObject({
      actor: 'policy:expired',
    });
  });
});
