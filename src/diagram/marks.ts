/** Small signs on the border of a box: what can be undone, how it stands in a run, how often it was passed. */
import type { GraphNode } from './graph.ts';
import type { Change, PartState } from './overlay.ts';
import { paint, type Role, type Theme } from './palette.ts';
import { stateIcons, undoIcon } from './shapes.ts';
import { round, text } from './svg-text.ts';
import { type Font, widthOf } from './text.ts';
import { element, type Markup } from './xml.ts';

const markFont: Font = { size: 9.5 };
const countFont: Font = { size: 10, isBold: true };
const word = 'irreversible';
export const wordWidth = Math.ceil(widthOf(word, markFont)) + 10;
export const badgeSize = 18;

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
    { transform: `translate(${right - badgeSize} ${middle - badgeSize / 2})` },
    element('circle', { cx: 9, cy: 9, r: 9, ...paint('mark', theme) }),
    element('path', {
      d: undoIcon,
      transform: 'translate(3 2.6) scale(.75)',
      'stroke-width': 1.9,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
      ...paint('task-icon', theme),
    }),
  );
}

/** A disc around (x, y): a colour and a sign, for those who see no colours. */
export function stateMark(state: PartState, x: number, y: number, theme: Theme): Markup {
  return disc(`badge-${state}`, stateIcons[state], x, y, theme);
}

function disc(role: Role, icon: string, x: number, y: number, theme: Theme, scale = 1): Markup {
  const size = scale === 1 ? '' : ` scale(${scale})`;
  return element(
    'g',
    { transform: `translate(${x} ${y})${size}` },
    element('circle', { r: 9, ...paint(role, theme) }),
    element('path', {
      d: icon,
      transform: 'translate(-6 -6) scale(.75)',
      'stroke-width': 2.4,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
      ...paint('glyph', theme),
    }),
  );
}

/** The colours of states, which nobody mistakes beside such signs. */
export const stateOfChange = {
  added: 'done',
  removed: 'failed',
  changed: 'waiting',
} as const satisfies Readonly<Record<Change, PartState>>;

const changeIcons: Readonly<Record<Change, string>> = {
  added: 'M8 3v10M3 8h10',
  removed: 'M3 8h10',
  changed: 'M3 9.5c1.6-3.6 3.6-3.6 5-1.5s3.4 2.1 5-1.5',
};

/** A disc around (x, y): plus, minus, or a wave. */
export function changeMark(change: Change, x: number, y: number, theme: Theme, scale = 1): Markup {
  return disc(`badge-${stateOfChange[change]}`, changeIcons[change], x, y, theme, scale);
}

/** The dot that a statechart begins at. */
export function initialMark(width: number, { kind }: GraphNode, theme: Theme): Markup {
  const x = kind === 'state' ? 20 : Math.min(34, width / 3);
  return element('circle', { cx: x, cy: 0, r: 4, ...paint('dot', theme) });
}

/** @param right - of the mark; it sits on the line at `middle` */
export function countMark(
  words: string,
  heat: 0 | 1 | 2 | 3 | 4,
  right: number,
  middle: number,
  theme: Theme,
): Markup {
  const width = Math.ceil(widthOf(words, countFont)) + 12;
  return element(
    'g',
    { transform: `translate(${round(right - width)} ${round(middle - 8)})` },
    element('rect', { width, height: 16, rx: 8, ...paint(`badge-heat${heat}`, theme) }),
    text(words, {
      x: width / 2,
      y: 11.6,
      anchor: 'middle',
      font: countFont,
      colours: { fill: '#ffffff' },
    }),
  );
}
