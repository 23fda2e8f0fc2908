/**
 * The step graph of a plan as people draw it: steps, start, closing review and end, and what leads from one to the other. Pure nodes appear
 * as labels only. Every drawing is made from this, in stable order: nodes as declared, edges by where they lead to.
 */
import { dependenciesOf, factsOf } from '../plan/dependencies.ts';
import { layOut } from '../plan/layout.ts';
import { type Gate, isStep, type Plan, type StepNode, type TaskCall } from '../plan/plan.ts';
import { captionOfFailed, captionOfFinish, captionOfStart, captionOfStep } from './captions.ts';
import { type Graph, type GraphEdge, type GraphNode, graphEdge, graphNode } from './graph.ts';

const startId = '$start';
const closingId = 'completion';
const endId = '$complete';
const failedId = '$failed';
const noticeId = '$onFailed';

export function stepGraph(plan: Plan): Graph {
  const steps = plan.nodes.filter(isStep);
  const before = passingFailures(steps, layOut(plan).precedence);
  const into = new Map(steps.map((step) => [step.id, direct(step.id, before)]));
  const labels = createLabels(plan, into);
  const led = new Set(
    steps.flatMap((step) => (step.kind === 'fail' ? [] : (into.get(step.id) ?? []))),
  );
  const last = steps.filter((step) => step.kind !== 'fail' && !led.has(step.id));
  const toClosing = last.length === 0 ? [startId] : last.map((step) => step.id);
  const failing = failuresOf(plan, steps);
  return {
    view: 'steps',
    name: plan.name,
    version: plan.version,
    isUndoneOnFailure: plan.onFailure === 'compensate',
    nodes: [
      graphNode({ id: startId, kind: 'start', title: 'start', caption: captionOfStart(plan) }),
      ...steps.map((step) => nodeOf(step, labels.unplaced(step))),
      graphNode({
        id: closingId,
        kind: 'closing',
        title: 'closing review',
        caption: captionOfFinish(plan),
      }),
      graphNode({ id: endId, kind: 'complete', title: 'complete' }),
      ...failing.nodes,
    ],
    edges: [
      ...steps.flatMap((step) => {
        const sources = into.get(step.id) ?? [];
        return sources.length === 0
          ? [graphEdge({ from: startId, to: step.id, label: labels.on(step, startId) })]
          : sources.map((from) => graphEdge({ from, to: step.id, label: labels.on(step, from) }));
      }),
      ...toClosing.map((from) => graphEdge({ from, to: closingId })),
      graphEdge({ from: closingId, to: endId }),
      ...failing.edges,
    ],
  };
}

/** Where people or the wiring end a run, and who is told. That any task may fail for good is not drawn: every step would lead there. */
function failuresOf(plan: Plan, steps: readonly StepNode[]): Pick<Graph, 'nodes' | 'edges'> {
  const edges: GraphEdge[] = [];
  const fails = (from: string, label: string) =>
    edges.push(graphEdge({ from, to: failedId, label, kind: 'failure' }));
  for (const step of steps) {
    if (step.kind === 'fail') fails(step.id, '');
    if (step.kind !== 'review') continue;
    const isRejectedOnExpiry = step.onExpired === 'reject' && step.onRejected === 'fail';
    const words = [
      ...(step.onRejected === 'fail' ? ['rejected'] : []),
      ...(step.expiresMs !== undefined && (step.onExpired === 'fail' || isRejectedOnExpiry)
        ? ['expired']
        : []),
    ];
    if (words.length > 0) fails(step.id, words.join(' or '));
  }
  const { finish, onFailed } = plan;
  if (finish.approve.by !== 'automatic')
    fails(closingId, finish.expiresMs === undefined ? 'rejected' : 'rejected or expired');
  if (edges.length === 0 && onFailed === undefined) return { nodes: [], edges };
  if (edges.length === 0)
    edges.push(graphEdge({ from: closingId, to: failedId, isHidden: true, kind: 'failure' }));
  const isUndoable = steps.some((step) => step.kind === 'child' || hasUndo(step));
  const caption = captionOfFailed(plan, isUndoable);
  const nodes = [graphNode({ id: failedId, kind: 'failed', title: 'failed', caption })];
  if (onFailed !== undefined) {
    nodes.push(
      graphNode({ id: noticeId, kind: 'notice', title: onFailed.task, caption: 'told of it' }),
    );
    edges.push(graphEdge({ from: failedId, to: noticeId, kind: 'failure' }));
  }
  return { nodes, edges };
}

