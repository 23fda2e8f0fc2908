/** Plans and charts with one thing changed, and the check of them. */
import { compileChart, compiledFrom } from '../../../../src/chart/advance.ts';
import type { Chart, ChartState } from '../../../../src/chart/chart.ts';
import type { Plan, PlanNode, ReviewStep } from '../../../../src/plan/plan.ts';
import { checkPlan } from '../../../../src/proof/check/check.ts';
import type { CheckReport, RuleId, RuleReport } from '../../../../src/proof/check/report.ts';
import { nothing } from '../../../chart/support/plans.ts';

/** @param path - names of states from the root down, joined by dots */
export function withState(
  chart: Chart,
  path: string,
  change: (state: ChartState) => ChartState,
): Chart {
  return changed(chart, path.split('.'), change) as Chart;
}

function changed(
  state: ChartState,
  [name, ...rest]: readonly string[],
  change: (state: ChartState) => ChartState,
): ChartState {
  if (name === undefined) return change(state);
  const child = state.states?.[name];
  if (child === undefined) throw new Error(`There is no state "${name}"`);
  return { ...state, states: { ...state.states, [name]: changed(child, rest, change) } };
}

export function withNode<N extends PlanNode>(plan: Plan, id: string, change: Partial<N>): Plan {
  return {
    ...plan,
    nodes: plan.nodes.map((node) => (node.id === id ? { ...node, ...change } : node)),
  };
}

/** The check of a plan whose chart, and machine, have one state changed. */
export function checkChanged(
  plan: Plan,
  path: string,
  change: (state: ChartState) => ChartState,
): CheckReport {
  const chart = withState(compileChart(plan).chart, path, change);
  return checkPlan(plan, { compiled: compiledFrom(plan, chart) });
}

export function ruleOf(report: CheckReport, rule: RuleId): RuleReport {
  const found = report.rules.find((each) => each.rule === rule);
  if (found === undefined) throw new Error(`No rule "${rule}" in the report`);
  return found;
}

/** Rules that are violated. */
export function violated(report: CheckReport): readonly RuleId[] {
  return report.rules.filter(({ verdict }) => verdict === 'violated').map(({ rule }) => rule);
}

/** The moves of the first violation of a rule, as `from event to`. */
export function pathOf(report: CheckReport, rule: RuleId): readonly string[] {
  const violation = ruleOf(report, rule).findings.find(({ kind }) => kind === 'violation');
  return (violation?.path?.moves ?? []).map(({ from, event, to }) =>
    [from, event ?? 'by itself', to ?? 'stays'].join(' '),
  );
}

export function aReview(id: string, given: Partial<ReviewStep> = {}): ReviewStep {
  return {
    id,
    kind: 'review',
    after: [],
    gates: [],
    form: {},
    show: nothing,
    notBy: [],
    requesterMayDecide: true,
    approve: { by: 'person' },
    expiresMs: 1_000,
    onExpired: 'reject',
    onRejected: 'continue',
    audience: 'somebody',
    ...given,
  };
}
