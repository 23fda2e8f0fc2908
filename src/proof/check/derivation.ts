/**
 * What can become active, by Horn clauses over the chart: a transition can be taken if its source can be active, its guard is possible, and the
 * steps of other regions it waits for can have settled. States are never taken back, so this says "can" of everything a run can do and of more:
 * what is not derived cannot happen. One pass is linear in the size of the chart.
 */
import { type Edge, isWithin, paramOf, type StateGraph } from './state-graph.ts';
import { requiredRuns, type Subject } from './subject.ts';

export interface Derivation {
  canBeActive(node: number): boolean;
  canBeTaken(edge: Edge): boolean;
  /** Transitions in the order in which they lead to the state being active. */
  pathToState(node: number): readonly Edge[];
  /** Transitions that lead to this one, itself included. */
  pathToEdge(edge: Edge): readonly Edge[];
}

/** Lists of whole numbers in one array: list `i` is `values[starts[i]]` up to, and without, `values[starts[i + 1]]`. */
interface Lists {
  readonly starts: Int32Array;
  readonly values: Int32Array;
}

interface Clauses {
  readonly atoms: number;
  /** By clause: the atoms it concludes, and those it needs. */
  readonly conclusions: Lists;
  readonly premises: Lists;
  readonly premiseCount: Int32Array;
  /** By clause: the transition it stands for. */
  readonly edges: readonly (Edge | null)[];
  readonly clauseOfEdge: readonly number[];
  /** By atom: the clauses that need it. */
  readonly readers: Lists;
}

export interface Deriver {
  /** @param allowed - transitions that may be taken; @param isShut - states nothing may enter */
  derive(allowed?: (edge: Edge) => boolean, isShut?: (node: number) => boolean): Derivation;
}

/** Prepares the clauses once; each question is one pass over them. */
export function createDeriver(subject: Subject): Deriver {
  const { graph, impossible } = subject;
  const clauses = clausesOf(subject);
  return {
    derive: (allowed = () => true, isShut = () => false) =>
      propagate(graph, clauses, (edge) => !impossible.has(edge) && allowed(edge), isShut),
  };
}

function clausesOf(subject: Subject): Clauses {
  const { graph, beginnings } = subject;
  const { nodes, edges } = graph;
  const steps = new Map([...beginnings.keys()].map((step, position) => [step, position]));
  const done = (node: number) => nodes.length + node;
  const settled = (step: string) => 2 * nodes.length + (steps.get(step) ?? steps.size);
  const ran = (step: string) => 2 * nodes.length + steps.size + 1 + (steps.get(step) ?? steps.size);
  const conclusions: (readonly number[])[] = [];
  const premises: (readonly number[])[] = [];
  const edgeOf: (Edge | null)[] = [];
  const add = (from: readonly number[], to: readonly number[], edge: Edge | null) => {
    premises.push([...new Set(from)]);
    conclusions.push(to);
    edgeOf.push(edge);
  };
  const begins = new Map<Edge, string[]>();
  for (const [step, own] of beginnings) {
    for (const edge of own.edges) begins.set(edge, [...(begins.get(edge) ?? []), step]);
    for (const node of own.states) add([node], [ran(step)], null);
  }
  const clauseOfEdge = edges.map((edge) => {
    const { guard } = edge;
    const needed =
      guard?.type === 'ready'
        ? [
            ...guard.params.settled.map(settled),
            ...(guard.params.open ? requiredRuns(subject, guard.params.conditions).map(ran) : []),
          ]
        : [];
    const source = edge.via === 'done' ? done(edge.source) : edge.source;
    const settles = (edge.transition.actions ?? []).flatMap((action) =>
      action.type === 'settle' ? [settled(paramOf(action, 'step'))] : [],
    );
    const begun = (begins.get(edge) ?? []).map(ran);
    add([source, ...needed], [...edge.entered, ...settles, ...begun], edge);
    return conclusions.length - 1;
  });
  for (const node of nodes) {
    if (node.kind === 'final') add([node.index], [done(node.index), done(node.parent)], null);
    if (node.kind === 'parallel') add(node.children.map(done), [done(node.index)], null);
  }
  const atoms = 2 * nodes.length + 2 * (steps.size + 1);
  const readers: number[][] = Array.from({ length: atoms }, () => []);
  for (const [clause, from] of premises.entries())
    for (const atom of from) readers[atom]?.push(clause);
  return {
    atoms,
    conclusions: listsOf(conclusions),
    premises: listsOf(premises),
    premiseCount: Int32Array.from(premises, (from) => from.length),
    edges: edgeOf,
    clauseOfEdge,
    readers: listsOf(readers),
  };
}

