import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import critical from '../../machines/incident-triage/critical.json' with { type: 'json' };
import routine from '../../machines/incident-triage/routine.json' with { type: 'json' };
import warning from '../../machines/incident-triage/warning.json' with { type: 'json' };
import { incidentTriage } from '../../machines/incident-triage/workflow.ts';
import type { Orchestrator } from '../../src/index.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, eventsOf, hour, openBench } from '../support/engine-bench.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

const dataDirectory = useDataDirectory();

async function anAlert(input: typeof critical) {
  const bench = await openBench({ workflows: [incidentTriage] });
  const { runId } = await bench.engine.start(incidentTriage, input);
  await bench.engine.drive(runId);
  return { engine: bench.engine, clock: bench.clock, runId };
}

/** Kinds of what is done and not undone. */
async function effects(): Promise<readonly string[]> {
  const files = await readdir(dataDirectory(), { recursive: true });
  const entries = files.filter((file) => file.endsWith('.json'));
  const kinds = await Promise.all(
    entries.map(async (file) => {
      const text = await readFile(join(dataDirectory(), file), 'utf8');
      return text.includes('"undone"') ? [] : [file.split('/')[1] ?? ''];
    }),
  );
  return kinds.flat().toSorted();
}

async function reasonOf(engine: Orchestrator, runId: string, step: string): Promise<unknown> {
  return (await entryOf(engine, runId, `${step}.skipped`)).data?.['reason'];
}

describe('incident-triage', () => {
  it('M188, M189: a critical alert pages the engineer and shuts the device down at the same time', async () => {
    const { engine, runId } = await anAlert(critical);

    const events = await eventsOf(engine, runId);

    expect(events.slice(0, 4)).toEqual([
      'run.created',
      'run.started',
      'ingest_alert.completed',
      'analyze_severity.completed',
    ]);
    // Both are under way before either has ended: they are two regions of one parallel state.
    const { plan } = incidentTriage;
    const needs = (id: string) => plan.nodes.find((node) => node.id === id);
    expect(needs('page_on_call')?.after).toEqual(needs('automated_shutdown')?.after);
    expect(events).toContain('automated_shutdown.completed');
    expect(await effects()).toEqual(['pages', 'shutdowns']);
  });

  it('M191: what is not routine waits for a person, and is done when approved', async () => {
    const { engine, runId } = await anAlert(critical);
    expect(await engine.get(runId)).toMatchObject({
      waitingOn: [{ step: 'approval', shown: { actions: ['vent the line', 'reroute the flow'] } }],
    });

    await engine.decide(runId, 'approval', { outcome: 'approved', actor: 'kim' });

    expect(await engine.result(runId)).toEqual({
      severity: 'critical',
      resolution:
        'pressure 128 exceeds the critical limit 100. Engineer paged, device shut down, done: vent the line, done: reroute the flow.',
    });
    expect(await effects()).toEqual(['interventions', 'pages', 'shutdowns']);
  });

  it('M191: what is routine the policy approves, under its name', async () => {
    const { engine, runId } = await anAlert(routine);

    expect(await engine.result(runId)).toMatchObject({
      resolution: expect.stringContaining('done: reroute the flow.'),
    });
    expect(await entryOf(engine, runId, 'approval.decided_by_policy')).toMatchObject({
      actor: 'policy:routine actions',
    });
  });

  it.each(['rejected', 'expired'])('does nothing further when it was %s', async (ending) => {
    const { engine, clock, runId } = await anAlert(critical);
    if (ending === 'expired') await clock.advance(hour);
    else await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'kim' });

    expect(await engine.result(runId)).toMatchObject({
      resolution: expect.stringContaining('device shut down, no further action approved.'),
    });
    expect(await reasonOf(engine, runId, 'execute_actions')).toBe('No action was approved.');
    expect(await effects()).toEqual(['pages', 'shutdowns']);
  });

  it('M190: a warning becomes a ticket, then a diagnostic report', async () => {
    const { engine, runId } = await anAlert(warning);

    expect(await engine.result(runId)).toEqual({
      severity: 'warning',
      resolution:
        'pressure 95 exceeds the warning limit 90. Ticket opened, diagnostic report written.',
    });
    const events = await eventsOf(engine, runId);
    expect(events.indexOf('support_ticket.completed')).toBeGreaterThan(0);
    expect(events.indexOf('diagnostic_report.completed')).toBeGreaterThan(
      events.indexOf('support_ticket.completed'),
    );
    expect(await effects()).toEqual(['diagnostic-reports', 'tickets']);
  });

  it('M192, M193: a branch that was not taken is skipped and does not keep it from being resolved', async () => {
    const asCritical = await anAlert(routine);
    const asWarning = await anAlert(warning);
    const asNormal = await anAlert({ ...warning, value: 50 });

    expect(await reasonOf(asCritical.engine, asCritical.runId, 'support_ticket')).toBe(
      'Condition "not critical and above a limit" does not hold.',
    );
    expect(await reasonOf(asNormal.engine, asNormal.runId, 'support_ticket')).toBe(
      'Condition "not critical and above a limit" does not hold.',
    );
    for (const step of ['page_on_call', 'automated_shutdown', 'approval']) {
      expect(await reasonOf(asWarning.engine, asWarning.runId, step)).toBe(
        'The alert is not critical.',
      );
    }
    expect(await asNormal.engine.result(asNormal.runId)).toEqual({
      severity: 'normal',
      resolution: 'pressure 50 is within its limits. Nothing to do.',
    });
  });

  it('is undone when the run is cancelled: the page withdrawn, the device released', async () => {
    const { engine, runId } = await anAlert(critical);

    await engine.cancel(runId, { actor: 'ops', reason: 'test alarm' });
    await engine.drive(runId, 'finished');

    expect((await engine.get(runId)).outcome).toMatchObject({
      compensation: 'complete',
      undone: expect.arrayContaining(['page_on_call', 'automated_shutdown']),
    });
    expect(await effects()).toEqual([]);
  });
});

describeWorkflow(incidentTriage, {
  unreachable: { ...neverTimedOut, ...closedByPolicy, ...startedUnconditionally },
});
describeCrashes(incidentTriage, { ...sampled(40) });
describeCrashes(incidentTriage, { stores: ['lowdb'], ...sampled(10) });
