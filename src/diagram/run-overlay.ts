/** Where a run stands, as an overlay: what is done, happens, waits, failed, was skipped or undone, and what will not happen any more. */
import { isTerminal } from '../chart/lifecycle.ts';
import type { Json } from '../plan/json.ts';
import type { Plan, RunStatus } from '../plan/plan.ts';
import { edgeKey, type Graph, type GraphEdge, type GraphNode } from './graph.ts';
import type { Mark, Overlay, PartState } from './overlay.ts';
import { stateGraph } from './state-graph.ts';
import { stepGraph } from './step-graph.ts';

/** What a drawing reads of a run: how its parts stand, never what they hold. */
export interface RunTrace {
  readonly status: RunStatus;
  /** Of the chart, as a snapshot has it: `{ processing: { working: { approval: 'waiting_review' } } }`. */
  readonly state: Json;
  readonly waitingOn: readonly { readonly kind: string; readonly step: string }[];
  /** The step the run failed at, if it did. */
  readonly failedStep: string | null;
  /** Of the present generation, in order. */
  readonly history: readonly {
    readonly event: string;
    readonly step: string | null;
    readonly from: RunStatus | null;
    readonly to: RunStatus;
    readonly settles: 'complete' | 'skipped' | 'failed' | null;
  }[];
  /** Beside the name of the workflow. */
  readonly title?: string;
}

/** For both views: the one that is drawn takes what it knows. */
export function overlayOfRun(plan: Plan, run: RunTrace): Overlay {
  const steps = stepStates(run);
  const nodes = new Map<string, Mark>();
  const edges = new Map<string, Mark>();
  for (const graph of [stepGraph(plan), stateGraph(plan)]) {
    const stateOf = graph.view === 'steps' ? inSteps(run, steps) : inStates(graph, run, steps);
    for (const node of graph.nodes) {
      const state = stateOf(node) ?? unreached(node, nodes, run);
      if (state !== null) nodes.set(node.id, { state });
    }
    for (const edge of graph.edges) {
      const state = edgeState(edge, nodes, run);
      if (state !== null) edges.set(edgeKey(edge), { state });
    }
  }
  return { ...(run.title !== undefined && { title: run.title }), nodes, edges };
}

/** Which states of a step or of the undoing a run has passed, its history does not tell; those of what it never came to it has not. */
function unreached(
  node: GraphNode,
  nodes: ReadonlyMap<string, Mark>,
  run: RunTrace,
): PartState | null {
  const around = node.parent === null ? undefined : nodes.get(node.parent)?.state;
  if (node.kind === 'state' && around === 'skipped') return 'not_taken';
  if (!isTerminal(run.status) || !isMarked(node)) return null;
  return node.kind === 'state' && around !== 'not_taken' && node.id !== drainingId
    ? null
    : 'not_taken';
}

const drainingId = 'processing.draining';

type StateOf = (node: GraphNode) => PartState | null;
type StepStates = ReadonlyMap<string, PartState>;

/** Kinds of waiting in which the run itself works. */
const working: ReadonlySet<string> = new Set(['attempt', 'undo', 'map', 'child', 'notice']);

function stepStates({ history, waitingOn, failedStep }: RunTrace): StepStates {
  const states = new Map<string, PartState>();
  for (const { event, step, settles } of history) {
    if (step === null) continue;
    // What a child did is undone under `child/step`.
    const [own = step] = step.split('/');
    if (event === 'undo.completed') states.set(own, 'undone');
    else if (event.startsWith('undo.')) continue;
    else if (settles === 'complete') states.set(step, 'done');
    else if (settles !== null) states.set(step, settles);
  }
  if (failedStep !== null && states.get(failedStep) !== 'undone') states.set(failedStep, 'failed');
  for (const { kind, step } of waitingOn)
    if (states.get(step) !== 'current') states.set(step, working.has(kind) ? 'current' : 'waiting');
  return states;
}

/** Of the run as a whole, while it goes on. */
function standingOf({ waitingOn }: RunTrace): PartState {
  const isIdle = waitingOn.length > 0 && !waitingOn.some(({ kind }) => working.has(kind));
  return isIdle ? 'waiting' : 'current';
}

// --- steps -------------------------------------------------------------------------------------------------------------------------

