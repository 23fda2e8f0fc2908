/**
 * Deciding: one event, and everything that follows from it at once, becomes one commit. Nothing here waits, reads a clock or touches a store.
 */
import { advance, possibleEvents, statusOf } from '../chart/advance.ts';
import type { Advance, ChartEvent } from '../chart/events.ts';
import { lifecycle } from '../chart/lifecycle.ts';
import { SignalboxError } from '../errors.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { copyJson } from '../plan/json-value.ts';
import type { RunStatus } from '../plan/plan.ts';
import type { Settlement } from '../plan/settle.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { annotate, type Draft, record } from './draft.ts';
import { carryOut } from './effects/effects.ts';
import { toError } from './failure-data.ts';
import { faulted, type Incoming } from './incoming.ts';
import { type LiveRun, readerOf, startStep, toCompleted } from './live-run.ts';
import { type RunSettlement, recallSettlement, type Seed, settleRun } from './settlement.ts';

/** Applies the event and its immediate consequences. @throws SignalboxError `INVALID_TRANSITION`; the run is unchanged then */
export function applyEvent(draft: Draft, first: Incoming): void {
  const queue: Incoming[] = [first];
  for (let incoming = queue.shift(); incoming !== undefined; incoming = queue.shift()) {
    queue.unshift(...applyOne(draft, incoming));
  }
  draft.run.recorded = null;
  draft.run.reusedFrom = null;
}

/** Applies one event alone. @returns events that follow at once */
export function applyOne(draft: Draft, incoming: Incoming): readonly Incoming[] {
  const { run } = draft;
  const settled = settlementOf(run, incoming);
  if (settled?.fault && incoming.event.type !== 'run.started') {
    const { settles, ...bare } = incoming;
    return [
      faulted(settled.fault),
      {
        ...bare,
        ...(settles === undefined
          ? {}
          : {
              data: { ...incoming.data, fault: settled.fault.step },
              isFinalFailure: true,
              unread: settles.output,
            }),
        lenient: true,
      },
    ];
  }
  const event = eventWith(run, incoming, settled);
  const advanced = advance(run.definition.compiled, run.snapshot, event);
  if (advanced === null) {
    if (incoming.lenient !== true) throw refused(run, event.type);
    annotate(draft, noteOf(incoming));
    return [];
  }
  draft.onTransition?.(run.snapshot, event);
  run.snapshot = advanced.snapshot;
  const output = finalOutput(run, advanced);
  learn(run, settled);
  keepRecord(draft, incoming, event, advanced, settled, output);
  // What an effect answers at once may come too late already: another branch has stopped the run in the same transition.
  return advanced.effects.flatMap((effect) =>
    carryOut(draft, effect, incoming).map((next) => ({ ...next, lenient: true })),
  );
}

function settlementOf(run: LiveRun, incoming: Incoming): RunSettlement | null {
  const { event, settles, step, past } = incoming;
  const isStart = event.type === 'run.started';
  if (!isStart && (settles === undefined || step === undefined)) return null;
  if (!isStart && statusOf(run.snapshot) !== 'processing') return null;
  const seeds: readonly Seed[] =
    settles === undefined || step === undefined
      ? []
      : [[step, { status: 'complete', value: settles.value }]];
  return past === undefined
    ? settleRun(run, seeds, isStart)
    : recallSettlement(run, seeds, isStart, past);
}

function eventWith(run: LiveRun, incoming: Incoming, settled: RunSettlement | null): ChartEvent {
  if (settled === null) return incoming.event;
  const facts = settled.settlement.facts;
  const hasFacts = Object.keys(facts).length > 0;
  const event = hasFacts ? { ...incoming.event, facts } : incoming.event;
  return settled.fault === null ? event : { ...event, faulted: true, failure: settled.fault };
}

function learn(run: LiveRun, settled: RunSettlement | null): void {
  if (settled === null) return;
  for (const [id, value] of settled.settlement.settled) run.progress.set(id, value);
  for (const [id, fact] of Object.entries(settled.settlement.facts)) run.facts.set(id, fact);
  for (const [id, value] of settled.settlement.derived) run.derived.set(id, value);
  run.data = settled.data;
}

/** The run's output becomes part of the event that completes it. */
function finalOutput(run: LiveRun, advanced: Advance): Json | undefined {
  if (advanced.to !== 'complete' || advanced.from === 'complete') return undefined;
  const value = resolveWiring(run.definition.plan.output, readerOf(run));
  if (value === undefined) return null;
  const plain = copyJson(JSON.parse(JSON.stringify(value)));
  return plain.ok ? plain.value : null;
}

