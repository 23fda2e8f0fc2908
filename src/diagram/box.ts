/** What is written into a node or on an edge, and how much room that takes. Pixels. */
import type { GraphNode, GraphNodeKind } from './graph.ts';
import { type Font, widthOf, wrap } from './text.ts';

export const titleFont: Font = { size: 13, isBold: true };
export const captionFont: Font = { size: 11 };
export const titleLine = 18;
export const captionLine = 15;
export const iconSize = 16;
export const iconGap = 8;
/** By how much the sheets behind a map stand out. */
export const stackOffset = 4;
/** Of the slanted sides of a review, and of notch and point of wait and emit. */
export const slant = 12;

const padding = { x: 13, y: 8 };
const maxTextWidth = 220;

export interface Box {
  readonly width: number;
  readonly height: number;
  /** Left edge of the icon, or of the text of a badge-sized node. */
  readonly inset: number;
  readonly title: string;
  readonly captions: readonly string[];
}

export interface Label {
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** Left and right room that the outline of a kind takes from the text. */
const insets: Readonly<Record<GraphNodeKind, readonly [number, number]>> = {
  task: [0, 0],
  review: [slant - 2, slant - 2],
  closing: [slant - 2, slant - 2],
  wait: [slant - 2, 0],
  emit: [0, slant - 2],
  sleep: [6, 6],
  child: [6, 6],
  map: [0, stackOffset],
  fail: [4, 4],
  start: [3, 5],
  complete: [3, 5],
};

export function boxOf(node: GraphNode): Box {
  const [title = ''] = wrap(node.title, titleFont, maxTextWidth, 1);
  const captions = wrap(node.caption, captionFont, maxTextWidth, 2).map((line) =>
    line.replaceAll(/^· | ·$/g, ''),
  );
  const text = Math.max(
    widthOf(title, titleFont),
    ...captions.map((line) => widthOf(line, captionFont)),
  );
  const [left, right] = insets[node.kind];
  const sheets = node.kind === 'map' ? stackOffset : 0;
  const width = padding.x * 2 + left + right + iconSize + iconGap + text;
  return {
    // Even, so that the middle of a side is a whole pixel; an irreversible one keeps its mark clear of the arrow in its middle.
    width: evenly(Math.max(width, node.undo === 'irreversible' ? 178 : 0)),
    height: evenly(padding.y * 2 + titleLine + captions.length * captionLine + sheets),
    inset: padding.x + left,
    title,
    captions,
  };
}

export function labelOf(text: string): Label {
  const lines = wrap(text, captionFont, 150, 3);
  const width = Math.max(0, ...lines.map((line) => widthOf(line, captionFont)));
  return { lines, width: evenly(width + 12), height: lines.length * captionLine + 4 };
}

function evenly(length: number): number {
  return Math.ceil(length / 2) * 2;
}
