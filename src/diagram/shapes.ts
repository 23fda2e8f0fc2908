/** Outlines and icons, as SVG path data. Outlines fill a box from (0, 0), icons one of 16 by 16. */
import { slant, stackOffset } from './box.ts';
import type { GraphNodeKind } from './graph.ts';
import type { PartState } from './overlay.ts';

/** Drawn in order, the last in front. */
export function outlinesOf(kind: GraphNodeKind, width: number, height: number): readonly string[] {
  const middle = height / 2;
  switch (kind) {
    case 'task':
    case 'notice':
      return [rounded(0, 0, width, height, 7)];
    case 'state':
      return [rounded(0, 0, width, height, Math.min(middle, 13))];
    case 'processing':
    case 'compensating':
    case 'stage':
    case 'region':
      return [rounded(0, 0, width, height, 10)];
    case 'end':
      return [rounded(0, 0, width, height, middle)];
    case 'review':
    case 'closing':
      return [
        polygon(
          [slant, 0],
          [width - slant, 0],
          [width, middle],
          [width - slant, height],
          [slant, height],
          [0, middle],
        ),
      ];
    case 'wait':
      return [polygon([0, 0], [width, 0], [width, height], [0, height], [slant, middle])];
    case 'emit':
      return [
        polygon([0, 0], [width - slant, 0], [width, middle], [width - slant, height], [0, height]),
      ];
    case 'fail':
      return [
        polygon(
          [9, 0],
          [width - 9, 0],
          [width, 9],
          [width, height - 9],
          [width - 9, height],
          [9, height],
          [0, height - 9],
          [0, 9],
        ),
      ];
    case 'child':
      return [`${rounded(0, 0, width, height, 3)}M6 0V${height}M${width - 6} 0V${height}`];
    case 'map': {
      const inner = [width - stackOffset, height - stackOffset] as const;
      return [rounded(stackOffset, stackOffset, ...inner, 6), rounded(0, 0, ...inner, 6)];
    }
    case 'sleep':
    case 'start':
    case 'pending':
    case 'complete':
    case 'failed':
    case 'cancelled':
      return [rounded(0, 0, width, height, middle)];
    default:
      return kind satisfies never;
  }
}

/** Of a box that holds others: whatever its kind, it has room in its corners. */
export function openOutlineOf(width: number, height: number): string {
  return rounded(0, 0, width, height, 10);
}

function polygon(...corners: readonly (readonly [number, number])[]): string {
  return `M${corners.map(([x, y]) => `${x} ${y}`).join('L')}Z`;
}

function rounded(x: number, y: number, width: number, height: number, radius: number): string {
  const arc = (dx: number, dy: number) => `a${radius} ${radius} 0 0 1 ${dx} ${dy}`;
  return [
    `M${x + radius} ${y}h${width - 2 * radius}${arc(radius, radius)}`,
    `v${height - 2 * radius}${arc(-radius, radius)}`,
    `h${2 * radius - width}${arc(-radius, -radius)}`,
    `v${2 * radius - height}${arc(radius, -radius)}Z`,
  ].join('');
}

const cross = 'M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12ZM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4';
const undo = 'M4 6.2h5.2a3.4 3.4 0 0 1 0 6.8H6.5M6.6 3.4 3.8 6.2 6.6 9';
const clock = 'M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12ZM8 4.8V8l2.3 1.5';
const check = 'M3 8.6 6.5 12 13 4.6';
const triangle = 'M5 3.2 12.2 8 5 12.8Z';

export const icons: Readonly<Record<GraphNodeKind, string>> = {
  start: triangle,
  pending: triangle,
  task: 'M9 1.8 3.6 9H7.6L7 14.2 12.4 7H8.4Z',
  review:
    'M8 2.2a2.9 2.9 0 1 1 0 5.8a2.9 2.9 0 1 1 0-5.8ZM2.4 14c.4-2.8 2.7-4.1 5.6-4.1s5.2 1.3 5.6 4.1',
  wait: 'M2 3.5h12v9H2ZM2.3 4 8 8.8 13.7 4',
  sleep: clock,
  child: 'M2 2h7.5v7.5H2ZM12 6.5h2V14H6.5v-2',
  map: 'M8 2 14 5 8 8 2 5ZM2 8.2l6 3 6-3M2 11.3l6 3 6-3',
  emit: 'M14 2 9.6 14 7 9 2 6.4ZM14 2 7 9',
  fail: cross,
  closing:
    'M8 1.6 13.5 3.6v4c0 3.3-2.2 5.7-5.5 6.9c-3.3-1.2-5.5-3.6-5.5-6.9v-4ZM5.5 8l1.8 1.8 3.3-3.4',
  complete: check,
  failed: cross,
  cancelled: 'M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12ZM3.8 3.8l8.4 8.4',
  notice: 'M3 6.5h2.5L10 3v10L5.5 9.5H3ZM12 6.3c.8 1 .8 2.4 0 3.4',
  processing: 'M8 2.4a5.6 5.6 0 1 1-5.4 4.1M2.2 2.8v3.8h3.8',
  compensating: undo,
  stage: '',
  region: '',
  state: '',
  end: '',
};

/** White in the small disc that tells how a part of a run stands. */
export const stateIcons: Readonly<Record<PartState, string>> = {
  done: check,
  current: triangle,
  waiting: 'M8 3v5.2l3.4 2',
  failed: 'M4.4 4.4l7.2 7.2M11.6 4.4l-7.2 7.2',
  skipped: 'M3.5 4l4 4-4 4M8.5 4l4 4-4 4',
  not_taken: 'M3.5 8h9',
  undone: undo,
};

export const undoIcon = undo;
