/** All rules over one workflow. */
import type { CompiledChart } from '../../chart/advance.ts';
import type { Plan } from '../../plan/plan.ts';
import { createDeriver } from './derivation.ts';
import type { CheckReport, RuleReport, Verdict } from './report.ts';
import { completionReviewed } from './rules/completion-reviewed.ts';
import { deadlinesFeasible } from './rules/deadlines-feasible.ts';
import { effectsUndone } from './rules/effects-undone.ts';
import { failuresRouted } from './rules/failures-routed.ts';
import { fourEyes } from './rules/four-eyes.ts';
import { graphIsMachine } from './rules/graph-is-machine.ts';
import { loopsBounded } from './rules/loops-bounded.ts';
import { noDeadEnds } from './rules/no-dead-ends.ts';
import { protectedSteps } from './rules/protected-steps.ts';
import { statesReachable } from './rules/states-reachable.ts';
import { waitsBounded } from './rules/waits-bounded.ts';
import { type HoldsOf, type Probe, subjectOf } from './subject.ts';
import { undoTableOf } from './undo-table.ts';

export interface CheckOptions {
  /** Asks a predicate of the definition what it says of a rejected, expired or skipped step; without it that is an assumption. */
  readonly probe?: Probe;
  /** Default: the chart of the plan. */
  readonly compiled?: CompiledChart;
  /** Default: what holds of children is an assumption. */
  readonly holdsOf?: HoldsOf;
}

/** What can be checked: a workflow made by `defineWorkflow`, or a plan without its functions. */
export interface Checkable {
  readonly plan: Plan;
  readonly bindings?: {
    readonly predicates: ReadonlyMap<string, (value: unknown) => unknown>;
    readonly children?: ReadonlyMap<string, Checkable>;
  };
}

/**
 * Proves what must hold of a workflow from its plan and chart: no review can be bypassed, nothing is stuck, every effect is undone or declared
 * irreversible, and the rest of the rules in docs/proofs.md. Takes time linear in the size of the workflow, by and large.
 *
 * @returns per rule `holds`, `assumed` with the assumptions, or `violated` with a path for each violation
 * @throws SignalboxError DEFINITION_INVALID if the plan has no chart
 * @example
 * expect(check(incidentResponse).verdict).not.toBe('violated');
 */
export function check(workflow: Checkable): CheckReport {
  return checkWithChildren(workflow, new Map());
}

/** @param known - by plan; `null` while it is being checked, so that what calls itself is left an assumption */
function checkWithChildren(
  { plan, bindings }: Checkable,
  known: Map<Plan, CheckReport | null>,
): CheckReport {
  if (bindings === undefined) return checkPlan(plan);
  const { predicates, children = new Map<string, Checkable>() } = bindings;
  known.set(plan, null);
  const reportOf = (child: Checkable): CheckReport | null => {
    const found = known.get(child.plan);
    return found === undefined ? checkWithChildren(child, known) : found;
  };
  const report = checkPlan(plan, {
    probe: (id, value) => predicates.get(id)?.(value) === true,
    holdsOf({ workflow, version }, rule) {
      const child = [...children.values()].find(
        (each) => each.plan.name === workflow && each.plan.version === version,
      );
      const rules = child === undefined ? [] : (reportOf(child)?.rules ?? []);
      return rules.some((each) => each.rule === rule && each.verdict === 'holds');
    },
  });
  known.set(plan, report);
  return report;
}

export function checkPlan(plan: Plan, options: CheckOptions = {}): CheckReport {
  const { probe, compiled, holdsOf } = options;
  const subject = subjectOf(plan, probe ?? null, compiled, holdsOf);
  const deriver = createDeriver(subject);
  const undo = undoTableOf(plan, subject.layout);
  const rules: readonly RuleReport[] = [
    completionReviewed(subject, deriver),
    protectedSteps(subject, deriver),
    statesReachable(subject, deriver),
    noDeadEnds(subject, deriver),
    waitsBounded(subject, deriver),
    failuresRouted(subject, deriver),
    loopsBounded(subject, deriver),
    effectsUndone(subject, deriver, undo),
    fourEyes(subject, deriver),
    deadlinesFeasible(subject),
    graphIsMachine(subject),
  ];
  return {
    workflow: plan.name,
    version: plan.version,
    hash: plan.hash,
    verdict: worstOf(rules.map(({ verdict }) => verdict)),
    rules,
    undo,
  };
}

export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('violated')) return 'violated';
  return verdicts.includes('assumed') ? 'assumed' : 'holds';
}
