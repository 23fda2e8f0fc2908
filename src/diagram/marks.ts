/** What a drawing says about compensation, and the legend that explains its signs. */
import { captionFont } from './box.ts';
import type { GraphNode, StepGraph } from './graph.ts';
import { paint, type Theme } from './palette.ts';
import { icons } from './shapes.ts';
import { text } from './svg-text.ts';
import { type Font, widthOf } from './text.ts';
import { element, type Markup } from './xml.ts';

const markFont: Font = { size: 9.5 };
const word = 'irreversible';
const wordWidth = Math.ceil(widthOf(word, markFont)) + 10;
const badge = 18;

/** @param right - of the mark; it sits on the line at `middle` */
export function markOf(
  undo: NonNullable<GraphNode['undo']>,
  right: number,
  middle: number,
  theme: Theme,
): Markup {
  if (undo === 'irreversible') {
    return element(
      'g',
      { transform: `translate(${right - wordWidth} ${middle - 7.5})` },
      element('rect', { width: wordWidth, height: 15, rx: 7.5, ...paint('warning', theme) }),
      text(word, {
        x: wordWidth / 2,
        y: 10.8,
        anchor: 'middle',
        font: markFont,
        colours: paint('ink', theme),
      }),
    );
  }
  return element(
    'g',
    { transform: `translate(${right - badge} ${middle - badge / 2})` },
    element('circle', { cx: 9, cy: 9, r: 9, ...paint('mark', theme) }),
    element('path', {
      d: icons.undo,
      transform: 'translate(3 2.6) scale(.75)',
      'stroke-width': 1.9,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
      ...paint('task-icon', theme),
    }),
  );
}

export interface Legend {
  readonly parts: readonly Markup[];
  readonly width: number;
  readonly height: number;
}

/** Only the signs that occur. */
export function legendOf(graph: StepGraph, theme: Theme): Legend {
  const undone = graph.isUndoneOnFailure ? 'undone if the run fails' : 'can be undone';
  const isConditional = graph.nodes.some((node) => node.condition !== null);
  const entries = [
    ...(has(graph, 'undoable')
      ? [
          {
            sign: (x: number) => markOf('undoable', x + badge, -4, theme),
            width: badge,
            words: undone,
          },
        ]
      : []),
    ...(has(graph, 'irreversible')
      ? [
          {
            sign: (x: number) => markOf('irreversible', x + wordWidth, -4, theme),
            width: wordWidth,
            words: 'cannot be undone',
          },
        ]
      : []),
    ...(isConditional
      ? [
          {
            sign: (x: number) => dashes(x, theme),
            width: 20,
            words: 'skipped unless its condition holds',
          },
        ]
      : []),
  ];
  const parts: Markup[] = [];
  let x = 0;
  for (const { sign, width, words } of entries) {
    const at = { x: x + width + 6, y: 0, font: captionFont };
    parts.push(sign(x), text(words, { ...at, colours: paint('muted', theme) }));
    x += width + 6 + Math.ceil(widthOf(words, captionFont)) + 16;
  }
  return { parts, width: Math.max(0, x - 16), height: parts.length === 0 ? 0 : 36 };
}

function has({ nodes }: StepGraph, undo: GraphNode['undo']): boolean {
  return nodes.some((node) => node.undo === undo);
}

function dashes(x: number, theme: Theme): Markup {
  return element('rect', {
    x: x + 0.5,
    y: -10.5,
    width: 19,
    height: 13,
    rx: 4,
    'stroke-dasharray': '4 2.5',
    ...paint('task', theme),
  });
}