function nodeOf(step: StepNode, unplaced: string): GraphNode {
  const caption = [captionOfStep(step), unplaced === '' ? '' : `if ${unplaced}`];
  return graphNode({
    id: step.id,
    kind: step.kind,
    title: step.id,
    caption: caption.filter((part) => part !== '').join(' · '),
    condition: step.gates.length === 0 ? null : joined(step.gates),
    undo: undoOf(step),
  });
}

/** Some of it may be undone even where the whole counts as irreversible. */
function hasUndo(step: StepNode): boolean {
  return callsOf(step).some(({ compensate }) => compensate === 'handler');
}

function callsOf(step: StepNode): readonly TaskCall[] {
  if (step.kind === 'map')
    return step.body.flatMap((part) => (part.kind === 'task' ? callsOf(part) : []));
  if (step.kind !== 'task') return [];
  return [step.call, ...(step.fallback === undefined ? [] : [step.fallback])];
}

export function undoOf(step: StepNode): GraphNode['undo'] {
  const calls = callsOf(step);
  if (calls.some((call) => call.compensate === 'irreversible')) return 'irreversible';
  return calls.some((call) => call.compensate === 'handler') ? 'undoable' : null;
}

type Sources = ReadonlyMap<string, readonly string[]>;

/** Nothing is reached through a step that fails the run: what waits for it follows what the failing step follows. */
function passingFailures(steps: readonly StepNode[], precedence: Sources): Sources {
  const failures = new Set(steps.filter((step) => step.kind === 'fail').map((step) => step.id));
  const passed = new Map<string, readonly string[]>();
  const order = [...precedence.keys()];
  for (const id of inOrder(order, precedence)) {
    const sources = (precedence.get(id) ?? []).flatMap((source) =>
      failures.has(source) ? (passed.get(source) ?? []) : [source],
    );
    passed.set(id, [...new Set(sources)]);
  }
  return passed;
}

/** Sources first. */
function inOrder(ids: readonly string[], precedence: Sources): readonly string[] {
  const sorted = new Set<string>();
  const stack = [...ids].reverse();
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    const missing = (precedence.get(id) ?? []).filter((source) => !sorted.has(source));
    if (sorted.has(id) || missing.length === 0) sorted.add(stack.pop() ?? id);
    else stack.push(...missing);
  }
  return [...sorted];
}

/** Sources that no other source already implies. */
function direct(id: string, precedence: Sources): readonly string[] {
  const before = precedence.get(id) ?? [];
  if (before.length < 2) return before;
  const implied = new Set<string>();
  const pending = before.flatMap((other) => precedence.get(other) ?? []);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (implied.has(next)) continue;
    implied.add(next);
    pending.push(...(precedence.get(next) ?? []));
  }
  return before.filter((other) => !implied.has(other));
}

/**
 * Where conditions are written: on the edge from the step that decides them; on the only edge if that step lies further back; and else in
 * the node. Within a branch only the first steps carry its condition.
 */
function createLabels(plan: Plan, into: Sources) {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const gatesOf = (id: string) => nodes.get(id)?.gates ?? [];
  const open = (step: StepNode) => {
    const sources = into.get(step.id) ?? [];
    const inherited = new Set(sources.flatMap(gatesOf).map(keyOf));
    return step.gates.filter((gate) => !inherited.has(keyOf(gate)));
  };
  const decidersOf = (gate: Gate): ReadonlySet<string> => {
    const found = new Set<string>();
    const seen = new Set<string>();
    const pending = [...factsOf(gate.condition)];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const node = nodes.get(next);
      if (node === undefined || seen.has(next)) continue;
      seen.add(next);
      if (isStep(node)) found.add(next);
      else pending.push(...dependenciesOf(node));
    }
    return found;
  };
  const placesOf = (step: StepNode, gate: Gate): readonly string[] => {
    const sources = into.get(step.id) ?? [];
    if (sources.length < 2) return [sources[0] ?? startId];
    const deciders = decidersOf(gate);
    return sources.filter((source) => deciders.has(source));
  };
  return {
    on: (step: StepNode, from: string) =>
      joined(open(step).filter((gate) => placesOf(step, gate).includes(from))),
    unplaced: (step: StepNode) =>
      joined(open(step).filter((gate) => placesOf(step, gate).length === 0)),
  };
}

function keyOf(gate: Gate): string {
  return JSON.stringify(gate.condition);
}

export function joined(gates: readonly Gate[]): string {
  return [...new Set(gates.map((gate) => gate.label))].join(' and ');
}
