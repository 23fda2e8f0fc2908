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

/** Why a schedule cannot start anything here. */
export function problemOf({ target }: Schedule, orchestrator: Orchestrator): string | null {
  if (target.kind === 'event') return null;
  const isKnown = orchestrator.workflows.some(({ name }) => name === target.name);
  return isKnown ? null : `Workflow "${target.name}" is not registered here`;
}
