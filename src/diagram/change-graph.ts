/** Two versions of a workflow on one drawing: what is new, what is gone, what is otherwise, and where runs of the old one stand. */
import type { Plan } from '../plan/plan.ts';
import { stepChanges } from '../plan/step-changes.ts';
import { edgeKey, type Graph, type GraphNode, type View } from './graph.ts';
import { graphOf } from './graph-of.ts';
import type { Change, Mark, Overlay } from './overlay.ts';

/** @param runsAt - by step of the old version: how many of its runs stand there */
export function changeGraph(
  before: Plan,
  after: Plan,
  view: View,
  runsAt: ReadonlyMap<string, number>,
): { readonly graph: Graph; readonly overlay: Overlay } {
  const [old, now] = [graphOf(before, view), graphOf(after, view)];
  const changed = new Set(stepChanges(before, after).changed.map(({ step }) => step));
  const graph = withRuns(union(old, now), runsAt);
  const nodes = new Map<string, Mark>();
  const oldNodes = new Set(old.nodes.map(({ id }) => id));
  const newNodes = new Set(now.nodes.map(({ id }) => id));
  for (const node of graph.nodes) {
    const isChanged = node.kind !== 'end' && changed.has(stepOf(node));
    const change = changeOf(oldNodes, newNodes, node.id) ?? (isChanged ? 'changed' : null);
    if (change !== null) nodes.set(node.id, { change });
  }
  const edges = new Map<string, Mark>();
  const oldEdges = new Set(old.edges.map(edgeKey));
  const newEdges = new Set(now.edges.map(edgeKey));
  for (const edge of graph.edges) {
    const change = changeOf(oldEdges, newEdges, edgeKey(edge));
    if (change !== null) edges.set(edgeKey(edge), { change });
  }
  const title = `and what changed since version ${before.version}`;
  return { graph, overlay: { title, nodes, edges } };
}

function changeOf(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  id: string,
): Exclude<Change, 'changed'> | null {
  if (!before.has(id)) return 'added';
  return after.has(id) ? null : 'removed';
}

/** As the new one is, with what only the old one has. */
function union(old: Graph, now: Graph): Graph {
  const known = new Set(now.nodes.map(({ id }) => id));
  const nodes = [...now.nodes];
  // Surroundings come before what is in them, so that of a box that is gone all is there.
  for (const node of old.nodes) if (!known.has(node.id)) nodes.push(node);
  const parents = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const edges = new Set(now.edges.map(edgeKey));
  const gone = old.edges.filter(
    (edge) => !edges.has(edgeKey(edge)) && parents.get(edge.from) === parents.get(edge.to),
  );
  return { ...now, nodes, edges: [...now.edges, ...gone] };
}

function withRuns(graph: Graph, runsAt: ReadonlyMap<string, number>): Graph {
  const nodes = graph.nodes.map((node) => {
    const runs = node.kind === 'end' ? 0 : (runsAt.get(stepOf(node)) ?? 0);
    if (runs === 0) return node;
    const words = runs === 1 ? '1 run here' : `${runs} runs here`;
    const caption = [node.caption, words].filter((part) => part !== '').join(' · ');
    return { ...node, caption };
  });
  return { ...graph, nodes };
}

/** In the state view the last part of a path that is a step's box. */
function stepOf({ id }: GraphNode): string {
  return id.split('.').at(-1) ?? id;
}
