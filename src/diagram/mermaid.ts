/** The step graph of a plan as Mermaid text, in stable order: what a person draws on a whiteboard. */
import type { Plan } from '../plan/plan.ts';
import { type GraphNode, graphOf } from './graph.ts';

export function toMermaid(plan: Plan): string {
  const { nodes, edges } = graphOf(plan);
  const lines = ['graph TD'];
  for (const node of nodes) lines.push(`  ${nameOf(node.id)}${shapeOf(node)}`);
  for (const { from, to, label } of edges) {
    const text = label === '' ? '' : `|"${escape(label)}"|`;
    lines.push(`  ${nameOf(from)} -->${text} ${nameOf(to)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Step ids are Mermaid words but for a few reserved ones, and `-` may begin an arrow. */
function nameOf(id: string): string {
  if (id.startsWith('$')) return id.slice(1);
  return `s_${id.replaceAll('_', '__').replaceAll('-', '_m')}`;
}

function shapeOf(node: GraphNode): string {
  const lines = node.caption === '' ? [node.title] : [node.title, node.caption];
  const text = lines.map(escape).join('<br/>');
  switch (node.kind) {
    case 'start':
    case 'complete':
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
    case 'task':
      return `["${text}"]`;
    default:
      return node.kind satisfies never;
  }
}

/** Mermaid reads HTML and its own `#…;` entities in quoted text; a line break or a backtick would change what it reads. */
function escape(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('#', '#35;')
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
    .replaceAll('`', '#96;');
}