function keepRecord(
  draft: Draft,
  incoming: Incoming,
  event: ChartEvent,
  advanced: Advance,
  settled: RunSettlement | null,
  finalOutput: Json | undefined,
): void {
  const { run } = draft;
  if (settled !== null) reach(draft, settled.settlement.milestones);
  if (incoming.replayed !== undefined) {
    keepCompleted(run, incoming.replayed);
    if (advanced.from !== advanced.to) recordPassage(draft, advanced.from, advanced.to);
    return;
  }
  const isStart = event.type === 'run.started';
  // Nothing to do, or nothing that could be done: the start leads past `processing` at once.
  const passes =
    advanced.from === 'pending' &&
    lifecycle.processing.includes(advanced.to) &&
    advanced.to !== 'cancelled';
  // Not `??` throughout: the output of a step may be null.
  const { settles } = incoming;
  const output = finalOutput ?? (settles === undefined ? incoming.unread : settles.output);
  const data = dataOf(incoming, event, settled?.settlement ?? null);
  const entry = record(draft, {
    atMs: draft.tools.nowMs,
    event: event.type,
    actor: incoming.actor,
    from: advanced.from,
    to: passes ? 'processing' : advanced.to,
    step: finalOutput === undefined ? (isStart ? startStep : incoming.step) : 'completion',
    attempt: incoming.attempt,
    durationMs: incoming.durationMs,
    settles:
      incoming.isFinalFailure === true
        ? 'failed'
        : incoming.settles !== undefined || isStart || finalOutput !== undefined
          ? 'complete'
          : undefined,
    inputHash: incoming.inputHash,
    output,
    error: incoming.error ?? (event.faulted === true ? faultError(event) : undefined),
    data,
  });
  if (passes) recordPassage(draft, 'processing', advanced.to);
  if (event.type === 'undo.completed') run.undone.push(incoming.step ?? '');
  else if (event.type !== 'undo.failed') keepCompleted(run, entry);
  else if (incoming.isFinalFailure === true) {
    const reason = incoming.event.failure?.message ?? '';
    run.notUndone.push({ step: incoming.step ?? '', reason });
  }
}

function reach({ run, tools }: Draft, milestones: readonly string[]): void {
  const fresh = milestones.filter((name) => !run.milestones.some((known) => known.name === name));
  const reached = fresh.map((name) => ({ name, atMs: tools.nowMs }));
  run.milestones = [...run.milestones, ...reached];
}

function keepCompleted(run: LiveRun, entry: HistoryEntry): void {
  const completed = toCompleted(entry);
  if (completed !== null) run.completed.push(completed);
}

function faultError({ failure }: ChartEvent): JsonObject | undefined {
  return failure === undefined ? undefined : toError(failure);
}

/** The table holds in the history as well: a change of status that no entry of its own stands for gets one. */
function recordPassage(draft: Draft, from: RunStatus, to: RunStatus): void {
  const event = to === 'waiting_review' ? 'steps.settled' : 'run.stopped';
  record(draft, { atMs: draft.tools.nowMs, event, actor: 'signalbox', from, to });
}

/** `undefined` if there is nothing to tell. */
function dataOf(
  incoming: Incoming,
  event: ChartEvent,
  settlement: Settlement | null,
): JsonObject | undefined {
  const { outcome, decider, mode, reason, undo, acceptNotUndone, maxAttempts } = event;
  const data: Record<string, Json> = { ...incoming.data };
  if (acceptNotUndone !== undefined) data['acceptNotUndone'] = acceptNotUndone;
  if (maxAttempts !== undefined) data['maxAttempts'] = maxAttempts;
  if (incoming.why !== undefined) data['why'] = incoming.why;
  if (undo !== undefined) data['undo'] = undo;
  if (outcome !== undefined) data['outcome'] = outcome;
  if (decider !== undefined) data['decider'] = decider as unknown as JsonObject;
  if (mode !== undefined) data['mode'] = mode;
  if (reason !== undefined) data['reason'] = reason;
  if (incoming.delayMs !== undefined) data['delayMs'] = incoming.delayMs;
  if (settlement !== null && Object.keys(settlement.facts).length > 0)
    data['facts'] = settlement.facts;
  if (settlement !== null && settlement.derived.length > 0)
    data['derived'] = Object.fromEntries(
      settlement.derived.filter(([, value]) => value !== undefined),
    ) as JsonObject;
  return Object.keys(data).length > 0 ? data : undefined;
}

function noteOf(incoming: Incoming) {
  return {
    event: `${incoming.event.type}.late`,
    actor: incoming.actor,
    ...(incoming.step === undefined ? {} : { step: incoming.step }),
    ...(incoming.attempt === undefined ? {} : { attempt: incoming.attempt }),
    ...(incoming.settles === undefined ? {} : { output: incoming.settles.output }),
    ...(incoming.error === undefined ? {} : { error: incoming.error }),
  };
}

function refused(run: LiveRun, event: string): SignalboxError {
  const allowed = possibleEvents(run.snapshot)
    .filter((possible) => possible.open)
    .map((possible) => possible.event);
  const status = statusOf(run.snapshot);
  return new SignalboxError(
    'INVALID_TRANSITION',
    `Run "${run.header.id}" is ${status} and does not accept "${event}"; it accepts: ${allowed.join(', ') || 'nothing'}`,
    { details: { runId: run.header.id, status, state: run.snapshot.value, event, allowed } },
  );
}
