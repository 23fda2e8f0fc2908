/** Where the nodes of a graph stand and how its edges run: ELK's layered layout. The only part of drawing that is asynchronous. */
import elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { type Box, boxOf, type Label, labelOf } from './box.ts';
import { edgeKey, type Graph, type GraphEdge, type GraphNode } from './graph.ts';
import { optionsInside, rootOptions, straight } from './layout-options.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface PlacedNode extends Point {
  readonly node: GraphNode;
  readonly box: Box;
}
export interface PlacedEdge {
  readonly edge: GraphEdge;
  /** Corners, from end to end. */
  readonly points: readonly Point[];
  readonly label: (Label & Point) | null;
}

/** Pixels, from the upper left corner of the drawing, however deep something is nested. */
export interface Placement {
  readonly graph: Graph;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** The same graph gets the same placement, on every machine. */
export async function place(graph: Graph): Promise<Placement> {
  const inside = groupBy(graph.nodes, ({ parent }) => parent);
  const parents = new Map(graph.nodes.map(({ id, parent }) => [id, parent]));
  const edges = groupBy(graph.edges, ({ from }) => parents.get(from) ?? null);
  const boxes = new Map(graph.nodes.map((node) => [node.id, boxOf(node, inside.has(node.id))]));
  const toElk = (node: GraphNode): ElkNode => {
    const { width = 0, height = 0 } = boxes.get(node.id) ?? {};
    const children = inside.get(node.id);
    if (children === undefined) return { id: node.id, width, height };
    return {
      id: node.id,
      layoutOptions: optionsInside(node, children, { width, height }),
      children: children.map(toElk),
      edges: (edges.get(node.id) ?? []).map(toElkEdge),
    };
  };
  const root: ElkNode = {
    id: '$root',
    layoutOptions: rootOptions(graph),
    children: (inside.get(null) ?? []).map(toElk),
    edges: (edges.get(null) ?? []).map(toElkEdge),
  };
  const placed = await new elk.default().layout(root);
  const places = new Map<string, ElkNode & Point>();
  const routes = new Map<string, PlacedEdge>();
  const byKey = new Map(graph.edges.map((edge) => [edgeKey(edge), edge]));
  const collect = (surrounding: ElkNode, origin: Point): void => {
    for (const route of surrounding.edges ?? []) {
      const edge = byKey.get(route.id);
      if (edge !== undefined) routes.set(route.id, fromElkEdge(edge, route, origin));
    }
    for (const child of surrounding.children ?? []) {
      const at = shifted({ x: child.x ?? 0, y: child.y ?? 0 }, origin);
      places.set(child.id, { ...child, ...at });
      collect(child, at);
    }
  };
  collect(placed, { x: 0, y: 0 });
  return {
    graph,
    width: placed.width ?? 0,
    height: placed.height ?? 0,
    nodes: graph.nodes.map((node) => {
      const { x = 0, y = 0, width = 0, height = 0 } = places.get(node.id) ?? {};
      return { node, box: { ...(boxes.get(node.id) ?? boxOf(node)), width, height }, x, y };
    }),
    edges: graph.edges.flatMap((edge) => routes.get(edgeKey(edge)) ?? []),
  };
}

function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string | null,
): ReadonlyMap<string | null, readonly T[]> {
  const groups = new Map<string | null, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function toElkEdge(edge: GraphEdge): ElkExtendedEdge {
  const { width, height } = labelOf(edge.label);
  const labels = [
    { text: edge.label, width, height, layoutOptions: { 'elk.edgeLabels.inline': 'true' } },
  ];
  return {
    id: edgeKey(edge),
    sources: [edge.from],
    targets: [edge.to],
    // The way a run should go is straight; what leads off it makes the bends.
    ...(edge.kind === 'next' && { layoutOptions: straight }),
    ...(edge.label !== '' && { labels }),
  };
}

function fromElkEdge(edge: GraphEdge, route: ElkExtendedEdge, origin: Point): PlacedEdge {
  const points = (route.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map((point) => shifted(point, origin)),
  );
  const label = route.labels?.[0];
  return {
    edge,
    points,
    label:
      label === undefined
        ? null
        : { ...labelOf(edge.label), ...shifted({ x: label.x ?? 0, y: label.y ?? 0 }, origin) },
  };
}

function shifted({ x, y }: Point, by: Point): Point {
  return { x: x + by.x, y: y + by.y };
}
