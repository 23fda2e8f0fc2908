/** What ELK is asked for: https://eclipse.dev/elk/reference/options.html */
import type { Graph, GraphNode } from './graph.ts';

type Options = Readonly<Record<string, string>>;

const layered: Options = {
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
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
};

/** Boxes that nothing connects, in rows, in their order. */
const packed: Options = {
  'elk.algorithm': 'rectpacking',
  'elk.aspectRatio': '1.8',
  'elk.spacing.nodeNode': '16',
};

/** Of an edge. */
export const straight: Options = {
  'elk.layered.priority.straightness': '10',
  'elk.layered.priority.shortness': '10',
};

/** More boxes than this below each other go on beside them. */
const longest = 16;

const wrapped: Options = {
  'elk.layered.wrapping.strategy': 'MULTI_EDGE',
  'elk.layered.wrapping.additionalEdgeSpacing': '24',
  'elk.layered.wrapping.correctionFactor': '1.2',
  'elk.aspectRatio': '1.2',
};

export function rootOptions(graph: Graph): Options {
  if (graph.view === 'states')
    return {
      ...layered,
      // A retry leads back up to where every run begins.
      'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
    };
  return {
    ...layered,
    // A step stands as high as it can start early.
    'elk.layered.layering.strategy': 'LONGEST_PATH_SOURCE',
    'elk.layered.mergeEdges': 'true',
    ...(depthOf(graph) > longest && wrapped),
  };
}

/** Boxes on the longest way; edges of steps lead from what is listed earlier to what follows it. */
function depthOf({ nodes, edges }: Graph): number {
  const depths = new Map(nodes.map(({ id }) => [id, 1]));
  // Sources are settled first where they are declared first; a way through others is followed up in further passes.
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const { from, to } of edges) {
      const depth = Math.min((depths.get(from) ?? 1) + 1, nodes.length);
      if (depth <= (depths.get(to) ?? 1)) continue;
      depths.set(to, depth);
      isSettled = false;
    }
  }
  return Math.max(...depths.values());
}

/** @param heading - room that the box's own text needs at its top */
export function optionsInside(
  { kind }: GraphNode,
  children: readonly GraphNode[],
  heading: { readonly width: number; readonly height: number },
): Options {
  const areRegions = children.some((child) => child.kind === 'region');
  const runsDown = kind === 'region' || kind === 'stage' || kind === 'processing';
  const top = kind === 'region' ? 14 : heading.height + 4;
  return {
    ...(areRegions ? packed : layered),
    ...(!areRegions && {
      'elk.direction': runsDown ? 'DOWN' : 'RIGHT',
      // Of states that lead to each other the one declared first comes first.
      'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
    }),
    ...(runsDown && children.length > longest && wrapped),
    ...(!runsDown && {
      'elk.spacing.nodeNode': '18',
      'elk.layered.spacing.nodeNodeBetweenLayers': '24',
    }),
    'elk.padding': `[top=${top},left=16,bottom=16,right=16]`,
    'elk.nodeSize.constraints': 'MINIMUM_SIZE',
    'elk.nodeSize.minimum': `(${heading.width},${heading.height})`,
  };
}
