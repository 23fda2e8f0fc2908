/** Brings one schedule up to now. Every step is written before the next, so that a crash or a second process repeats nothing. */
import { isTerminal } from '../../chart/lifecycle.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Schedule } from '../../triggers/schedule.ts';
import type { Book, Entry } from './book.ts';
import { dueSlots } from './due.ts';
import { beginSlot } from './starter.ts';
import { type FireRecord, type Intent, iso, type ScheduleState } from './state.ts';

export interface Deps {
  readonly book: Book;
  readonly orchestrator: Orchestrator;
  readonly clock: Clock;
}

/** More steps than a catch-up at its limit takes; the rest waits for the next look. */
const mostSteps = 250;

/** @returns the state it has come to */
export async function advance(deps: Deps, schedule: Schedule): Promise<ScheduleState> {
  for (let step = 0; ; step += 1) {
    const entry = (await deps.book.entry(schedule.name)) ?? fresh(schedule, deps.clock.nowMs());
    const isNew = entry.revision === 0;
    if (isNew && !(await deps.book.save(entry, entry.state))) continue;
    if (isNew) continue;
    if (step >= mostSteps) return entry.state;
    const isDone = await move(deps, schedule, entry);
    if (isDone) return entry.state;
  }
}

/** A schedule nobody has seen before begins with the next slot. */
export function fresh({ name, startsPaused }: Schedule, nowMs: number): Entry {
  return {
    name,
    revision: 0,
    state: {
      definition: null,
      handledUntilMs: nowMs,
      pending: null,
      queued: null,
      lastRunId: null,
      paused: startsPaused
        ? { atMs: nowMs, actor: 'definition', reason: 'Its definition starts it paused' }
        : null,
      fires: 0,
    },
  };
}

/** @returns `true` if there is nothing to do any more */
async function move(deps: Deps, schedule: Schedule, entry: Entry): Promise<boolean> {
  const { book, clock, orchestrator } = deps;
  const { state } = entry;
  if (state.pending !== null) {
    await begin(deps, schedule, entry, state.pending);
    return false;
  }
  if (state.paused !== null) return true;
  const nowMs = clock.nowMs();
  if (state.queued !== null && !(await isRunning(orchestrator, state.lastRunId))) {
    await book.save(entry, { ...state, pending: state.queued, queued: null });
    return false;
  }
  const { missed, fire } = dueSlots(schedule, state.handledUntilMs, nowMs);
  const written: FireRecord[] = [];
  if (missed !== null) {
    const { first, count, isAtLeast } = missed;
    const reason = 'Nobody was there to fire it';
    written.push({
      ...aFire({ slotMs: first.atMs, local: first.local, cause: 'schedule' }, nowMs),
      outcome: 'missed',
      reason,
      count,
      isAtLeast,
    });
  }
  const [next] = fire;
  if (next === undefined) {
    if (missed === null) return true;
    await book.save(entry, { ...state, handledUntilMs: missed.last.atMs }, written);
    return false;
  }
  const intent = { slotMs: next.slot.atMs, local: next.slot.local, cause: next.cause };
  const handled = { ...state, handledUntilMs: intent.slotMs };
  const isFree = schedule.overlap === 'allow' || !(await isRunning(orchestrator, state.lastRunId));
  if (isFree && state.queued === null) {
    await book.save(entry, { ...handled, pending: intent }, written);
    return false;
  }
  const { queued, fires } = overlapping(schedule, handled, intent, nowMs);
  if (schedule.overlap === 'cancel') await cancelLast(orchestrator, schedule, state, intent);
  await book.save(entry, { ...handled, queued }, [...written, ...fires]);
  return false;
}

function overlapping(
  schedule: Schedule,
  { queued, lastRunId }: ScheduleState,
  intent: Intent,
  nowMs: number,
): { readonly queued: Intent | null; readonly fires: readonly FireRecord[] } {
  const skipped = (slot: Intent, reason: string): FireRecord => ({
    ...aFire(slot, nowMs),
    outcome: 'skipped',
    reason,
  });
  const waiting: FireRecord = {
    ...aFire(intent, nowMs),
    outcome: 'queued',
    reason: `Run "${lastRunId}" still runs`,
  };
  if (schedule.overlap === 'cancel') {
    const outdone =
      queued === null ? [] : [skipped(queued, `The slot of ${iso(intent.slotMs)} took its place`)];
    return { queued: intent, fires: [...outdone, waiting] };
  }
  if (queued !== null) {
    return { queued, fires: [skipped(intent, `The slot of ${iso(queued.slotMs)} waits already`)] };
  }
  return schedule.overlap === 'queue'
    ? { queued: intent, fires: [waiting] }
    : { queued, fires: [skipped(intent, `Run "${lastRunId}" still runs`)] };
}

async function begin(
  { book, orchestrator, clock }: Deps,
  schedule: Schedule,
  entry: Entry,
  intent: Intent,
): Promise<void> {
  const nowMs = clock.nowMs();
  const actor = actorOf(schedule);
  const begun = await beginSlot(orchestrator, schedule, intent, { actor, nowMs });
  const state = {
    ...entry.state,
    pending: null,
    lastRunId: begun.runId ?? entry.state.lastRunId,
  };
  await book.save(entry, state, [{ ...aFire(intent, nowMs), ...begun, actor }]);
}

async function cancelLast(
  orchestrator: Orchestrator,
  schedule: Schedule,
  { lastRunId }: ScheduleState,
  { slotMs }: Intent,
): Promise<void> {
  if (lastRunId === null) return;
  const reason = `Schedule "${schedule.name}": the slot of ${iso(slotMs)} takes its place`;
  try {
    await orchestrator.cancel(lastRunId, { reason, actor: actorOf(schedule) });
  } catch (error) {
    const isOver = error instanceof SignalboxError && error.code === 'RUN_FINISHED';
    if (!isOver) throw error;
  }
}

async function isRunning(orchestrator: Orchestrator, runId: string | null): Promise<boolean> {
  if (runId === null) return false;
  try {
    return !isTerminal((await orchestrator.get(runId)).status);
  } catch (error) {
    const isGone =
      error instanceof SignalboxError && ['RUN_NOT_FOUND', 'RUN_DAMAGED'].includes(error.code);
    if (isGone) return false;
    throw error;
  }
}

export function actorOf({ name }: Schedule): string {
  return `schedule:${name}`;
}

export function aFire(intent: Intent, nowMs: number): FireRecord {
  return {
    ...intent,
    outcome: 'started',
    runId: null,
    reason: null,
    count: 1,
    isAtLeast: false,
    atMs: nowMs,
    actor: 'schedule',
  };
}
