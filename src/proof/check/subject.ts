/** What is checked: plan, chart and machine of one workflow, and where in the chart each step begins. */
import type { AnyStateMachine } from 'xstate';
import { type CompiledChart, compileChart } from '../../chart/advance.ts';
import type { Chart } from '../../chart/chart.ts';
import { excludeEachOther } from '../../plan/conditions.ts';
import { dependenciesOf, factsOf } from '../../plan/dependencies.ts';
import { type Layout, layOut } from '../../plan/layout.ts';
import {
  type ChildStep,
  type Condition,
  isStep,
  type Plan,
  type PlanNode,
  type StepNode,
} from '../../plan/plan.ts';
import type { RuleId } from './report.ts';
import { type Edge, type StateGraph, stateGraphOf } from './state-graph.ts';

/** Asks a predicate of the workflow. May throw. */
export type Probe = (predicate: string, value: unknown) => boolean;

export interface Beginning {
  /** States that are active only once the step has begun. */
  readonly states: readonly number[];
  /** Transitions that begin it without entering such a state. */
  readonly edges: readonly Edge[];
  /** The state of the step. */
  readonly node: number;
}

export interface Subject {
  readonly plan: Plan;
  readonly chart: Chart;
  readonly machine: AnyStateMachine;
  readonly compiled: CompiledChart;
  readonly layout: Layout;
  readonly graph: StateGraph;
  /** Top-level nodes by id. */
  readonly nodes: ReadonlyMap<string, PlanNode>;
  readonly steps: readonly StepNode[];
  readonly beginnings: ReadonlyMap<string, Beginning>;
  /** Transitions whose guard reads what a step has yielded, or whether it ran, by the step. */
  readonly readersOf: ReadonlyMap<string, readonly Edge[]>;
  /** Transitions whose conditions contradict each other, so that no run takes them. */
  readonly impossible: ReadonlySet<Edge>;
  /** `null`: predicates cannot be asked. */
  readonly probe: Probe | null;
  /** Whether a rule holds of a child workflow, too; `false` also if it is not at hand. */
  readonly holdsOf: HoldsOf;
}

export type HoldsOf = (child: Pick<ChildStep, 'workflow' | 'version'>, rule: RuleId) => boolean;

/**
 * @param compiled - default: the chart of the plan; another one is checked against the plan as it is
 * @throws SignalboxError DEFINITION_INVALID if the plan has no chart
 */
export function subjectOf(
  plan: Plan,
  probe: Probe | null = null,
  compiled: CompiledChart = compileChart(plan),
  holdsOf: HoldsOf = () => false,
): Subject {
  const { chart, machine } = compiled;
  const graph = stateGraphOf(chart);
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  return {
    plan,
    chart,
    machine,
    compiled,
    layout: layOut(plan),
    graph,
    nodes,
    steps: plan.nodes.filter(isStep),
    beginnings: beginningsOf(graph),
    readersOf: readersOf(graph, nodes),
    impossible: new Set(graph.edges.filter(isContradiction)),
    probe,
    holdsOf,
  };
}

function beginningsOf(graph: StateGraph): ReadonlyMap<string, Beginning> {
  const found = new Map<string, Beginning>();
  for (const node of graph.nodes) {
    const step = node.state.meta?.['step'];
    if (typeof step !== 'string') continue;
    const blocked = node.children
      .map((child) => graph.node(child))
      .find((child) => child.path.endsWith('.blocked'));
    const edges = (graph.from[blocked?.index ?? -1] ?? []).filter((edge) =>
      (edge.transition.actions ?? []).some(({ type }) => type === 'failWith'),
    );
    const states =
      blocked === undefined
        ? [node.index]
        : node.children.filter((child) => child !== blocked.index);
    found.set(step, { states, edges, node: node.index });
  }
  return found;
}

function readersOf(
  graph: StateGraph,
  nodes: ReadonlyMap<string, PlanNode>,
): ReadonlyMap<string, readonly Edge[]> {
  const known = new Map<string, ReadonlySet<string>>();
  const readers = new Map<string, Edge[]>();
  for (const edge of graph.edges) {
    const steps = new Set<string>();
    for (const condition of conditionsOf(edge))
      for (const id of factsOf(condition))
        for (const step of stepsBehind(id, nodes, known)) steps.add(step);
    for (const step of steps) {
      const own = readers.get(step);
      if (own === undefined) readers.set(step, [edge]);
      else own.push(edge);
    }
  }
  return readers;
}

/** What the guard of a transition reads of the values of a run. */
export function conditionsOf({ guard }: Edge): readonly Condition[] {
  if (guard?.type === 'ready') return guard.params.conditions;
  return guard?.type === 'policy' && guard.params.condition !== null
    ? [guard.params.condition]
    : [];
}

/** Steps that a node reads, through pure nodes. */
function stepsBehind(
  id: string,
  nodes: ReadonlyMap<string, PlanNode>,
  known: Map<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const before = known.get(id);
  if (before !== undefined) return before;
  const steps = new Set<string>();
  const seen = new Set<string>();
  const pending = [id];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const node = nodes.get(next);
    if (seen.has(next) || node === undefined) continue;
    seen.add(next);
    if (isStep(node)) steps.add(next);
    else pending.push(...dependenciesOf(node));
  }
  known.set(id, steps);
  return steps;
}

function isContradiction({ guard }: Edge): boolean {
  if (guard?.type !== 'ready' || !guard.params.open) return false;
  const gates = guard.params.conditions.map((condition) => ({ condition, label: '' }));
  return gates.length > 1 && excludeEachOther(gates, gates);
}

/** Steps that must have run for all of these to hold. */
export function requiredRuns(
  { nodes, beginnings }: Pick<Subject, 'nodes' | 'beginnings'>,
  conditions: readonly Condition[],
): readonly string[] {
  const required: string[] = [];
  const pending = [...conditions];
  const seen = new Set<string>();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ('ran' in next) {
      if (beginnings.has(next.ran)) required.push(next.ran);
    } else if ('all' in next) pending.push(...next.all);
    else if ('choice' in next && !seen.has(next.choice)) {
      seen.add(next.choice);
      const choice = nodes.get(next.choice);
      if (choice?.kind !== 'choice' || !('conditions' in choice.by)) continue;
      const { is } = next;
      const taken = choice.by.conditions.filter(([name]) => name === is);
      if (taken.length === 1 && choice.by.otherwise !== is && taken[0] !== undefined)
        pending.push(taken[0][1]);
    }
  }
  return required;
}
