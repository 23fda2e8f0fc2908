/** Names, texts and classes as Mermaid reads them. */
import type { Graph } from './graph.ts';
import type { Overlay, PartState } from './overlay.ts';

/** Ids are Mermaid words but for a few reserved ones; `-` may begin an arrow, and `.` and `:` mean something. */
export function mermaidName(id: string): string {
  if (id.startsWith('$')) return id.slice(1);
  const escaped = id
    .replaceAll('_', '__')
    .replaceAll('-', '_m')
    .replaceAll('.', '_d')
    .replaceAll(':', '_c');
  return `s_${escaped}`;
}

/** Mermaid reads HTML and its own `#…;` entities; a line break, a backtick or a colon would change what it reads. */
export function escapeMermaid(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll('#', '#35;')
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
    .replaceAll('`', '#96;');
}

const fills: Readonly<Record<PartState | 'highlighted', string>> = {
  done: 'fill:#eefaf1,stroke:#4fae74',
  current: 'fill:#eaf2ff,stroke:#2f74e0,stroke-width:3px',
  waiting: 'fill:#fff6e2,stroke:#d99a2b,stroke-width:3px',
  failed: 'fill:#fff0ee,stroke:#d8574b,stroke-width:3px',
  skipped: 'stroke-dasharray:5 3,opacity:0.6',
  not_taken: 'opacity:0.4',
  undone: 'fill:#f6f1ff,stroke:#9a7fe0',
  highlighted: 'stroke:#d6187f,stroke-width:4px',
};

/** The overlay as classes; counts are left out. */
export function mermaidClasses({ nodes }: Graph, overlay: Overlay): readonly string[] {
  const members = new Map<string, string[]>();
  for (const { id, kind } of nodes) {
    if (kind === 'end' || kind === 'region') continue;
    const { state, isHighlighted } = overlay.nodes.get(id) ?? {};
    const name = isHighlighted === true ? 'highlighted' : state;
    if (name !== undefined) members.set(name, [...(members.get(name) ?? []), mermaidName(id)]);
  }
  return [...members].flatMap(([name, ids]) => [
    `  classDef ${name} ${fills[name as PartState]}`,
    `  class ${ids.join(',')} ${name}`,
  ]);
}
