import { describe, expect, it } from 'vitest';
import { monthlyOperationsReport } from '../../machines/quarterly-report/workflow.ts';
import { compileChart } from '../../src/chart/advance.ts';
import type { ChartState } from '../../src/chart/chart.ts';
import { graphOf } from '../../src/diagram/graph-of.ts';
import { plainIncident } from '../support/incident.ts';
import { everything, fork } from './samples.ts';

function states(state: ChartState, path: string): readonly (readonly [string, ChartState])[] {
  return Object.entries(state.states ?? {}).flatMap(([name, inner]) => {
    const id = path === '' ? name : `${path}.${name}`;
    return [[id, inner] as const, ...states(inner, id)];
  });
}

const workflows = [plainIncident, monthlyOperationsReport, everything, fork];

describe('the graph of states', () => {
  it.each(workflows)(
    'has an arrow for every transition that leads elsewhere: $name',
    ({ plan }) => {
      const { edges } = graphOf(plan, 'states');
      const drawn = edges.flatMap(({ transitions }) =>
        transitions.map(({ state, event, position }) => `${state} ${event} ${position}`),
      );

      const wanted = states(compileChart(plan).chart, '').flatMap(([path, state]) => {
        const { always = [], onDone = [], on = {} } = state;
        const listed = [['always', always], ...Object.entries(on), ['done', onDone]] as const;
        return listed.flatMap(([event, transitions]) =>
          transitions.flatMap(({ target }, position) =>
            target === undefined ? [] : [`${path} ${event} ${position}`],
          ),
        );
      });

      expect(drawn.toSorted()).toEqual(wanted.toSorted());
    },
  );

  it.each(workflows)('draws arrows only between boxes side by side: $name', ({ plan }) => {
    const { nodes, edges } = graphOf(plan, 'states');
    const parents = new Map(nodes.map(({ id, parent }) => [id, parent]));

    for (const { from, to } of edges) {
      expect(parents.has(from) && parents.has(to)).toBe(true);
      expect(parents.get(from)).toBe(parents.get(to));
    }
  });

  it('shows every way out of the closing review, rejection included', () => {
    const from = graphOf(everything.plan, 'states').edges.filter(
      (edge) => edge.from === 'waiting_review',
    );

    expect(from.map(({ to, kind }) => [to, kind])).toEqual([
      ['compensating', 'failure'],
      ['failed', 'failure'],
      ['cancelled', 'failure'],
      ['complete', 'next'],
    ]);
    expect(from[0]?.label).toContain('completion.decided [rejected, something to undo]');
  });

  it('writes into a step what ends the run from there', () => {
    const exits = graphOf(everything.plan, 'states').nodes.flatMap(({ title, exits: ways }) =>
      ways.length === 0 ? [] : [[title, ...ways]],
    );

    expect(exits).toContainEqual(['payment', 'timed_out']);
    expect(exits).toContainEqual(['charge', 'failed']);
    expect(exits.map(([title]) => title)).not.toContain('check');
  });

  it('gives a state that is all there is of its step no box of its own', () => {
    const ids = graphOf(plainIncident.plan, 'states').nodes.map(({ id }) => id);

    expect(ids).toContain('processing.working.ingest');
    expect(ids).not.toContain('processing.working.ingest.running');
    expect(ids).toContain('processing.working.stage:4.region:0.automated_fix.blocked');
  });
});
