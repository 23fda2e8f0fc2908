/** Starts what a slot stands for, once however often it is asked to. */
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import { type Schedule, tickOf } from '../../triggers/schedule.ts';
import { type Intent, iso } from './state.ts';

const scheduleLabel = 'signalbox.schedule';
const slotLabel = 'signalbox.slot';

export interface Begun {
  readonly outcome: 'started' | 'published' | 'failed';
  readonly runId: string | null;
  readonly reason: string | null;
}

/** The engine forgets keys of starts some time after; labels stay as long as the run. */
const keyMayBeForgottenMs = 60 * 60 * 1000;
/** They say nothing about the slot: it is tried again. */
const passing: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_LOCKED', 'CLOSED']);

export function slotKey(schedule: string, { slotMs, cause }: Intent): string {
  return `schedule:${schedule}:${iso(slotMs)}${cause === 'manual' ? ':manual' : ''}`;
}

/** Run of a slot, if it has one. */
export async function runOfSlot(
  orchestrator: Orchestrator,
  { name, target }: Schedule,
  slotMs: number,
): Promise<string | null> {
  const { runs } = await orchestrator.list({
    workflow: target.name,
    labels: { [scheduleLabel]: name, [slotLabel]: iso(slotMs) },
    limit: 1,
  });
  return runs[0]?.runId ?? null;
}

/** @throws SignalboxError if nothing is known about the slot yet, and it must be tried again */
export async function beginSlot(
  orchestrator: Orchestrator,
  schedule: Schedule,
  intent: Intent,
  { actor, nowMs }: { readonly actor: string; readonly nowMs: number },
): Promise<Begun> {
  const { name, target, labels, priority } = schedule;
  const key = slotKey(name, intent);
  try {
    const input = schedule.input(tickOf(schedule, { atMs: intent.slotMs, local: intent.local }));
    if (target.kind === 'event') {
      await orchestrator.publish(target.name, input, { id: key, actor });
      return { outcome: 'published', runId: null, reason: null };
    }
    if (nowMs - intent.slotMs > keyMayBeForgottenMs) {
      const runId = await runOfSlot(orchestrator, schedule, intent.slotMs);
      if (runId !== null) return { outcome: 'started', runId, reason: null };
    }
    const { runId } = await orchestrator.start(target.name, input, {
      key,
      actor,
      priority,
      labels: { ...labels, [scheduleLabel]: name, [slotLabel]: iso(intent.slotMs) },
    });
    return { outcome: 'started', runId, reason: null };
  } catch (error) {
    if (error instanceof SignalboxError) {
      if (passing.has(error.code)) throw error;
      const { runId } = error.details;
      // The mapping gave another input than before the crash; the slot has its run all the same.
      if (error.code === 'KEY_CONFLICT' && typeof runId === 'string')
        return { outcome: 'started', runId, reason: null };
    }
    return { outcome: 'failed', runId: null, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, 500);
}
