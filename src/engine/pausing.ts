/** What a pause does to the things a run waits for: timers keep what is left of them, works do not begin. */
import type { Message } from '../ports/store.ts';
import type { OpenItem } from './run-body.ts';

/** Work an engine must take up at once should its owner be gone. */
export function isWork(item: OpenItem): boolean {
  return (
    item.kind === 'attempt' || item.kind === 'undo' || item.kind === 'map' || item.kind === 'notice'
  );
}

/** An item of a run that has just been paused. */
export function stopped(item: OpenItem, nowMs: number): OpenItem {
  const leftMs = (dueAtMs: number) => Math.max(0, dueAtMs - nowMs);
  const timed =
    item.dueAtMs === null ? item : { ...item, dueAtMs: null, remainingMs: leftMs(item.dueAtMs) };
  if (timed.kind !== 'review' || timed.remindAtMs === null) return timed;
  return { ...timed, remindAtMs: null, remindInMs: leftMs(timed.remindAtMs) };
}

/** An item that comes up while the run is paused: a work among them does not begin before it goes on. */
export function held(item: OpenItem, nowMs: number): OpenItem {
  const timed = stopped(item, nowMs);
  return isWork(timed) ? { ...timed, held: true } : timed;
}

/** An item of a run whose own pause is over; a work that was held begins when {@link begun}. */
export function released(item: OpenItem, nowMs: number): OpenItem {
  const { remainingMs, ...rest } = item;
  const timed = remainingMs === undefined ? rest : { ...rest, dueAtMs: nowMs + remainingMs };
  if (timed.kind !== 'review' || timed.remindInMs === undefined) return timed;
  const { remindInMs, ...review } = timed;
  return { ...review, remindAtMs: nowMs + remindInMs };
}

/** A work that is not held any more. */
export function begun({ held: _held, ...item }: OpenItem): OpenItem {
  return item;
}

/** An item whose run has stood still for some time. */
export function postponed(item: OpenItem, ms: number): OpenItem {
  const timed = item.dueAtMs === null ? item : { ...item, dueAtMs: item.dueAtMs + ms };
  if (timed.kind !== 'review' || timed.remindAtMs === null) return timed;
  return { ...timed, remindAtMs: timed.remindAtMs + ms };
}

/** Messages that would make something begin elsewhere: children to start, events to hand round. */
export function isHeldBack(message: Message): boolean {
  return message.kind === 'start' || message.kind === 'event';
}
