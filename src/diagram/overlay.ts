/** What is laid over a drawing: where a run stands, how often something was passed, a path to point at. */
import { edgeKey, type Graph, type GraphEdge } from './graph.ts';

/**
 * `done`: has happened; `current`: happens now; `waiting`: waits for somebody, something or time; `not_taken`: will not happen any more; `undone`:
 * has happened and was taken back.
 */
export type PartState =
  | 'done'
  | 'current'
  | 'waiting'
  | 'failed'
  | 'skipped'
  | 'not_taken'
  | 'undone';

/** Between two versions that are drawn as one. */
export type Change = 'added' | 'removed' | 'changed';

/** What is shown of one node or edge on top of the drawing. */
export interface Mark {
  readonly state?: PartState;
  readonly change?: Change;
  /** What is otherwise, in words; it is read out, not drawn. */
  readonly note?: string;
  /** How often it was passed; 0 shows as never. */
  readonly count?: number;
  readonly isHighlighted?: boolean;
}

/** What is shown on top of a drawing: a run, a path, a difference, or counts. */
export interface Overlay {
  /** Beside the name of the workflow, in a few words. */
  readonly title?: string;
  /** By id of the node; ids the graph does not have are ignored. */
  readonly nodes: ReadonlyMap<string, Mark>;
  /** By `edgeKey`: `from -> to`. */
  readonly edges: ReadonlyMap<string, Mark>;
}

export const noOverlay: Overlay = { nodes: new Map(), edges: new Map() };

/** Both; where they say different things of the same part, the second counts. */
export function combine(first: Overlay, second: Overlay): Overlay {
  const title = second.title ?? first.title;
  return {
    ...(title !== undefined && { title }),
    nodes: merged(first.nodes, second.nodes),
    edges: merged(first.edges, second.edges),
  };
}

function merged(
  first: ReadonlyMap<string, Mark>,
  second: ReadonlyMap<string, Mark>,
): ReadonlyMap<string, Mark> {
  const marks = new Map(first);
  for (const [id, mark] of second) marks.set(id, { ...marks.get(id), ...mark });
  return marks;
}

export function markOfEdge(overlay: Overlay, edge: Pick<GraphEdge, 'from' | 'to'>): Mark {
  return overlay.edges.get(edgeKey(edge)) ?? {};
}

/** Counts of edges stand in their labels, so that the layout keeps room for them. */
export function withCounts(graph: Graph, overlay: Overlay): Graph {
  const edges = graph.edges.map((edge) => {
    const { count } = markOfEdge(overlay, edge);
    if (count === undefined) return edge;
    const label = [edge.label, countWords(count)].filter((line) => line !== '').join('\n');
    return { ...edge, label };
  });
  return { ...graph, edges };
}

export function countWords(count: number): string {
  return count === 0 ? 'never' : `×${String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')}`;
}

/** From 1 (seldom) to 4 (most often), 0 for never; by powers, since counts differ by orders of magnitude. */
export function heatOf(count: number, most: number): 0 | 1 | 2 | 3 | 4 {
  if (count <= 0) return 0;
  if (count >= most) return 4;
  const part = Math.log(count + 1) / Math.log(most + 1);
  return part < 0.4 ? 1 : part < 0.75 ? 2 : 3;
}

export function mostOf({ nodes, edges }: Overlay): number {
  return Math.max(0, ...[...nodes.values(), ...edges.values()].map(({ count }) => count ?? 0));
}
