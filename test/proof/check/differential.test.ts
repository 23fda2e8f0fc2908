/** The interpreter of the chart's data against XState, on random workflows and random events. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { compileChart, compiledFrom } from '../../../src/chart/advance.ts';
import { initialContext } from '../../../src/chart/context.ts';
import type { ChartEvent } from '../../../src/chart/events.ts';
import { checkPlan } from '../../../src/proof/check/check.ts';
import { createComparer, explore } from '../../../src/proof/check/exploration.ts';
import { stateGraphOf } from '../../../src/proof/check/state-graph.ts';
import { chooseFacts, factValues, isOnward, stimuliOf } from '../../../src/proof/check/stimuli.ts';
import { subjectOf } from '../../../src/proof/check/subject.ts';
import { planOf, scenarios } from '../../chart/support/scenarios.ts';
import { everyKind } from '../../definition/support/every-kind.ts';
import { ruleOf, withState } from './support/mutations.ts';

type Place = Parameters<ReturnType<typeof createComparer>>[0];

const seed = 20_260_407;
const numRuns = process.env['SIGNALBOX_TEST_FULL'] === undefined ? 100 : 3_000;
const events = 60;

describe('the data of a chart', () => {
  it('does what the machine does, along random walks of random workflows', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        scenarios(8),
        fc.array(fc.nat({ max: 1_000_000 }), { minLength: events, maxLength: events }),
        (scenario, draws) => {
          const subject = subjectOf(planOf(scenario));
          const compare = createComparer(subject);
          const { graph } = subject;
          const values = factValues(graph);
          let place: Place = {
            snapshot: subject.compiled.initial,
            configuration: { active: [0, graph.node(0).initial ?? 0], context: initialContext },
          };
          for (const [turn, draw] of draws.entries()) {
            const offered = place.configuration.active.flatMap((index): readonly ChartEvent[] =>
              [...Map.groupBy(graph.from[index] ?? [], (edge) => edge.event)].flatMap(
                ([event, edges]) => (event === null ? [] : stimuliOf(event, edges)),
              ),
            );
            // Mostly what takes the run further, or else it ends at once.
            const onward = offered.filter(isOnward);
            const some = draw % 6 === 0 || onward.length === 0 ? offered : onward;
            const event = some[Math.floor(draw / 6) % Math.max(1, some.length)];
            if (event === undefined) break;
            const drawFact = () => ((draw * (turn + 7)) % 97) / 97;
            const sent = { ...event, facts: chooseFacts(values, drawFact) };
            const { difference, reaction, snapshot } = compare(place, sent);
            expect(difference).toBeNull();
            compared += 1;
            if (reaction !== null && snapshot !== null)
              place = { snapshot, configuration: reaction.next };
          }
        },
      ),
      { seed, numRuns },
    );
    expect(compared).toBeGreaterThan(numRuns * 5);
  });

  it('does so in the bounded exploration of a workflow with every kind of step', () => {
    const subject = subjectOf(everyKind.plan);

    const { difference, taken, isCutShort } = explore(subject);

    expect(difference).toBeNull();
    expect(isCutShort).toBe(false);
    expect(taken.size).toBeGreaterThan(subject.graph.edges.length * 0.8);
    expect(explore(subject).comparisons).toBe(explore(subject).comparisons);
  });

  it('is found to differ from another machine, with what led there', () => {
    const { plan } = everyKind;
    const compiled = compileChart(plan);
    const other = withState(compiled.chart, 'waiting_review', (state) => ({
      ...state,
      on: { ...state.on, 'run.cancelled': [{ target: '#failed' }] },
    }));

    const report = checkPlan(plan, { compiled: { ...compiled, chart: other } });

    expect(ruleOf(report, 'graph-is-machine')).toMatchObject({
      verdict: 'violated',
      findings: [{ message: expect.stringContaining('After "run.cancelled" the data leads to') }],
    });
    const [finding] = ruleOf(report, 'graph-is-machine').findings;
    expect(finding?.path?.moves[0]).toMatchObject({ from: 'pending', event: 'run.started' });
  });

  it('is found to differ where only an effect or a guard does', () => {
    const { plan } = everyKind;
    const compiled = compileChart(plan);
    const verdictOf = (change: Parameters<typeof withState>[2]) => {
      const chart = withState(compiled.chart, 'compensating.undoing', change);
      return ruleOf(checkPlan(plan, { compiled: { ...compiled, chart } }), 'graph-is-machine')
        .verdict;
    };

    expect(verdictOf((state) => state)).toBe('holds');
    expect(verdictOf((state) => ({ ...state, entry: [] }))).toBe('violated');
    expect(
      verdictOf((state) => ({
        ...state,
        on: { ...state.on, 'undo.failed': (state.on?.['undo.failed'] ?? []).slice(1) },
      })),
    ).toBe('violated');
  });
});

describe('the flattened chart', () => {
  it('has the states of the machine in the order of the machine', () => {
    const { chart, machine, plan } = compileChart(everyKind.plan);
    const statesOf = (state: AnyStateMachine['root']): readonly AnyStateMachine['root'][] => [
      state,
      ...Object.values(state.states).flatMap(statesOf),
    ];
    const paths = [...statesOf(machine.root)]
      .sort((a, b) => a.order - b.order)
      .map(({ path }) => path.join('.'));

    expect(stateGraphOf(chart).nodes.map(({ path }) => path)).toEqual(paths);
    expect(compiledFrom(plan, chart).machine.id).toBe(machine.id);
  });

  it('refuses a transition to a state that does not exist', () => {
    const { chart } = compileChart(everyKind.plan);
    const broken = withState(chart, 'pending', () => ({
      on: { 'run.started': [{ target: '#nowhere' }] },
    }));

    expect(() => stateGraphOf(broken)).toThrow('"pending" leads to "#nowhere"');
  });
});