function inSteps(run: RunTrace, steps: StepStates): StateOf {
  return ({ id, kind }) => {
    switch (kind) {
      case 'start':
        return run.status === 'pending' ? standingOf(run) : 'done';
      case 'closing':
        if (run.status === 'complete') return 'done';
        return run.status === 'waiting_review' ? standingOf(run) : (steps.get(id) ?? null);
      case 'complete':
        return run.status === 'complete' ? 'done' : null;
      case 'failed':
        return run.status === 'failed' ? 'failed' : null;
      case 'notice':
        if (run.waitingOn.some((waiting) => waiting.kind === 'notice')) return 'current';
        return run.history.some(({ event }) => event.startsWith('notice.')) ? 'done' : null;
      default:
        return steps.get(id) ?? null;
    }
  };
}

// --- states ------------------------------------------------------------------------------------------------------------------------

function inStates(graph: Graph, run: RunTrace, steps: StepStates): StateOf {
  const active = activePaths(run.state);
  const visited = new Set(run.history.flatMap(({ from, to }) => [from, to]));
  const ends: { readonly [status in RunStatus]?: PartState } = {
    complete: 'done',
    failed: 'failed',
    cancelled: 'done',
  };
  const stopped = run.history.some(
    ({ from, to }) =>
      from === 'processing' && (to === 'compensating' || to === 'failed' || to === 'cancelled'),
  );
  return (node) => {
    const name = node.id.split('.').at(-1) ?? '';
    if (!isMarked(node)) return null;
    if (node.parent === null) {
      if (run.status === name) return ends[run.status] ?? standingOf(run);
      return visited.has(name as RunStatus) ? 'done' : null;
    }
    if (isStepBox(node)) return steps.get(name) ?? null;
    if (active.has(node.id)) return inSight(node, steps) ?? standingOf(run);
    if (node.id === 'processing.working') return visited.has('processing') ? 'done' : null;
    if (node.id === drainingId) return stopped ? 'done' : null;
    if (node.kind === 'stage') return stageState(graph, node, steps);
    // Whatever stands beside it inside the step comes after it.
    return node.title === 'blocked' && inSight(node, steps) !== null ? 'done' : null;
  };
}

/** Paths of every active state, those around it included. */
function activePaths(state: Json): ReadonlySet<string> {
  const paths = new Set<string>();
  const visit = (value: Json, prefix: string): void => {
    if (typeof value === 'string') paths.add(`${prefix}${value}`);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      paths.add(`${prefix}${name}`);
      visit(inner, `${prefix}${name}.`);
    }
  };
  visit(state, '');
  return paths;
}

/** A state inside a step stands as its step does. */
function inSight({ kind, parent }: GraphNode, steps: StepStates): PartState | null {
  return kind === 'state' ? (steps.get(parent?.split('.').at(-1) ?? '') ?? null) : null;
}

function stageState(graph: Graph, stage: GraphNode, steps: StepStates): PartState | null {
  const inside = graph.nodes.filter(
    (node) => isStepBox(node) && node.id.startsWith(`${stage.id}.`),
  );
  return inside.length > 0 && inside.every(({ title }) => steps.has(title)) ? 'done' : null;
}

function isMarked({ kind }: GraphNode): boolean {
  return kind !== 'end' && kind !== 'region';
}

function isStepBox({ kind, parent }: GraphNode): boolean {
  return (
    parent !== null &&
    ['task', 'review', 'wait', 'sleep', 'child', 'map', 'emit', 'fail'].includes(kind)
  );
}

// --- arrows ------------------------------------------------------------------------------------------------------------------------

function edgeState(
  { from, to, transitions }: GraphEdge,
  nodes: ReadonlyMap<string, Mark>,
  run: RunTrace,
): PartState | null {
  const isOver = isTerminal(run.status);
  const isLifecycle = transitions.length > 0 && !from.includes('.');
  if (isLifecycle) {
    if (run.history.some((entry) => entry.from === from && entry.to === to)) return 'done';
    return isOver ? 'not_taken' : null;
  }
  const [before, after] = [nodes.get(from)?.state, nodes.get(to)?.state];
  if (before === 'skipped' || before === 'not_taken') return 'not_taken';
  if (after === 'skipped' || after === 'not_taken') return 'not_taken';
  const hasLeft = before === 'done' || before === 'undone' || before === 'failed';
  if (!hasLeft) return null;
  return after !== undefined || to.endsWith('.done') ? 'done' : null;
}
