/**
 * The statechart of a plan as a graph of nested boxes. A transition is drawn between the two boxes that stand side by side and hold its ends,
 * so that no arrow crosses a border; one that leads from a step out to `draining` is written into the step as well.
 */
import { compile } from '../chart/compile.ts';
import { layOut } from '../plan/layout.ts';
import { isStep, type Plan, type StepNode } from '../plan/plan.ts';
import { captionOfFinish, captionOfStep } from './captions.ts';
import {
  boxesOf,
  type FlatState,
  type FlatTransition,
  pathId,
  statesOf,
  transitionsOf,
} from './chart-states.ts';
import {
  edgeKey,
  type Graph,
  type GraphEdge,
  type GraphNode,
  type GraphNodeKind,
  graphEdge,
  graphNode,
  type TransitionRef,
} from './graph.ts';
import { joined, undoOf } from './step-graph.ts';
import { labelOfTransition, linesOfLabels, type TransitionLabel } from './transition-labels.ts';

type Steps = ReadonlyMap<string, StepNode>;

export function stateGraph(plan: Plan): Graph {
  const states = statesOf(compile(plan, layOut(plan)));
  const transitions = transitionsOf(states);
  const steps: Steps = new Map(plan.nodes.filter(isStep).map((step) => [step.id, step]));
  const boxes = boxesOf(states);
  const exits = exitsOf(transitions, steps);
  const initial = new Set([
    'pending',
    ...states.flatMap(({ path, state }) =>
      state.initial === undefined ? [] : [pathId([...path, state.initial])],
    ),
  ]);
  const shown = states.filter(({ path }) => boxes.get(pathId(path)) === pathId(path));
  const edges = edgesOf(transitions, boxes, steps);
  return {
    view: 'states',
    name: plan.name,
    version: plan.version,
    isUndoneOnFailure: plan.onFailure === 'compensate',
    nodes: inOrder(shown, edges).map((each) =>
      nodeOf(each, plan, steps, {
        parent: each.path.length === 1 ? null : pathId(each.path.slice(0, -1)),
        isInitial: initial.has(pathId(each.path)),
        exits: isStepState(each) ? [...(exits.get(each.step ?? '') ?? [])] : [],
      }),
    ),
    edges,
  };
}

/** States side by side in the order in which they are reached; those that hold others, and unreachable ones, keep theirs. */
function inOrder(shown: readonly FlatState[], edges: readonly GraphEdge[]): readonly FlatState[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const rank = new Map<string, number>();
  const leaves = new Map<string, FlatState[]>();
  for (const each of shown) {
    const { path, state } = each;
    if (state.initial !== undefined) {
      const reached = new Set([pathId([...path, state.initial])]);
      for (const id of reached) for (const to of next.get(id) ?? []) reached.add(to);
      for (const [position, id] of [...reached].entries()) rank.set(id, position);
    }
    if (path.length === 1 || state.states !== undefined) continue;
    const around = pathId(path.slice(0, -1));
    leaves.set(around, [...(leaves.get(around) ?? []), each]);
  }
  const last = shown.length;
  const rankOf = ({ path }: FlatState) => rank.get(pathId(path)) ?? last;
  const queues = new Map(
    [...leaves].map(
      ([around, states]) => [around, states.toSorted((a, b) => rankOf(a) - rankOf(b))] as const,
    ),
  );
  return shown.map((each) => {
    const isLeaf = each.path.length > 1 && each.state.states === undefined;
    const queue = isLeaf ? queues.get(pathId(each.path.slice(0, -1))) : undefined;
    return queue?.shift() ?? each;
  });
}

// --- boxes -------------------------------------------------------------------------------------------------------------------------

const lifecycleKinds: Readonly<Record<string, GraphNodeKind>> = {
  pending: 'pending',
  processing: 'processing',
  waiting_review: 'closing',
  compensating: 'compensating',
  complete: 'complete',
  failed: 'failed',
  cancelled: 'cancelled',
};

function isStepState({ state }: FlatState): boolean {
  return state.meta?.['step'] !== undefined;
}

