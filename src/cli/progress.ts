/** Live progress on a terminal: a line for every step forward. */
import type { RunEvent } from '../index.ts';
import { printable } from './escape.ts';
import { clockTime, span } from './format.ts';
import type { Style } from './style.ts';

export function progressLine({ runId, entry }: RunEvent, style: Style): string {
  const { event, attempt, durationMs, error, data } = entry;
  const message = error?.['message'] ?? data?.['reason'];
  const notes = [
    ...(attempt !== null && attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(durationMs === null ? [] : [span(durationMs)]),
    ...(typeof message === 'string' ? [message] : []),
  ];
  const about = notes.length === 0 ? '' : style.dim(`  ${printable(notes.join(', '))}`);
  const shown = error === null ? printable(event) : style.red(printable(event));
  return `${style.dim(clockTime(entry.atMs))}  ${style.dim(printable(runId.slice(0, 9)))}  ${shown}${about}`;
}
