import { captionFont, captionLine } from './box.ts';
import type { PlacedEdge, Point } from './layout.ts';
import { heatOf, type Mark } from './overlay.ts';
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
    ...(edge.transitions.length === 0
      ? []
      : [element('title', {}, explanationOf(edge.transitions))]),
    element('path', {
      d: pathThrough([...points.slice(0, -1), shaft]),
      'stroke-width': widthOfTone(tone),
      'stroke-dasharray': tone === 'heat0' || mark.change === 'removed' ? '4 3' : undefined,
      ...paint(`line-${tone}`, theme),
    }),
    element('path', {
      d: `M${at(1, 0)}L${at(8, 4)}L${at(8, -4)}Z`,
      ...paint(`tip-${tone}`, theme),
    }),
  );
}

function toneOf(kind: PlacedEdge['edge']['kind'], mark: Mark, most: number, isRun: boolean): Tone {
  if (mark.isHighlighted === true) return 'highlight';
  if (mark.change !== undefined) return mark.change === 'removed' ? 'failure' : 'done';
  if (mark.count !== undefined) return `heat${heatOf(mark.count, most)}`;
  if (mark.state === 'failed') return 'failure';
  if (mark.state === 'not_taken' || mark.state === 'skipped') return 'faded';
  if (mark.state !== undefined) return 'done';
  if (isRun && kind !== 'next') return 'faded';
  return kind === 'failure' ? 'failure' : 'next';
}

function widthOfTone(tone: Tone): number {
  if (tone === 'highlight') return 3.2;
  if (tone === 'heat4' || tone === 'heat3') return 3;
  return tone === 'done' || tone === 'heat2' ? 2.2 : 1.4;
}

function explanationOf(transitions: PlacedEdge['edge']['transitions']): string {
  return transitions.map(({ state, event }) => `${state}: ${event}`).join('\n');
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

/** @param ground - what it lies on */
export function renderLabel({ label }: PlacedEdge, ground: Role, theme: Theme): readonly Markup[] {
  if (label === null) return [];
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
    ),
  ];
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}
