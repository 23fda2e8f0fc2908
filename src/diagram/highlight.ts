/** A path to point at, as an overlay: given by the names of steps or states, or as the counterexample of a proof. */
import { SignalboxError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { boxesOfStates } from './chart-states.ts';
import { edgeKey, type Graph } from './graph.ts';
import type { Mark, Overlay } from './overlay.ts';
import { stateGraph } from './state-graph.ts';
import { stepGraph } from './step-graph.ts';

/** A counterexample, as far as a drawing reads it. */
export interface PathToShow {
  /** Steps in the order in which the path begins them; `completion` is the closing review. */
  readonly steps: readonly string[];
  /** Paths of states: `processing.working.approval.waiting_review`; `to` is `null` if the state stays. */
  readonly moves: readonly { readonly from: string; readonly to: string | null }[];
}

/** For both views: the one that is drawn takes what it knows. */
export function overlayOfPath(plan: Plan, path: PathToShow): Overlay {
  const nodes = new Map<string, Mark>();
  const edges = new Map<string, Mark>();
  const pass = (graph: Graph, from: string | undefined, to: string) => {
    nodes.set(to, { isHighlighted: true });
    const edge = graph.edges.find((each) => each.from === from && each.to === to);
    if (edge !== undefined) edges.set(edgeKey(edge), { isHighlighted: true });
  };
  const steps = stepGraph(plan);
  for (const [index, step] of path.steps.entries()) pass(steps, path.steps[index - 1], step);
  const states = stateGraph(plan);
  const boxes = boxesOfStates(plan);
  for (const { from, to } of path.moves) {
    const start = boxes.get(from);
    if (start === undefined) continue;
    nodes.set(start, { isHighlighted: true });
    const end = to === null ? undefined : boxes.get(to);
    if (end === undefined) continue;
    nodes.set(end, { isHighlighted: true });
    const [left, entered] = sideBySide(start, end);
    const edge = states.edges.find((each) => each.from === left && each.to === entered);
    if (edge !== undefined) edges.set(edgeKey(edge), { isHighlighted: true });
  }
  return { nodes, edges };
}

/** The outermost boxes that hold the one and not the other. */
function sideBySide(from: string, to: string): readonly [string, string] {
  const [left, right] = [from.split('.'), to.split('.')];
  let depth = 0;
  while (depth < left.length && left[depth] === right[depth]) depth += 1;
  return [left.slice(0, depth + 1).join('.'), right.slice(0, depth + 1).join('.')];
}

/**
 * Steps, states or lifecycle states by name, in the order of the path.
 *
 * @param names - of steps, or paths of states from any level on: `approval`, `approval.waiting_review`, `waiting_review`
 * @throws SignalboxError `PATH_UNKNOWN` if the workflow has no such step or state
 */
export function pathOfNames(plan: Plan, names: readonly string[]): PathToShow {
  const steps = new Set(stepGraph(plan).nodes.map(({ id }) => id));
  const states = [...boxesOfStates(plan).keys()];
  const known = new Set(states);
  const found = names.map((name) => {
    const wanted = stateNames[name] ?? name;
    const state = known.has(wanted) ? wanted : states.find((path) => path.endsWith(`.${wanted}`));
    const step = stepNames[name] ?? stepAround(name, steps);
    if (step === null && state === undefined)
      throw new SignalboxError(
        'PATH_UNKNOWN',
        `Workflow "${plan.name}" has no step or state "${name}"`,
        {
          details: { workflow: plan.name, name },
          hint: `Its steps are: ${[...steps].filter((id) => !id.startsWith('$')).join(', ')}`,
        },
      );
    return { step, state };
  });
  const listed = found.flatMap(({ step }) => (step === null ? [] : [step]));
  const passed = found.flatMap(({ state }) => (state === undefined ? [] : [state]));
  return {
    steps: listed.filter((step, index) => step !== listed[index - 1]),
    moves: passed.map((from, index) => ({ from, to: passed[index + 1] ?? null })),
  };
}

const stepNames: { readonly [name: string]: string | undefined } = {
  start: '$start',
  pending: '$start',
  complete: '$complete',
  failed: '$failed',
  waiting_review: 'completion',
};

const stateNames: { readonly [name: string]: string | undefined } = {
  start: 'pending',
  completion: 'waiting_review',
};

function stepAround(name: string, steps: ReadonlySet<string>): string | null {
  return name.split('.').findLast((part) => steps.has(part)) ?? null;
}
