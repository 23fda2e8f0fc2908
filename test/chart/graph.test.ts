import { getShortestPaths } from '@xstate/graph';
import { describe, expect, it } from 'vitest';
import { compileChart } from '../../src/chart/advance.ts';
import type { ChartEvent } from '../../src/chart/events.ts';
import { plainIncident } from '../support/incident.ts';

const decider = { actor: 'ann', groups: [], assignees: null, excluded: [] };
const failure = { step: 'x', name: 'Error', message: 'broken', retryable: false };

/** What the outside may do to an incident. */
const events: readonly ChartEvent[] = [
  { type: 'run.started' },
  ...['ingest', 'enrich', 'diagnosis', 'automated_fix', 'escalate', 'report'].flatMap((step) => [
    { type: `${step}.completed` },
    { type: `${step}.failed`, failure },
  ]),
  { type: 'approval.decided', outcome: 'approved', decider, facts: { '?approved': true } },
  { type: 'approval.decided', outcome: 'rejected', decider, facts: { '?approved': false } },
  { type: 'completion.decided_by_policy', outcome: 'approved' },
  { type: 'undo.completed' },
  { type: 'undo.failed', failure, maxAttempts: 1 },
];

describe('the machine of a workflow', () => {
  it('is one that @xstate/graph can walk: it ends complete or failed, and never complete past the review', () => {
    const { machine } = compileChart(plainIncident.plan);

    const paths = getShortestPaths(machine, { events: [...events], limit: 5_000 });

    const ends = new Set(paths.map(({ state }) => JSON.stringify(state.value)));
    expect(ends).toContain('"complete"');
    expect(ends).toContain('"failed"');
    const completing = paths.filter(({ state }) => state.matches('complete'));
    expect(completing.length).toBeGreaterThan(0);
    for (const { steps } of completing) {
      expect(steps.map((step) => step.event.type)).toContain('approval.decided');
      expect(steps.at(-1)?.event.type).toBe('completion.decided_by_policy');
    }
  });
});
