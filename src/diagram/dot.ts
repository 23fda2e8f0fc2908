/** A plan as text for Graphviz, in stable order. */
import type { Plan } from '../plan/plan.ts';
import type { GraphEdge, GraphNode, GraphNodeKind } from './graph.ts';
import { childrenOf, graphOf, type TextOptions } from './graph-of.ts';
import {
  type Mark,
  markOfEdge,
  noOverlay,
  type Overlay,
  type PartState,
  withCounts,
} from './overlay.ts';

/** Text in the DOT language (https://graphviz.org/doc/info/lang.html). Boxes that hold others are clusters. The same text for the same plan. */
export function toDot(
  plan: Plan,
  { view = 'steps', overlay = noOverlay }: TextOptions = {},
): string {
  const graph = withCounts(graphOf(plan, view), overlay);
  const children = childrenOf(graph);
  const boxLines = (node: GraphNode, indent: string): readonly string[] => {
    const mark = overlay.nodes.get(node.id) ?? {};
    const inside = children.get(node.id);
    if (inside === undefined) return [`${indent}${quote(node.id)} [${attributesOf(node, mark)}]`];
    return [
      `${indent}subgraph ${quote(`cluster_${node.id}`)} {`,
      `${indent}  label=${quote(node.title)} style=${quote(node.kind === 'region' ? 'dashed,rounded' : 'rounded')} ${colourOf(mark)}`,
      // Arrows end at nodes; this one stands for the whole cluster.
      `${indent}  ${quote(node.id)} [shape=point style=invis]`,
      ...inside.flatMap((child) => boxLines(child, `${indent}  `)),
      `${indent}}`,
    ];
  };
  return `${[
    `digraph ${quote(graph.name)} {`,
    '  compound=true',
    '  node [shape=box style="rounded,filled" fillcolor="#ffffff" color="#8795a6" fontname="Helvetica" fontsize=12]',
    '  edge [color="#8795a6" fontname="Helvetica" fontsize=10]',
    ...(children.get(null) ?? []).flatMap((node) => boxLines(node, '  ')),
    ...graph.edges
      .filter(({ isHidden }) => !isHidden)
      .map((edge) => edgeLine(edge, children, overlay)),
    '}',
  ].join('\n')}\n`;
}

const shapes: { readonly [kind in GraphNodeKind]?: string } = {
  review: 'hexagon',
  closing: 'hexagon',
  wait: 'cds',
  emit: 'cds',
  child: 'box3d',
  map: 'folder',
  fail: 'octagon',
  start: 'oval',
  pending: 'oval',
  complete: 'oval',
  failed: 'oval',
  cancelled: 'oval',
  end: 'doublecircle',
};

function attributesOf(node: GraphNode, mark: Mark): string {
  const lines = [node.title, node.caption, ...node.exits.map((exit) => `ends the run: ${exit}`)];
  const label = lines.filter((line) => line !== '').join('\n');
  const shape = shapes[node.kind];
  const style = node.condition === null ? [] : ['style="rounded,filled,dashed"'];
  return [
    `label=${quote(label)}`,
    ...(shape === undefined ? [] : [`shape=${shape}`]),
    ...(node.kind === 'end' ? ['width=0.15'] : []),
    ...style,
    colourOf(mark),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

const colours: Readonly<Record<PartState, string>> = {
  done: '#4fae74',
  current: '#2f74e0',
  waiting: '#d99a2b',
  failed: '#d8574b',
  skipped: '#c3ccd6',
  not_taken: '#d5dce4',
  undone: '#9a7fe0',
};

function colourOf({ state, isHighlighted }: Mark): string {
  if (isHighlighted === true) return 'color="#d6187f" penwidth=3';
  if (state === undefined) return '';
  // A word as well: colours alone say nothing to some.
  return `color="${colours[state]}" penwidth=2 xlabel=${quote(state.replace('_', ' '))}`;
}

function edgeLine(
  edge: GraphEdge,
  children: ReadonlyMap<string | null, readonly GraphNode[]>,
  overlay: Overlay,
): string {
  const mark = markOfEdge(overlay, edge);
  const attributes = [
    ...(edge.label === '' ? [] : [`label=${quote(edge.label)}`]),
    ...(children.has(edge.from) ? [`ltail=${quote(`cluster_${edge.from}`)}`] : []),
    ...(children.has(edge.to) ? [`lhead=${quote(`cluster_${edge.to}`)}`] : []),
    ...(edge.kind === 'failure' ? ['style=dashed'] : []),
    ...(mark.isHighlighted === true ? ['color="#d6187f" penwidth=3'] : []),
    ...(mark.state === 'done' ? ['color="#4fae74" penwidth=2'] : []),
  ];
  const given = attributes.length === 0 ? '' : ` [${attributes.join(' ')}]`;
  return `  ${quote(edge.from)} -> ${quote(edge.to)}${given}`;
}

/** Quoted ids: only the quote and the backslash mean something; line breaks are written `\n`. */
function quote(text: string): string {
  const escaped = text
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/\p{Cc}/gu, ' ');
  return `"${escaped}"`;
}
