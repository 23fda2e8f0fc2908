/** Times, spans and values as people read them. */
import { printable } from './escape.ts';

/** ISO 8601 in the local zone, to the second: `2026-03-31T14:05:09+02:00`. */
export function localTime(at: string | number): string {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const two = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = `${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
  return `${day}T${clockTime(at)}${zone}`;
}

/** `14:05:09`, local. */
export function clockTime(at: string | number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Roughly how long: `320 ms`, `12 s`, `23 h`. What lacks a hundredth counts as whole: 24 hours that have just begun are `24 h`. */
export function span(ms: number): string {
  const [unit, unitMs] = units.find(([, size]) => ms >= size) ?? ['ms', 1];
  return `${Math.floor(ms / unitMs + 0.01)} ${unit}`;
}

/** A moment and how far off it is: `2026-03-31T14:05:09+02:00 (in 23 h)`. */
export function deadline(at: string, nowMs: number): string {
  const leftMs = Date.parse(at) - nowMs;
  return `${localTime(at)} (${leftMs >= 0 ? `in ${span(leftMs)}` : `${span(-leftMs)} ago`})`;
}

/** A value on as many lines as it has parts: objects as `key  value`, lists with dashes. */
export function valueLines(value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return ['(none)'];
    return value.flatMap((item) => hang('- ', valueLines(item)));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return ['(empty)'];
    const keys = entries.map(([key]) => printable(key));
    const width = Math.max(...keys.map((key) => key.length));
    return entries.flatMap(([, part], index) =>
      hang(`${(keys[index] ?? '').padEnd(width)}  `, valueLines(part)),
    );
  }
  if (typeof value === 'string') return value.split(/\r?\n/).map(printable);
  return [value == null ? '(nothing)' : JSON.stringify(value)];
}

/** The mark before the first line, and as much space before the others. */
function hang(mark: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? mark : ' '.repeat(mark.length)) + line);
}

export function indented(lines: readonly string[], by = 2): readonly string[] {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(by) + line));
}

/** An argument as a POSIX shell reads it back. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
