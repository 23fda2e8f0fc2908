/** What brought an entry of a history about, if it was something outside the run. */

import type { Json, JsonObject } from '../../plan/json.ts';
import type { Plan, PlanNode } from '../../plan/plan.ts';
import { sensitiveValues } from '../../plan/sensitive.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { HistoryEntry } from '../../ports/store.ts';
import type { Handling, Move } from './recording.ts';
import { withStandIns } from './stand-ins.ts';

export interface MoveSource {
  readonly plan: Plan;
  readonly nodes: ReadonlyMap<string, PlanNode>;
  /** Ids of signals that came early and were kept: they are not sent a second time. */
  readonly kept: ReadonlySet<string>;
}

/** @returns `null` for what the run does by itself, and for time that passes */
export function moveOf(entry: HistoryEntry, source: MoveSource): Move | null {
  const { event, actor, data } = entry;
  const reason = textOf(data, 'reason');
  const options = { actor, ...(reason === null ? {} : { reason }) };
  switch (event) {
    case 'run.cancelled':
    case 'run.cancel_repeated': {
      if (actor.startsWith('run:')) return null;
      const mode = textOf(data, 'mode');
      return {
        kind: 'cancel',
        options: mode === 'drain' || mode === 'abort' ? { ...options, mode } : options,
      };
    }
    case 'run.retried':
      if (actor.startsWith('run:')) return null;
      return {
        kind: 'retry',
        options: { ...options, acceptNotUndone: true, reason: reason ?? 'again' },
      };
    case 'run.paused':
      return { kind: 'pause', options: { actor } };
    case 'run.resumed':
      return { kind: 'resume', options: { actor } };
    case 'undo.completed':
      return { kind: 'undo', outcome: { ok: true, output: null, durationMs: 0 } };
    case 'undo.failed':
      return { kind: 'undo', outcome: failedOutcome(entry) };
    case 'undo.resolved':
      return {
        kind: 'resolveUndo',
        step: entry.step ?? '',
        options: { actor, reason: reason ?? 'resolved' },
      };
    case 'signal.kept':
      return signalOf(entry, textOf(data, 'event') ?? '', entry.output ?? null, source);
    default:
      return stepMoveOf(entry, source);
  }
}

function stepMoveOf(entry: HistoryEntry, source: MoveSource): Move | null {
  const { step, event } = entry;
  if (step === null) return null;
  const ending = event.slice(step.length + 1);
  const node = source.nodes.get(step);
  const deed = deeds.get(ending);
  if (deed !== undefined) return { kind: deed, step, options: handlingOf(entry) };
  if (['decided', 'voted', 'objected'].includes(ending) && !entry.actor.startsWith('policy:'))
    return decisionOf(entry, step, source);
  if (verdicts.has(ending)) return verdictOf(entry, step, ending, source);
  if (ending === 'received' && node?.kind === 'wait') {
    if (source.kept.has(textOf(entry.data, 'signal') ?? '')) return null;
    const payload = node.onTimeout === 'continue' ? partOf(entry.output, 'value') : entry.output;
    return signalOf(entry, node.event, payload ?? null, source);
  }
  if (node?.kind === 'map' && outcomes.has(ending)) return { kind: 'items', step };
  if (node?.kind !== 'task' || !outcomes.has(ending)) return null;
  return {
    kind: 'answer',
    step,
    outcome: outcomeOf(entry, ending, node.tolerate !== undefined, source),
  };
}

const deeds: ReadonlyMap<string, 'claim' | 'release' | 'delegate' | 'assign'> = new Map([
  ['claimed', 'claim'],
  ['released', 'release'],
  ['delegated', 'delegate'],
  ['assigned', 'assign'],
]);

function handlingOf({ actor, atMs, data }: HistoryEntry): Handling {
  const reason = textOf(data, 'reason');
  const [groups, to, untilMs] = [data?.['groups'], data?.['to'], data?.['untilMs']];
  return {
    actor,
    ...(reason === null ? {} : { reason }),
    ...(groups === undefined ? {} : { groups: namesOf(groups) }),
    ...(to === undefined ? {} : { to: namesOf(to) }),
    ...(typeof untilMs === 'number' ? { forMs: untilMs - atMs } : {}),
    ...(textOf(data, 'takenFrom') === null ? {} : { takeOver: true }),
  };
}

