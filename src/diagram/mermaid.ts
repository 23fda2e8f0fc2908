/** A plan as Mermaid text, in stable order: a flow chart of its steps, or a diagram of its states. */
import type { Plan } from '../plan/plan.ts';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';
import { childrenOf, graphOf, type TextOptions } from './graph-of.ts';
import { escapeMermaid as escape, mermaidClasses, mermaidName as nameOf } from './mermaid-words.ts';
import { noOverlay } from './overlay.ts';

/** Text that Mermaid draws, in GitHub and many editors without more ado. The same text for the same plan. */
export function toMermaid(
  plan: Plan,
  { view = 'steps', overlay = noOverlay }: TextOptions = {},
): string {
  const graph = graphOf(plan, view);
  const body = view === 'steps' ? flowChart(graph) : stateDiagram(graph);
  return `${[...body, ...mermaidClasses(graph, overlay)].join('\n')}\n`;
}

// --- steps -------------------------------------------------------------------------------------------------------------------------

function flowChart({ nodes, edges }: Graph): readonly string[] {
  return [
    'graph TD',
    ...nodes.map((node) => `  ${nameOf(node.id)}${shapeOf(node)}`),
    ...edges
      .filter(({ isHidden }) => !isHidden)
      .map(({ from, to, label, kind }) => {
        const text = label === '' ? '' : `|"${escape(label)}"|`;
        return `  ${nameOf(from)} ${kind === 'failure' ? '-.->' : '-->'}${text} ${nameOf(to)}`;
      }),
  ];
}

function shapeOf(node: GraphNode): string {
  const lines = node.caption === '' ? [node.title] : [node.title, node.caption];
  const text = lines.map(escape).join('<br/>');
  switch (node.kind) {
    case 'start':
    case 'complete':
    case 'failed':
      return `(["${text}"])`;
    case 'review':
    case 'closing':
      return `{{"${text}"}}`;
    case 'wait':
      return `[/"${text}"/]`;
    case 'sleep':
      return `("${text}")`;
    case 'child':
    case 'map':
      return `[["${text}"]]`;
    case 'emit':
      return `[\\"${text}"\\]`;
    case 'fail':
      return `>"${text}"]`;
    default:
      return `["${text}"]`;
  }
}

// --- states ------------------------------------------------------------------------------------------------------------------------

function stateDiagram(graph: Graph): readonly string[] {
  const children = childrenOf(graph);
  const edges = new Map<string | null, GraphEdge[]>();
  const parents = new Map(graph.nodes.map(({ id, parent }) => [id, parent]));
  for (const edge of graph.edges) {
    const around = parents.get(edge.from) ?? null;
    edges.set(around, [...(edges.get(around) ?? []), edge]);
  }
  const ends = new Set(graph.nodes.flatMap(({ id, kind }) => (kind === 'end' ? [id] : [])));
  const inside = (parent: string | null, indent: string): readonly string[] => {
    const nodes = children.get(parent) ?? [];
    const first = nodes.find(({ isInitial }) => isInitial);
    return [
      ...nodes.flatMap((node) => box(node, indent)),
      ...(first === undefined ? [] : [`${indent}[*] --> ${nameOf(first.id)}`]),
      ...(edges.get(parent) ?? []).map((edge) => arrow(edge, ends, indent)),
    ];
  };
  const box = (node: GraphNode, indent: string): readonly string[] => {
    if (node.kind === 'end') return [];
    const declared = `${indent}state "${escape(node.title)}" as ${nameOf(node.id)}`;
    const parts = children.get(node.id);
    if (parts === undefined) return [declared];
    const areRegions = parts.some(({ kind }) => kind === 'region');
    const within = areRegions
      ? parts.flatMap(({ id }, index) => [
          ...(index === 0 ? [] : [`${indent}  --`]),
          ...inside(id, `${indent}  `),
        ])
      : inside(node.id, `${indent}  `);
    return [`${declared} {`, ...within, `${indent}}`];
  };
  return ['stateDiagram-v2', ...inside(null, '  ')];
}

function arrow({ from, to, label }: GraphEdge, ends: ReadonlySet<string>, indent: string): string {
  const target = ends.has(to) ? '[*]' : nameOf(to);
  const text = label === '' ? '' : ` : ${label.split('\n').map(escape).join('\\n')}`;
  return `${indent}${nameOf(from)} --> ${target}${text}`;
}
