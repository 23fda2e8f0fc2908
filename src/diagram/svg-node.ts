import {
  type Box,
  captionFont,
  captionLine,
  hasIcon,
  iconGap,
  iconSize,
  slant,
  stackOffset,
  stateFont,
  titleFont,
  titleLine,
} from './box.ts';
import type { GraphNode } from './graph.ts';
import type { PlacedNode } from './layout.ts';
import { changeMark, countMark, initialMark, markOf, stateMark, stateOfChange } from './marks.ts';
import { countWords, heatOf, type Mark } from './overlay.ts';
import { paint, type Role, type Theme } from './palette.ts';
import { icons, openOutlineOf, outlinesOf } from './shapes.ts';
import { round, text } from './svg-text.ts';
import { element, type Markup } from './xml.ts';

/** What the whole drawing says about each of its parts. */
export interface Setting {
  readonly theme: Theme;
  /** It shows a run: colours tell how a part stands, not what kind it is. */
  readonly isRun: boolean;
  /** The highest of all counts. */
  readonly most: number;
}

export function renderNode({ node, box, x, y }: PlacedNode, mark: Mark, setting: Setting): Markup {
  const { theme } = setting;
  const { width, height } = box;
  const dashes = node.kind === 'region' ? '2 4' : node.condition !== null ? '5 3' : undefined;
  return element(
    'g',
    {
      transform: `translate(${round(x)} ${round(y)})`,
      'data-node': node.id,
      'data-kind': node.kind,
      'data-state': mark.state,
      'data-change': mark.change,
    },
    element('title', {}, explanationOf(node, mark)),
    ...glowOf(node, box, mark, theme),
    ...outlineOf(node, box).map((d) =>
      element('path', {
        d,
        'stroke-width': emphasis(node, mark),
        'stroke-linejoin': 'round',
        'stroke-dasharray': dashes,
        ...paint(roleOf(node, box, mark, setting), theme),
      }),
    ),
    ...(node.kind === 'end' ? [endDot(box, theme)] : writingOf(node, box, mark, setting)),
    ...(node.isInitial && !box.isOpen && !isBegun(node) ? [initialMark(width, node, theme)] : []),
    ...(node.undo === null ? [] : [markOf(node.undo, width - 10, 0, theme)]),
    ...(mark.state === undefined || node.kind === 'end' || node.kind === 'region'
      ? []
      : [stateMark(mark.state, ...cornerOf(node, box), theme)]),
    ...(mark.change === undefined || node.kind === 'end' || node.kind === 'region'
      ? []
      : [changeMark(mark.change, ...cornerOf(node, box), theme)]),
    ...(mark.count === undefined
      ? []
      : [
          countMark(
            countWords(mark.count),
            heatOf(mark.count, setting.most),
            width + 4,
            height + 3,
            theme,
          ),
        ]),
  );
}

/** Its form says already that all begins there. */
function isBegun({ kind }: GraphNode): boolean {
  return kind === 'pending' || kind === 'region';
}

/** On the outline, clear of the icon. */
function cornerOf({ kind }: GraphNode, { isOpen, height }: Box): readonly [number, number] {
  if (isOpen) return [2, 2];
  if (kind === 'review' || kind === 'closing') return [slant + 1, 0];
  if (kind === 'state') return [2, 2];
  return roundKinds.has(kind) ? [height / 4, height / 10] : [4, 1];
}

const roundKinds: ReadonlySet<GraphNode['kind']> = new Set([
  'start',
  'pending',
  'complete',
  'failed',
  'cancelled',
  'sleep',
]);

function outlineOf(node: GraphNode, { width, height, isOpen }: Box): readonly string[] {
  return isOpen ? [openOutlineOf(width, height)] : outlinesOf(node.kind, width, height);
}

