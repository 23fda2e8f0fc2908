import { captionFont, captionLine } from './box.ts';
import type { PlacedEdge, Point } from './layout.ts';
import { changeMark } from './marks.ts';
import { type Change, heatOf, type Mark } from './overlay.ts';
import { paint, type Role, type Theme, type Tone } from './palette.ts';
import type { Setting } from './svg-node.ts';
import { round, text } from './svg-text.ts';
import { element, type Markup } from './xml.ts';

export function renderEdge(
  { edge, points }: PlacedEdge,
  mark: Mark,
  { theme, most, isRun }: Setting,
): Markup {
  const tip = points.at(-1);
  const previous = points.at(-2);
  if (edge.isHidden || tip === undefined || previous === undefined) return element('g', {});
  const length = Math.hypot(tip.x - previous.x, tip.y - previous.y) || 1;
  const ahead = { x: (tip.x - previous.x) / length, y: (tip.y - previous.y) / length };
  const at = (back: number, aside: number) =>
    `${round(tip.x - back * ahead.x - aside * ahead.y)} ${round(tip.y - back * ahead.y + aside * ahead.x)}`;
  const shaft = { x: tip.x - 5 * ahead.x, y: tip.y - 5 * ahead.y };
  const tone = toneOf(edge.kind, mark, most, isRun);
  return element(
    'g',
    {
      'data-from': edge.from,
      'data-to': edge.to,
      'data-state': mark.state,
      'data-change': mark.change,
    },
    ...(edge.transitions.length === 0 && mark.note === undefined
      ? []
      : [element('title', {}, explanationOf(edge.transitions, mark))]),
    element('path', {
      d: pathThrough([...points.slice(0, -1), shaft]),
      'stroke-width': widthOfTone(tone),
      'stroke-dasharray': dashesOf(tone),
      ...paint(`line-${tone}`, theme),
    }),
    element('path', {
      d: `M${at(1, 0)}L${at(8, 4)}L${at(8, -4)}Z`,
      ...paint(`tip-${tone}`, theme),
    }),
  );
}

/** Half as large as on a box. */
function signOf(change: Change, { x, y }: Point, theme: Theme): Markup {
  return changeMark(change, round(x), round(y), theme, 0.7);
}

/** Of its longest stretch, where it runs most alone. */
function middleOf(points: readonly Point[]): Point {
  let [middle, longest] = [points[0] ?? { x: 0, y: 0 }, -1];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (before === undefined || distance(before, point) <= longest) continue;
    longest = distance(before, point);
    middle = towards(before, point, longest / 2);
  }
  return middle;
}

function toneOf(kind: PlacedEdge['edge']['kind'], mark: Mark, most: number, isRun: boolean): Tone {
  if (mark.isHighlighted === true) return 'highlight';
  if (mark.change !== undefined) return mark.change;
  if (mark.count !== undefined) return `heat${heatOf(mark.count, most)}`;
  if (mark.state === 'failed') return 'failure';
  if (mark.state === 'not_taken' || mark.state === 'skipped') return 'faded';
  if (mark.state !== undefined) return 'done';
  if (isRun && kind !== 'next') return 'faded';
  return kind === 'failure' ? 'failure' : 'next';
}

/** What is new is drawn through, what is gone in dashes, what is otherwise in dashes and dots. */
export function dashesOf(tone: Tone): string | undefined {
  if (tone === 'heat0') return '4 3';
  if (tone === 'removed') return '5 4';
  return tone === 'changed' ? '10 3 2 3' : undefined;
}

export function widthOfTone(tone: Tone): number {
  if (tone === 'highlight') return 3.2;
  if (tone === 'heat4' || tone === 'heat3') return 3;
  if (tone === 'removed') return 1.6;
  return ['done', 'heat2', 'added', 'changed'].includes(tone) ? 2.2 : 1.4;
}

function explanationOf(
  transitions: PlacedEdge['edge']['transitions'],
  { change, note }: Mark,
): string {
  return [
    ...(change === undefined ? [] : [change]),
    ...(note === undefined ? [] : [note]),
    ...transitions.map(({ state, event }) => `${state}: ${event}`),
  ].join('\n');
}

/** Straight lines with rounded corners. */
function pathThrough(points: readonly Point[]): string {
  const parts: string[] = [];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    const after = points[index + 1];
    if (before === undefined) parts.push(`M${pair(point)}`);
    else if (after === undefined) parts.push(`L${pair(point)}`);
    else {
      const radius = Math.min(8, distance(before, point) / 2, distance(point, after) / 2);
      parts.push(
        `L${pair(towards(point, before, radius))}Q${pair(point)} ${pair(towards(point, after, radius))}`,
      );
    }
  }
  return parts.join('');
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, length: number): Point {
  const part = length / (distance(from, to) || 1);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/**
 * What is written on an edge, and the sign of what became of it.
 *
 * @param ground - what it lies on
 */
export function renderLabel(
  { label, points, edge }: PlacedEdge,
  { change }: Mark,
  ground: Role,
  theme: Theme,
): readonly Markup[] {
  if (label === null)
    return change === undefined || edge.isHidden ? [] : [signOf(change, middleOf(points), theme)];
  const { x, y, width, height, lines: written } = label;
  return [
    element(
      'g',
      {},
      element('rect', {
        x: round(x),
        y: round(y),
        width,
        height,
        rx: 4,
        ...paint(ground, theme),
      }),
      ...written.map((line, index) => {
        const at = { x: x + width / 2, y: y + 13 + index * captionLine };
        return text(line, {
          ...at,
          anchor: 'middle',
          font: captionFont,
          colours: paint('muted', theme),
        });
      }),
      ...(change === undefined ? [] : [signOf(change, { x: x - 3, y: y + height / 2 }, theme)]),
    ),
  ];
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}
