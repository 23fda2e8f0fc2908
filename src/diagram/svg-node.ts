import {
  captionFont,
  captionLine,
  iconGap,
  iconSize,
  stackOffset,
  titleFont,
  titleLine,
} from './box.ts';
import type { GraphNode } from './graph.ts';
import type { PlacedNode } from './layout.ts';
import { markOf } from './marks.ts';
import { paint, type Theme } from './palette.ts';
import { icons, outlinesOf } from './shapes.ts';
import { round, text } from './svg-text.ts';
import { element, type Markup } from './xml.ts';

export function renderNode({ node, box, x, y }: PlacedNode, theme: Theme): Markup {
  const { width, height, inset, title, captions } = box;
  const face = node.kind === 'map' ? height - stackOffset : height;
  const top = (face - titleLine - captions.length * captionLine) / 2;
  const textLeft = inset + iconSize + iconGap;
  return element(
    'g',
    {
      transform: `translate(${round(x)} ${round(y)})`,
      'data-node': node.id,
      'data-kind': node.kind,
    },
    element('title', {}, explanationOf(node)),
    ...outlinesOf(node.kind, width, height).map((d) =>
      element('path', {
        d,
        'stroke-width': 1.25,
        'stroke-linejoin': 'round',
        'stroke-dasharray': node.condition === null ? undefined : '5 3',
        ...paint(node.kind, theme),
      }),
    ),
    element('path', {
      d: icons[node.kind],
      transform: `translate(${inset} ${round((face - iconSize) / 2)})`,
      'stroke-width': 1.4,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
      ...paint(`${node.kind}-icon`, theme),
    }),
    text(title, { x: textLeft, y: top + 13.5, font: titleFont, colours: paint('ink', theme) }),
    ...captions.map((line, index) => {
      const y = top + titleLine + 11 + index * captionLine;
      return text(line, { x: textLeft, y, font: captionFont, colours: paint('muted', theme) });
    }),
    ...(node.undo === null ? [] : [markOf(node.undo, width - 10, 0, theme)]),
  );
}

/** The whole of what may be cut short in the box. */
function explanationOf({ title, caption, condition, undo }: GraphNode): string {
  return [
    [title, caption].filter((part) => part !== '').join(': '),
    ...(condition === null ? [] : [`only if ${condition}`]),
    ...(undo === null ? [] : [undo]),
  ].join('\n');
}
