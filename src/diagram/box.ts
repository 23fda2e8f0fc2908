/** What is written into a node or on an edge, and how much room that takes. Pixels. */
import type { GraphNode, GraphNodeKind } from './graph.ts';
import { type Font, widthOf, wrap } from './text.ts';

export const titleFont: Font = { size: 13, isBold: true };
export const stateFont: Font = { size: 12 };
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
const endSize = 18;

export interface Box {
  readonly width: number;
  readonly height: number;
  /** Left edge of the icon, or of the text of a node without one. */
  readonly inset: number;
  readonly title: string;
  readonly captions: readonly string[];
  /** Ways out, written below the captions. */
  readonly exits: readonly string[];
  /** It holds other boxes: what is written stands at the top. */
  readonly isOpen: boolean;
}

export interface Label {
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** Left and right room that the outline of a kind takes from the text. */
const insets: { readonly [kind in GraphNodeKind]?: readonly [number, number] } = {
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
  failed: [3, 5],
  cancelled: [3, 5],
  pending: [3, 5],
};

/** @param isOpen - whether it holds other boxes; then the size is what its heading needs */
export function boxOf(node: GraphNode, isOpen = false): Box {
  const { kind } = node;
  if (kind === 'end' || kind === 'region') {
    const size = kind === 'end' ? endSize : 0;
    return { width: size, height: size, inset: 0, title: '', captions: [], exits: [], isOpen };
  }
  const font = kind === 'state' || kind === 'stage' ? stateFont : titleFont;
  const [title = ''] = wrap(node.title, font, maxTextWidth, 1);
  const captions = linesOf(node.caption, 2);
  const exits = node.exits.length === 0 ? [] : linesOf(`ends the run: ${node.exits.join(', ')}`, 3);
  const text = Math.max(
    widthOf(title, font),
    ...[...captions, ...exits].map((line) => widthOf(line, captionFont)),
  );
  const [left, right] = isOpen ? [0, 0] : (insets[kind] ?? [0, 0]);
  const sheets = kind === 'map' && !isOpen ? stackOffset : 0;
  const icon = hasIcon(kind) ? iconSize + iconGap : 0;
  const width = padding.x * 2 + left + right + icon + text;
  const lines = captions.length + exits.length;
  const vertical = kind === 'state' ? 5 : padding.y;
  return {
    // Even, so that the middle of a side is a whole pixel; an irreversible one keeps its mark clear of the arrow in its middle.
    width: evenly(Math.max(width, node.undo === 'irreversible' ? 178 : 0)),
    height: evenly(vertical * 2 + titleLine + lines * captionLine + sheets),
    inset: padding.x + left,
    title,
    captions,
    exits,
    isOpen,
  };
}

/** Plain states and what only groups others are known by their form. */
export function hasIcon(kind: GraphNodeKind): boolean {
  return !['state', 'stage', 'region', 'end'].includes(kind);
}

function linesOf(text: string, maxLines: number): readonly string[] {
  return wrap(text, captionFont, maxTextWidth, maxLines).map((line) =>
    line.replaceAll(/^· | ·$/g, ''),
  );
}

const maxLabelLines = 10;
const labelWidth = 190;

export function labelOf(text: string): Label {
  const written = text.split('\n').flatMap(balanced);
  const lines =
    written.length <= maxLabelLines
      ? written
      : [
          ...written.slice(0, maxLabelLines - 2),
          `and ${written.length - maxLabelLines + 1} more`,
          ...written.slice(-1),
        ];
  const width = Math.max(0, ...lines.map((line) => widthOf(line, captionFont)));
  return { lines, width: evenly(width + 12), height: lines.length * captionLine + 4 };
}

/** As few lines as fit, none of them much shorter than the others. */
function balanced(line: string): readonly string[] {
  let best = wrap(line, captionFont, labelWidth, 4);
  for (let width = labelWidth - 10; width >= 60; width -= 10) {
    const narrower = wrap(line, captionFont, width, 5);
    if (narrower.length > best.length || narrower.join(' ') !== best.join(' ')) break;
    best = narrower;
  }
  return best;
}

function evenly(length: number): number {
  return Math.ceil(length / 2) * 2;
}