function listsOf(lists: readonly (readonly number[])[]): Lists {
  const starts = new Int32Array(lists.length + 1);
  for (const [at, list] of lists.entries()) starts[at + 1] = (starts[at] ?? 0) + list.length;
  return { starts, values: Int32Array.from(lists.flat()) };
}

function listAt({ starts, values }: Lists, at: number): Int32Array {
  return values.subarray(starts[at] ?? 0, starts[at + 1] ?? 0);
}

function propagate(
  graph: StateGraph,
  { atoms, conclusions, premises, premiseCount, edges, clauseOfEdge, readers }: Clauses,
  allowed: (edge: Edge) => boolean,
  isShut: (node: number) => boolean,
): Derivation {
  const missing = premiseCount.slice();
  /** By atom: the clause that derived it first; -1: not derived, -2: there from the start. */
  const reason = new Int32Array(atoms).fill(-1);
  const taken = new Int32Array(missing.length).fill(-1);
  const queue = new Int32Array(atoms);
  let queued = 0;
  const derive = (atom: number, clause: number) => {
    if (reason[atom] !== -1 || (atom < graph.nodes.length && isShut(atom))) return;
    reason[atom] = clause;
    queue[queued] = atom;
    queued += 1;
  };
  const root = graph.node(0);
  derive(0, -2);
  if (root.initial !== null) derive(root.initial, -2);
  let turn = 0;
  for (let at = 0; at < queued; at += 1) {
    const atom = queue[at] ?? 0;
    const lastReader = readers.starts[atom + 1] ?? 0;
    for (let reader = readers.starts[atom] ?? 0; reader < lastReader; reader += 1) {
      const clause = readers.values[reader] ?? 0;
      const left = (missing[clause] ?? 0) - 1;
      missing[clause] = left;
      if (left !== 0) continue;
      const edge = edges[clause] ?? null;
      if (edge !== null && !allowed(edge)) continue;
      taken[clause] = turn;
      turn += 1;
      const end = conclusions.starts[clause + 1] ?? 0;
      for (let to = conclusions.starts[clause] ?? 0; to < end; to += 1)
        derive(conclusions.values[to] ?? 0, clause);
    }
  }
  const explain = (clauseOrAtoms: readonly number[]): readonly Edge[] => {
    const used = new Set<number>();
    const pending = [...clauseOrAtoms];
    const seen = new Set<number>(pending);
    for (let atom = pending.pop(); atom !== undefined; atom = pending.pop()) {
      const clause = reason[atom] ?? -1;
      if (clause < 0 || used.has(clause)) continue;
      used.add(clause);
      for (const before of listAt(premises, clause)) {
        if (seen.has(before)) continue;
        seen.add(before);
        pending.push(before);
      }
    }
    return [...used]
      .sort((a, b) => (taken[a] ?? 0) - (taken[b] ?? 0))
      .flatMap((clause) => edges[clause] ?? []);
  };
  return {
    canBeActive: (node) => reason[node] !== -1,
    canBeTaken: (edge) => taken[clauseOfEdge[edge.index] ?? -1] !== -1,
    pathToState: (node) => explain([node]),
    pathToEdge: (edge) => [
      ...explain([...listAt(premises, clauseOfEdge[edge.index] ?? -1)]).filter(
        (each) => each !== edge,
      ),
      edge,
    ],
  };
}

/** Transitions by which a state or one within it is left for good. */
export function exitsOf(graph: StateGraph, node: number): readonly Edge[] {
  const around = graph.node(node);
  const exits: Edge[] = [];
  for (let at = around.index; at <= around.last; at += 1)
    for (const edge of graph.from[at] ?? [])
      if (edge.target !== null && !isWithin(graph.node(edge.target), around)) exits.push(edge);
  return exits;
}
