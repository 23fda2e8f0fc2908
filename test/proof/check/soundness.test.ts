/** What the check says of random workflows, against what their runs do. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartEvent, Effect } from '../../../src/chart/events.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { checkPlan } from '../../../src/proof/check/check.ts';
import { createDeriver } from '../../../src/proof/check/derivation.ts';
import { protectedSteps } from '../../../src/proof/check/rules/protected-steps.ts';
import { subjectOf } from '../../../src/proof/check/subject.ts';
import { drive } from '../../chart/support/drive.ts';
import { planOf, type Scenario, scenarios } from '../../chart/support/scenarios.ts';
import { withNode } from './support/mutations.ts';

const seed = 20_260_501;
const isFull = process.env['SIGNALBOX_TEST_FULL'] === '1';
const numRuns = isFull ? 3_000 : 60;

describe('random workflows', { timeout: isFull ? 600_000 : 20_000 }, () => {
  it('violate nothing: the compiler makes no dead ends, endless loops or lost effects', () => {
    fc.assert(
      fc.property(scenarios(6), (scenario) => {
        // What follows a step that always ends the run is not reached, and the check says so.
        fc.pre(scenario.scripts.every(({ kind, gate }) => kind !== 'fail' || gate !== null));
        const { rules } = checkPlan(planOf(scenario));
        const violations = rules.flatMap(({ findings }) =>
          findings.filter(({ kind }) => kind === 'violation').map(({ message }) => message),
        );

        expect(violations).toEqual([]);
      }),
      { seed, numRuns: numRuns / 4 },
    );
  });

  it('never begin what is proved to be protected before its protector is fulfilled', () => {
    let proved = 0;
    let begun = 0;
    fc.assert(
      fc.property(scenarios(7), (scenario) => {
        const plan = planOf(scenario);
        const pairs = provedPairs(plan, scenario);
        proved += [...pairs.values()].reduce((sum, { size }) => sum + size, 0);
        begun += watchBeginnings(scenario, (step, fulfilled) => {
          for (const protector of pairs.get(step) ?? [])
            if (!fulfilled.has(protector))
              throw new Error(`"${step}" began without "${protector}", which protects it`);
        });
      }),
      { seed: seed + 1, numRuns },
    );
    expect(proved).toBeGreaterThan(numRuns);
    expect(begun).toBeGreaterThan(numRuns);
  });
});

/** By step: those that are proved to protect it without an assumption. */
function provedPairs(plan: Plan, { scripts }: Scenario): ReadonlyMap<string, ReadonlySet<string>> {
  const pairs = new Map<string, Set<string>>();
  for (const node of plan.nodes) {
    if (node.kind !== 'task' && node.kind !== 'review') continue;
    const others = scripts.map((_, step) => `s${step}`).filter((id) => id !== node.id);
    const subject = subjectOf(withNode(plan, node.id, { protects: others }), (predicate) => {
      return scripts[Number(predicate.slice(2))]?.truth === true;
    });
    const { findings } = protectedSteps(subject, createDeriver(subject));
    for (const other of others) {
      const isDoubtful = findings.some(
        ({ subject: about, message }) => about === other || message.startsWith(`"${other}" needs`),
      );
      if (!isDoubtful) pairs.set(other, (pairs.get(other) ?? new Set()).add(node.id));
    }
  }
  return pairs;
}

const beginnings: ReadonlySet<Effect['type']> = new Set([
  'attempt',
  'child',
  'map',
  'emit',
  'await',
  'review',
  'decide',
]);

/** @returns how many steps have begun */
function watchBeginnings(
  scenario: Scenario,
  onBegin: (step: string, fulfilled: ReadonlySet<string>) => void,
): number {
  const fulfilled = new Set<string>();
  const begun = new Set<string>();
  const begin = (effects: readonly Effect[]) => {
    for (const effect of effects) {
      if (!beginnings.has(effect.type) || !('step' in effect) || begun.has(effect.step)) continue;
      begun.add(effect.step);
      onBegin(effect.step, fulfilled);
    }
  };
  const hear = ({ type, outcome }: ChartEvent) => {
    const [step = '', what] = type.split('.');
    if (what === 'completed' || what === 'decided_by_policy') fulfilled.add(step);
    if (what === 'decided' && outcome === 'approved') fulfilled.add(step);
  };
  let isWatched = false;
  drive(scenario, (run) => {
    if (isWatched) return;
    isWatched = true;
    // What the start itself has settled: policies and events sent.
    for (const [step, settled] of run.progress)
      if (settled.status === 'complete') fulfilled.add(step);
    begin(run.effects);
    const { onAdvance } = run;
    run.onAdvance = (event, before, after) => {
      onAdvance(event, before, after);
      hear(event);
      begin(after.effects);
    };
  });
  return begun.size;
}
