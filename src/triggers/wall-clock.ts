/** Wall time of a time zone. A wall time is written as the milliseconds at which a clock in UTC would show it. */

export interface WallClock {
  /** What a clock on the wall shows at an instant. */
  wallAt(atMs: number): number;
  /** The instants at which the wall shows a time, in order: one, two if clocks are set back over it, none if they skip it. */
  instantsOf(wallMs: number): readonly number[];
  /** The first instant after a gap that swallows the time; only for times without an instant. */
  endOfGap(wallMs: number): number;
  /** The instant at which clocks are set between two instants of different offset. */
  changeBetween(earlierMs: number, laterMs: number): number;
}

const dayMs = 86_400_000;
const secondMs = 1_000;

/** @returns `null` if nobody knows the zone */
export function createWallClock(timeZone: string): WallClock | null {
  const format = formatOf(timeZone);
  if (format === null) return null;

  function offsetAt(atMs: number): number {
    const parts = Object.fromEntries(
      format!.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
    ) as { year: number; month: number; day: number; hour: number; minute: number; second: number };
    const { year, month, day, hour, minute, second } = parts;
    const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
    return wallMs - Math.floor(atMs / secondMs) * secondMs;
  }

  /** Offsets around a wall time; clocks are not set twice within two days. */
  function offsetsAround(wallMs: number): readonly number[] {
    return [...new Set([offsetAt(wallMs - dayMs), offsetAt(wallMs + dayMs)])];
  }

  function changeBetween(earlierMs: number, laterMs: number): number {
    const offset = offsetAt(earlierMs);
    let before = Math.floor(earlierMs / secondMs);
    let after = Math.ceil(laterMs / secondMs);
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle * secondMs) === offset) before = middle;
      else after = middle;
    }
    return after * secondMs;
  }

  return {
    wallAt: (atMs) => atMs + offsetAt(atMs),
    instantsOf(wallMs) {
      return offsetsAround(wallMs)
        .filter((offset) => offsetAt(wallMs - offset) === offset)
        .map((offset) => wallMs - offset)
        .sort((a, b) => a - b);
    },
    endOfGap(wallMs) {
      const instants = offsetsAround(wallMs).map((offset) => wallMs - offset);
      return changeBetween(Math.min(...instants), Math.max(...instants));
    },
    changeBetween,
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
    return format;
  } catch {
    return null;
  }
}

/** ISO 8601 with the offset of the zone at that instant, as `2026-03-29T03:00:00+02:00`. */
export function localText(atMs: number, wallMs: number): string {
  const minutes = Math.round((wallMs - atMs) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return `${new Date(wallMs).toISOString().slice(0, 19)}${offset}`;
}