function namesOf(value: Json): readonly string[] {
  return [value].flat().filter((name) => typeof name === 'string');
}

const outcomes: ReadonlySet<string> = new Set(['completed', 'failed', 'in_doubt']);
const verdicts: ReadonlyMap<string, 'happened' | 'did_not_happen' | 'give_up'> = new Map([
  ['happened', 'happened'],
  ['did_not_happen', 'did_not_happen'],
  ['given_up', 'give_up'],
]);

function outcomeOf(
  entry: HistoryEntry,
  ending: string,
  isWrapped: boolean,
  source: MoveSource,
): AttemptOutcome {
  if (ending !== 'completed') return failedOutcome(shownOf(entry, source), ending === 'in_doubt');
  return {
    ok: true,
    output: resultOf(entry, isWrapped, source),
    durationMs: entry.durationMs ?? 0,
  };
}

/** The output as the task gave it, stand-ins in place of what is sensitive. */
function resultOf(entry: HistoryEntry, isWrapped: boolean, source: MoveSource): Json {
  const { output = null } = shownOf(entry, source);
  return isWrapped ? (partOf(output, 'value') ?? null) : output;
}

function shownOf(entry: HistoryEntry, { plan }: MoveSource): HistoryEntry {
  const { output, step } = entry;
  if (output === undefined) return entry;
  return { ...entry, output: withStandIns(output, sensitiveValues(plan).of(step ?? '')) };
}

function failedOutcome(entry: HistoryEntry, unclear = false): AttemptOutcome {
  const { error, data, output, durationMs } = entry;
  const code = textOf(error, 'code');
  const detail = partOf(output, 'detail');
  const delayMs = data?.['delayMs'];
  return {
    ok: false,
    durationMs: durationMs ?? 0,
    failure: {
      name: textOf(error, 'name') ?? 'Error',
      message: textOf(error, 'message') ?? '',
      retryable: error?.['retryable'] === true,
      unclear,
      ...(code === null ? {} : { code }),
      ...(detail === undefined ? {} : { detail }),
      // The wait that was drawn then is the one that is kept now.
      ...(typeof delayMs === 'number' ? { retryAfterMs: delayMs } : {}),
    },
  };
}

function decisionOf(entry: HistoryEntry, step: string, source: MoveSource): Move {
  const { data, actor } = entry;
  const comment = textOf(data, 'comment');
  const form = partOf(data, 'form');
  const outcome = data?.['outcome'] === 'approved' ? 'approved' : 'rejected';
  const groups = partOf(partOf(data, 'decider'), 'groups');
  const onBehalfOf = partOf(partOf(data, 'decider'), 'onBehalfOf');
  const paths = sensitiveValues(source.plan).ofForm(step);
  return {
    kind: 'decide',
    step,
    decision: {
      outcome,
      actor,
      ...(Array.isArray(groups) && groups.length > 0 ? { groups: groups.map(String) } : {}),
      ...(typeof onBehalfOf === 'string' ? { onBehalfOf } : {}),
      ...(comment === null ? {} : { comment }),
      ...(form === undefined ? {} : { form: withStandIns(form, paths) }),
    },
  };
}

function verdictOf(entry: HistoryEntry, step: string, ending: string, source: MoveSource): Move {
  const node = source.nodes.get(step);
  const isWrapped = node?.kind === 'task' && node.tolerate !== undefined;
  return {
    kind: 'decide',
    step,
    decision: {
      outcome: verdicts.get(ending) ?? 'give_up',
      actor: entry.actor,
      ...(ending === 'happened' ? { output: resultOf(entry, isWrapped, source) } : {}),
    },
  };
}

function signalOf(entry: HistoryEntry, event: string, given: Json, { plan }: MoveSource): Move {
  const payload = withStandIns(given, plan.events[event]?.sensitive ?? []);
  const id = textOf(entry.data, 'signal') ?? `recorded-${entry.seq}`;
  return { kind: 'signal', event, payload, id, actor: entry.actor };
}

export function textOf(record: JsonObject | null, key: string): string | null {
  const value = record?.[key];
  return typeof value === 'string' ? value : null;
}

function partOf(value: Json | undefined, key: string): Json | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  return (value as JsonObject)[key];
}