function roleOf(node: GraphNode, { isOpen }: Box, mark: Mark, { isRun }: Setting): Role {
  const state = mark.change === undefined ? mark.state : stateOfChange[mark.change];
  if (!isOpen) return state ?? (isRun ? 'plain' : node.kind);
  if (node.kind === 'region') return 'open-region';
  if (state === undefined || state === 'not_taken' || state === 'skipped')
    return isRun ? 'open-stage' : `open-${node.kind}`;
  return `open-${state}`;
}

/** What is written on the arrows inside a box lies on this. */
export function groundIn({ node, box }: PlacedNode, mark: Mark, setting: Setting): Role {
  return roleOf(node, box, mark, setting).replace('open-', 'label-') as Role;
}

function emphasis({ kind }: GraphNode, { state }: Mark): number {
  if (kind === 'region') return 1;
  if (state === 'current' || state === 'waiting' || state === 'failed') return 2;
  return state === 'done' || state === 'undone' ? 1.5 : 1.25;
}

/** A wide ring around what is pointed at. */
function glowOf(node: GraphNode, box: Box, mark: Mark, theme: Theme): readonly Markup[] {
  if (mark.isHighlighted !== true) return [];
  return outlineOf(node, box).map((d) =>
    element('path', {
      d,
      'stroke-width': 7,
      'stroke-linejoin': 'round',
      ...paint('line-highlight', theme),
    }),
  );
}

function endDot({ width, height }: Box, theme: Theme): Markup {
  return element('circle', { cx: width / 2, cy: height / 2, r: 5, ...paint('dot', theme) });
}

function writingOf(node: GraphNode, box: Box, mark: Mark, setting: Setting): readonly Markup[] {
  const { theme, isRun } = setting;
  const { height, inset, title, captions, exits, isOpen } = box;
  const rows = captions.length + exits.length;
  const face = node.kind === 'map' && !isOpen ? height - stackOffset : height;
  const top = isOpen ? 9 : (face - titleLine - rows * captionLine) / 2;
  const withIcon = hasIcon(node.kind);
  const left = withIcon ? inset + iconSize + iconGap : inset;
  const font = withIcon ? titleFont : stateFont;
  const isFaint = mark.state === 'not_taken' || mark.state === 'skipped';
  const iconTop = isOpen ? top + (titleLine - iconSize) / 2 : (face - iconSize) / 2;
  const icon = mark.state ?? (isRun ? 'plain' : node.kind);
  const row = (line: string, index: number, role: Role) =>
    text(line, {
      x: left,
      y: top + titleLine + 11 + index * captionLine,
      font: captionFont,
      colours: paint(role, theme),
    });
  return [
    ...(withIcon
      ? [
          element('path', {
            d: icons[node.kind],
            transform: `translate(${inset} ${round(iconTop)})`,
            'stroke-width': 1.4,
            'stroke-linecap': 'round',
            'stroke-linejoin': 'round',
            ...paint(`${icon}-icon`, theme),
          }),
        ]
      : []),
    text(title, {
      x: left,
      y: top + 13.5,
      font,
      colours: paint(isFaint || node.kind === 'stage' ? 'muted' : 'ink', theme),
    }),
    ...captions.map((line, index) => row(line, index, 'muted')),
    ...exits.map((line, index) => row(line, captions.length + index, 'text-failure')),
  ];
}

/** The whole of what may be cut short in the box. */
function explanationOf({ title, caption, condition, undo, exits }: GraphNode, mark: Mark): string {
  return [
    [title, caption].filter((part) => part !== '').join(': '),
    ...(condition === null ? [] : [`only if ${condition}`]),
    ...(exits.length === 0 ? [] : [`ends the run: ${exits.join(', ')}`]),
    ...(undo === null ? [] : [undo]),
    ...(mark.state === undefined ? [] : [mark.state.replace('_', ' ')]),
    ...(mark.change === undefined ? [] : [mark.change]),
    ...(mark.note === undefined ? [] : [mark.note]),
    ...(mark.count === undefined ? [] : [countWords(mark.count)]),
  ].join('\n');
}
