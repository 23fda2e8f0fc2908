/** Where moments stand on a waterfall; long stretches in which nobody works shrink. */
import type { Lane } from '../../../api/timeline.ts';

export interface TimeScale {
  /** Share of the width, 0 to 1. */
  at(ms: number): number;
  /** Stretches drawn shorter than they were. */
  readonly shrunk: readonly { readonly fromMs: number; readonly toMs: number }[];
}

const busyKinds: ReadonlySet<string> = new Set(['queued', 'attempt', 'undo']);
/** A stretch without work is drawn at most this share of all work. */
const idleShare = 1 / 6;

/** @param isCompressed - `false`: every millisecond is as wide as any other */
export function createTimeScale(
  lanes: readonly Lane[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  isCompressed: boolean,
): TimeScale {
  const segments = segmentsOf(lanes, fromMs, toMs);
  const busyMs = segments.reduce((sum, one) => sum + (one.isBusy ? one.toMs - one.fromMs : 0), 0);
  const longestMs = isCompressed && busyMs > 0 ? busyMs * idleShare : Number.POSITIVE_INFINITY;
  let width = 0;
  const placed = segments.map((segment) => {
    const ms = segment.toMs - segment.fromMs;
    const start = width;
    width += segment.isBusy ? ms : Math.min(ms, longestMs);
    return { ...segment, start, end: width };
  });
  const total = Math.max(width, 1);
  return {
    at(ms) {
      const segment = placed.find((one) => ms <= one.toMs) ?? placed.at(-1);
      if (segment === undefined) return 0;
      const span = Math.max(segment.toMs - segment.fromMs, 1);
      const share = Math.min(1, Math.max(0, (ms - segment.fromMs) / span));
      return (segment.start + share * (segment.end - segment.start)) / total;
    },
    shrunk: placed.filter(({ isBusy, fromMs: from, toMs: to }) => !isBusy && to - from > longestMs),
  };
}

interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isBusy: boolean;
}

/** Work and the gaps between, without overlaps, in order. */
function segmentsOf(lanes: readonly Lane[], fromMs: number, toMs: number): readonly Segment[] {
  const busy = lanes
    .flatMap(({ phases }) => phases)
    .filter(({ kind }) => busyKinds.has(kind))
    .map((phase) => ({ fromMs: phase.fromMs, toMs: phase.toMs ?? toMs }))
    .sort((left, right) => left.fromMs - right.fromMs);
  const segments: Segment[] = [];
  let cursor = fromMs;
  for (const { fromMs: from, toMs: to } of busy) {
    if (from > cursor) {
      segments.push({ fromMs: cursor, toMs: from, isBusy: false });
      cursor = from;
    }
    if (to > cursor) {
      segments.push({ fromMs: cursor, toMs: to, isBusy: true });
      cursor = to;
    }
  }
  if (toMs > cursor) segments.push({ fromMs: cursor, toMs, isBusy: false });
  return segments;
}
