/** Which slots of a schedule are to be fired now. Pure. */
import { createHash } from 'node:crypto';
import type { Schedule } from '../../triggers/schedule.ts';
import type { Slot } from '../../triggers/slots.ts';

/** A slot that is not begun within this time has been missed. */
export const lateAfterMs = 60_000;
/** More missed slots than these are not counted one by one. */
const mostCounted = 500;
const minuteMs = 60_000;

export interface Due {
  /** Slots that are not made up for, from the oldest on; `null`: none. */
  readonly missed: {
    readonly first: Slot;
    readonly last: Slot;
    readonly count: number;
    readonly isAtLeast: boolean;
  } | null;
  /** Slots to fire, oldest first; at most the catch-up limit and one. */
  readonly fire: readonly { readonly slot: Slot; readonly cause: 'schedule' | 'catch_up' }[];
}

/** Begin of a slot: the same one for the same slot, in any process. */
export function beginsAtMs({ name, jitterMs }: Schedule, slotMs: number): number {
  if (jitterMs === 0) return slotMs;
  const draw = createHash('sha256').update(`${name}\n${slotMs}`).digest().readUInt32BE(0);
  return slotMs + Math.floor((draw / 2 ** 32) * jitterMs);
}

/** Begin of the first slot after those that have been handled; `null`: there is none any more. */
export function nextBeginMs(schedule: Schedule, handledUntilMs: number): number | null {
  const slot = schedule.slots.next(handledUntilMs);
  return slot === null ? null : beginsAtMs(schedule, slot.atMs);
}

export function dueSlots(schedule: Schedule, handledUntilMs: number, nowMs: number): Due {
  const newest = newestDue(schedule, handledUntilMs, nowMs, schedule.catchUp + 1);
  const last = newest.at(-1);
  if (last === undefined) return { missed: null, fire: [] };
  const isOnTime = nowMs - beginsAtMs(schedule, last.atMs) <= lateAfterMs;
  const madeUpFor = isOnTime
    ? newest.slice(0, -1)
    : newest.slice(newest.length - Math.min(newest.length, schedule.catchUp));
  const fire = [
    ...madeUpFor.map((slot) => ({ slot, cause: 'catch_up' as const })),
    ...(isOnTime ? [{ slot: last, cause: 'schedule' as const }] : []),
  ];
  const untilMs = fire[0]?.slot.atMs ?? last.atMs + 1;
  return { missed: missedBefore(schedule, handledUntilMs, untilMs, last), fire };
}

/** The newest due slots, found from now backwards so that a long outage costs no more than a short one. */
function newestDue(
  schedule: Schedule,
  handledUntilMs: number,
  nowMs: number,
  wanted: number,
): readonly Slot[] {
  for (let windowMs = minuteMs; ; windowMs *= 4) {
    const fromMs = Math.max(handledUntilMs, nowMs - windowMs);
    const found: Slot[] = [];
    for (
      let slot = schedule.slots.next(fromMs);
      slot !== null && beginsAtMs(schedule, slot.atMs) <= nowMs;
      slot = schedule.slots.next(slot.atMs)
    ) {
      found.push(slot);
      if (found.length > wanted) found.shift();
    }
    if (found.length >= wanted || fromMs === handledUntilMs) return found;
  }
}

function missedBefore(
  schedule: Schedule,
  handledUntilMs: number,
  untilMs: number,
  newest: Slot,
): Due['missed'] {
  const first = schedule.slots.next(handledUntilMs);
  if (first === null || first.atMs >= untilMs) return null;
  let last = first;
  let count = 1;
  for (
    let slot = schedule.slots.next(first.atMs);
    slot !== null && slot.atMs < untilMs;
    slot = schedule.slots.next(slot.atMs)
  ) {
    if (count >= mostCounted) return { first, last: newest, count, isAtLeast: true };
    last = slot;
    count += 1;
  }
  return { first, last, count, isAtLeast: false };
}
