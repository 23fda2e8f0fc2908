/** Two versions of a workflow on one drawing: what is new, what is gone, what is otherwise, and where runs of the old one stand. */
import { isStep, type Plan } from '../plan/plan.ts';
import { type StepChanges, stepChanges } from '../plan/step-changes.ts';
import { edgeKey, type Graph, type GraphEdge, type GraphNode, type View } from './graph.ts';
import { graphOf } from './graph-of.ts';
import type { Mark, Overlay } from './overlay.ts';

export interface ChangeGraph {
  readonly graph: Graph;
  readonly overlay: Overlay;
}

/** @param runsAt - by step of the old version: how many of its runs stand there */
export function changeGraph(
  before: Plan,
  after: Plan,
  view: View,
  runsAt: ReadonlyMap<string, number>,
): ChangeGraph {
  const [old, now] = [graphOf(before, view), graphOf(after, view)];
  const steps = stepChanges(before, after);
  const both = union(old, now);
  const words = wordsOf(old, now, steps, runsAt, stepsOf(before, after));
  const graph = { ...both, nodes: both.nodes.map((node) => captioned(node, words(node))) };
  return {
    graph,
    overlay: {
      title: `and what changed since version ${before.version}`,
      nodes: nodeMarks(old, now, graph, steps),
      edges: edgeMarks(old, now, graph),
    },
  };
}

function nodeMarks(old: Graph, now: Graph, { nodes }: Graph, steps: StepChanges) {
  const olds = new Map(old.nodes.map((node) => [node.id, node]));
  const news = new Map(now.nodes.map((node) => [node.id, node]));
  const parts = new Map(steps.changed.map((change) => [change.step, change.parts]));
  const marks = new Map<string, Mark>();
  for (const { id, kind } of nodes) {
    const [was, is] = [olds.get(id), news.get(id)];
    if (was === undefined) marks.set(id, { change: 'added' });
    else if (is === undefined) marks.set(id, { change: 'removed' });
    else {
      const changed = isInside(kind) ? [] : (parts.get(stepOf(id)) ?? []);
      const notes = [...changed, ...factsThatDiffer(was, is)];
      if (notes.length > 0) marks.set(id, { change: 'changed', note: notes.join('; ') });
    }
  }
  return marks;
}

/** Of what is written in the box: of boxes that are no steps it is all that is known. */
function factsThatDiffer(was: GraphNode, is: GraphNode): readonly string[] {
  const textOf = ({ caption, exits }: GraphNode) =>
    [caption, ...exits].filter((part) => part !== '').join(', ');
  return textOf(was) === textOf(is) ? [] : [`was: ${textOf(was) || 'nothing written'}`];
}

function edgeMarks(old: Graph, now: Graph, { edges }: Graph): ReadonlyMap<string, Mark> {
  const olds = new Map(old.edges.map((edge) => [edgeKey(edge), edge]));
  const news = new Map(now.edges.map((edge) => [edgeKey(edge), edge]));
  const marks = new Map<string, Mark>();
  for (const edge of edges) {
    const key = edgeKey(edge);
    const [was, is] = [olds.get(key), news.get(key)];
    if (edge.isHidden) continue;
    if (was === undefined || was.isHidden) marks.set(key, { change: 'added' });
    else if (is === undefined) marks.set(key, { change: 'removed' });
    else if (was.label !== is.label)
      marks.set(key, { change: 'changed', note: `was: ${linesOf(was).join(', ') || 'always'}` });
  }
  return marks;
}

/** As the new one is, with what only the old one has. */
function union(old: Graph, now: Graph): Graph {
  const known = new Set(now.nodes.map(({ id }) => id));
  const nodes = [...now.nodes];
  // Surroundings come before what is in them, so that of a box that is gone all is there.
  for (const node of old.nodes) if (!known.has(node.id)) nodes.push(node);
  const parents = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const olds = new Map(old.edges.map((edge) => [edgeKey(edge), edge]));
  const kept = now.edges.map((edge) => withBothLabels(olds.get(edgeKey(edge)), edge));
  const edges = new Set(now.edges.map(edgeKey));
  const gone = old.edges.filter(
    (edge) => !edges.has(edgeKey(edge)) && parents.get(edge.from) === parents.get(edge.to),
  );
  return { ...now, nodes, edges: [...kept, ...gone] };
}

/** Lines that are new after a plus, those that are gone after a minus. */
function withBothLabels(was: GraphEdge | undefined, is: GraphEdge): GraphEdge {
  if (was === undefined || was.isHidden || was.label === is.label) return is;
  const [olds, news] = [linesOf(was), linesOf(is)];
  const label = [
    ...news.map((line) => (olds.includes(line) ? line : `+ ${line}`)),
    ...olds.filter((line) => !news.includes(line)).map((line) => `− ${line}`),
  ];
  return { ...is, label: label.join('\n') };
}

function linesOf({ label }: GraphEdge): readonly string[] {
  return label.split('\n').filter((line) => line !== '');
}

/** What a box says besides: the name it had or has in the other version, by the look of it, and the runs that stand there. */
function wordsOf(
  old: Graph,
  now: Graph,
  { renamed }: StepChanges,
  runsAt: ReadonlyMap<string, number>,
  steps: ReadonlySet<string>,
): (node: GraphNode) => readonly string[] {
  const [olds, news] = [old, now].map(({ nodes }) => new Set(nodes.map(({ id }) => id)));
  const former = new Map(renamed.map(({ from, to }) => [to, from]));
  const later = new Map(renamed.map(({ from, to }) => [from, to]));
  return ({ id, kind }) => {
    const step = stepOf(id);
    if (isInside(kind) || !steps.has(step)) return [];
    const was = olds?.has(id) === true ? undefined : former.get(step);
    const is = news?.has(id) === true ? undefined : later.get(step);
    // The runs stand in the old chart.
    const runs = olds?.has(id) === true ? (runsAt.get(step) ?? 0) : 0;
    return [
      ...(was === undefined ? [] : [`was ${was}`]),
      ...(is === undefined ? [] : [`now ${is}`]),
      ...(runs === 0 ? [] : [runs === 1 ? '1 run here' : `${runs} runs here`]),
    ];
  };
}

function captioned(node: GraphNode, words: readonly string[]): GraphNode {
  const caption = [node.caption, ...words].filter((part) => part !== '').join(' · ');
  return { ...node, caption };
}

function stepsOf(...plans: readonly Plan[]): ReadonlySet<string> {
  const steps = plans.flatMap(({ nodes }) => nodes.filter(isStep).map(({ id }) => id));
  return new Set([...steps, 'completion']);
}

/** Of a step, or what only groups others: it may bear the name of a step and is none. */
function isInside(kind: GraphNode['kind']): boolean {
  return ['state', 'stage', 'region', 'end'].includes(kind);
}

/** In the state view the last part of a path that is a step's box. */
function stepOf(id: string): string {
  return id === 'waiting_review' ? 'completion' : (id.split('.').at(-1) ?? id);
}
