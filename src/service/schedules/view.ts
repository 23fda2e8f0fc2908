/** Schedules as callers see them. */
import type { z } from 'zod';
import type {
  Fire as FireShape,
  Schedule as ScheduleShape,
  Slot as SlotShape,
} from '../../api/schedules.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { Schedule } from '../../triggers/schedule.ts';
import { type Slot, upcoming } from '../../triggers/slots.ts';
import { type FireRecord, iso, type ScheduleState } from './state.ts';

const shownSlots = 10;

export function slotView({ atMs, local, dst }: Slot): z.input<typeof SlotShape> {
  return { at: iso(atMs), local, dst };
}

export function fireView({ slotMs, atMs, ...rest }: FireRecord): z.input<typeof FireShape> {
  return { slot: iso(slotMs), at: iso(atMs), ...rest };
}

export function scheduleView(
  schedule: Schedule,
  source: 'code' | 'api',
  state: ScheduleState,
  lastFires: readonly FireRecord[],
  { nowMs, problem }: { readonly nowMs: number; readonly problem: string | null },
): z.input<typeof ScheduleShape> {
  const { name, description, target, rule, overlap, catchUp, jitterMs, slots } = schedule;
  const { paused, queued, handledUntilMs } = state;
  const fromMs = Math.max(nowMs, handledUntilMs);
  return {
    name,
    description,
    source,
    target,
    ...rule,
    overlap,
    catchUp,
    jitterMs,
    paused:
      paused === null ? null : { at: iso(paused.atMs), actor: paused.actor, reason: paused.reason },
    handledUntil: iso(handledUntilMs),
    next: upcoming(slots, fromMs, shownSlots).map(slotView),
    lastFires: lastFires.map(fireView),
    queued: queued === null ? null : iso(queued.slotMs),
    problem,
  };
}

/** Further ahead than clocks differ. */
const aheadMs = 60 * 60 * 1000;

/** Its slots were handled up to a moment that is still to come: the clock was ahead then, and was set back. */
export function isAhead({ handledUntilMs }: ScheduleState, nowMs: number): boolean {
  return handledUntilMs - nowMs > aheadMs;
}

/** Why a schedule cannot start anything here, or not now. */
export function problemOf(
  schedule: Schedule,
  orchestrator: Orchestrator,
  at: { readonly state: ScheduleState; readonly nowMs: number },
): string | null {
  if (!isKnown(schedule, orchestrator)) {
    return `Workflow "${schedule.target.name}" is not registered here`;
  }
  if (!isAhead(at.state, at.nowMs)) return null;
  return `The clock was ahead: slots up to ${iso(at.state.handledUntilMs)} are handled; pause and resume it to go on from now`;
}

function isKnown({ target }: Schedule, orchestrator: Orchestrator): boolean {
  return target.kind === 'event' || orchestrator.workflows.some(({ name }) => name === target.name);
}