function nodeOf(
  each: FlatState,
  plan: Plan,
  steps: Steps,
  place: Pick<GraphNode, 'parent' | 'isInitial' | 'exits'>,
): GraphNode {
  const { path, state } = each;
  const id = pathId(path);
  const name = path.at(-1) ?? '';
  const step = isStepState(each) ? steps.get(each.step ?? '') : undefined;
  if (step !== undefined)
    return graphNode({
      ...place,
      id,
      kind: step.kind,
      title: step.id,
      caption: captionOfStep(step),
      condition: step.gates.length === 0 ? null : joined(step.gates),
      undo: undoOf(step),
    });
  if (path.length === 1) {
    const caption = name === 'waiting_review' ? captionOfFinish(plan) : '';
    const kind = lifecycleKinds[name] ?? 'state';
    return graphNode({ ...place, id, kind, title: name, caption });
  }
  if (state.type === 'parallel')
    return graphNode({ ...place, id, kind: 'stage', title: 'in parallel' });
  if (name.startsWith('region:')) return graphNode({ ...place, id, kind: 'region', title: '' });
  if (state.type === 'final') return graphNode({ ...place, id, kind: 'end', title: '' });
  const kind = state.states === undefined ? 'state' : 'stage';
  return graphNode({ ...place, id, kind, title: name });
}

// --- ways out ----------------------------------------------------------------------------------------------------------------------

const drainingId = 'processing.draining';

function endsRun({ source, target }: FlatTransition): boolean {
  return source.step !== null && target !== null && pathId(target.path) === drainingId;
}

/** By step, what ends the run from there. */
function exitsOf(
  transitions: readonly FlatTransition[],
  steps: Steps,
): ReadonlyMap<string, ReadonlySet<string>> {
  const exits = new Map<string, Set<string>>();
  for (const each of transitions) {
    const { step } = each.source;
    if (step === null || !endsRun(each)) continue;
    const found = exits.get(step) ?? new Set();
    const { event, guard } = labelOfTransition(each.event, each.transition, steps.get(step));
    exits.set(step, found.add(event === '' ? guard : event));
  }
  return exits;
}

// --- arrows ------------------------------------------------------------------------------------------------------------------------

interface Bundle {
  readonly from: string;
  readonly to: string;
  readonly labels: TransitionLabel[];
  readonly transitions: TransitionRef[];
  isFailure: boolean;
}

/** One arrow for all transitions between the same two boxes. */
function edgesOf(
  transitions: readonly FlatTransition[],
  boxes: ReadonlyMap<string, string>,
  steps: Steps,
): readonly GraphEdge[] {
  const bundles = new Map<string, Bundle>();
  for (const each of transitions) {
    const ends = endsOf(each, boxes);
    if (ends === null) continue;
    const bundle = bundles.get(edgeKey(ends)) ?? {
      ...ends,
      labels: [],
      transitions: [],
      isFailure: false,
    };
    bundles.set(edgeKey(ends), bundle);
    const { source, event, position } = each;
    const step = source.step === null ? undefined : steps.get(source.step);
    bundle.labels.push(
      endsRun(each)
        ? { event: 'a step ends the run', guard: '' }
        : labelOfTransition(event, each.transition, step),
    );
    bundle.isFailure ||= isFailure(each, ends.to);
    bundle.transitions.push({ state: pathId(source.path), event, position });
  }
  return [...bundles.values()].map(({ from, to, labels, transitions: refs, isFailure: fails }) =>
    graphEdge({
      from,
      to,
      label: linesOfLabels(labels).join('\n'),
      kind: fails ? 'failure' : to === 'pending' ? 'back' : 'next',
      transitions: refs,
    }),
  );
}

function isFailure({ target }: FlatTransition, to: string): boolean {
  const failing = ['compensating', 'failed', 'cancelled'];
  return (
    target !== null &&
    (failing.includes(to) || pathId(target.path) === drainingId) &&
    to !== 'processing'
  );
}

/** The boxes side by side that hold the ends of a transition; `null` if it stays inside one that has no others in it. */
function endsOf(
  { source, target }: FlatTransition,
  boxes: ReadonlyMap<string, string>,
): Pick<GraphEdge, 'from' | 'to'> | null {
  if (target === null) return null;
  const from = (boxes.get(pathId(source.path)) ?? '').split('.');
  const to = (boxes.get(pathId(target.path)) ?? '').split('.');
  let depth = 0;
  while (depth < from.length && depth < to.length && from[depth] === to[depth]) depth += 1;
  if (depth === from.length || depth === to.length) return null;
  return { from: pathId(from.slice(0, depth + 1)), to: pathId(to.slice(0, depth + 1)) };
}
