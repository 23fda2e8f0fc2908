/** Which slots of a schedule are to be fired now. Pure. */
import { createHash } from 'node:crypto';
import type { Schedule } from '../../triggers/schedule.ts';
import type { Slot } from '../../triggers/slots.ts';

/** A slot that is not begun within this time has been missed. */
export const lateAfterMs = 60_000;
/** Slots that can begin within that time: one a second, and those at its ends. */
const mostOnTime = lateAfterMs / 1_000 + 2;
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
  /** Slots to fire, oldest first: those of the last minute, and before them as many as the catch-up limit. */
  readonly fire: readonly { readonly slot: Slot; readonly cause: 'schedule' | 'catch_up' }[];
}

/** Begin of a slot: the same one for the same slot, in any process; before the next slot, so that slots begin in their order. */
export function beginsAtMs({ name, jitterMs, slots }: Schedule, slotMs: number): number {
  if (jitterMs === 0) return slotMs;
  const draw = createHash('sha256').update(`${name}\n${slotMs}`).digest().readUInt32BE(0);
  const roomMs = (slots.next(slotMs)?.atMs ?? Number.POSITIVE_INFINITY) - slotMs;
  return slotMs + Math.floor((draw / 2 ** 32) * Math.min(jitterMs, roomMs));
}

/** Begin of the first slot after those that have been handled; `null`: there is none any more. */
export function nextBeginMs(schedule: Schedule, handledUntilMs: number): number | null {
  const slot = schedule.slots.next(handledUntilMs);
  return slot === null ? null : beginsAtMs(schedule, slot.atMs);
}

export function dueSlots(schedule: Schedule, handledUntilMs: number, nowMs: number): Due {
  const newest = newestDue(schedule, handledUntilMs, nowMs, schedule.catchUp + mostOnTime);
  const last = newest.at(-1);
  if (last === undefined) return { missed: null, fire: [] };
  const isLate = (slot: Slot) => nowMs - beginsAtMs(schedule, slot.atMs) > lateAfterMs;
  const late = newest.filter(isLate);
  const fire = [
    ...late.slice(Math.max(0, late.length - schedule.catchUp)),
    ...newest.slice(late.length),
  ].map((slot) => ({ slot, cause: isLate(slot) ? ('catch_up' as const) : ('schedule' as const) }));
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
