/** Where the nodes of a graph stand and how its edges run: ELK's layered layout. The only part of drawing that is asynchronous. */
import elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { type Box, boxOf, type Label, labelOf } from './box.ts';
import type { GraphEdge, GraphNode, StepGraph } from './graph.ts';

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

/** Pixels, from the upper left corner. */
export interface Placement {
  readonly graph: StepGraph;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** https://eclipse.dev/elk/reference/options.html */
const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.randomSeed': '1',
  'elk.padding': '[top=0,left=0,bottom=0,right=0]',
  'elk.spacing.nodeNode': '32',
  'elk.spacing.edgeNode': '20',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '30',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  // A step stands as high as it can start early.
  'elk.layered.layering.strategy': 'LONGEST_PATH_SOURCE',
  'elk.layered.mergeEdges': 'true',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
};

/** The same graph gets the same placement, on every machine. */
export async function place(graph: StepGraph): Promise<Placement> {
  const boxes = new Map(graph.nodes.map((node) => [node.id, boxOf(node)]));
  const root: ElkNode = {
    id: '$root',
    layoutOptions: options,
    children: graph.nodes.map(({ id }) => {
      const { width = 0, height = 0 } = boxes.get(id) ?? {};
      return { id, width, height };
    }),
    edges: graph.edges.map(toElkEdge),
  };
  const placed = await new elk.default().layout(root);
  const places = new Map(placed.children?.map((child) => [child.id, child]));
  const routes = new Map(placed.edges?.map((edge) => [edge.id, edge]));
  return {
    graph,
    width: placed.width ?? 0,
    height: placed.height ?? 0,
    nodes: graph.nodes.map((node) => {
      const { x = 0, y = 0 } = places.get(node.id) ?? {};
      return { node, box: boxes.get(node.id) ?? boxOf(node), x, y };
    }),
    edges: graph.edges.map((edge, index) => fromElkEdge(edge, routes.get(`$edge${index}`))),
  };
}

function toElkEdge({ from, to, label }: GraphEdge, index: number): ElkExtendedEdge {
  const { width, height } = labelOf(label);
  const labels = [
    { text: label, width, height, layoutOptions: { 'elk.edgeLabels.inline': 'true' } },
  ];
  return {
    id: `$edge${index}`,
    sources: [from],
    targets: [to],
    ...(label !== '' && { labels }),
  };
}

function fromElkEdge(edge: GraphEdge, route: ElkExtendedEdge | undefined): PlacedEdge {
  const points = (route?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x, y })),
  );
  const label = route?.labels?.[0];
  return {
    edge,
    points,
    label:
      label === undefined ? null : { ...labelOf(edge.label), x: label.x ?? 0, y: label.y ?? 0 },
  };
}
