/**
 * A run as it was: its history fed through the chart again. Every input of a transition stands in its entry, so the same code that decided
 * then decides now, and none of the author's predicates, mappers or tasks is asked.
 */
import type { AnyMachineSnapshot } from 'xstate';
import { fromStored, statusOf } from '../chart/advance.ts';
import type { ChartEvent, FailureSummary } from '../chart/events.ts';
import { isTerminal } from '../chart/lifecycle.ts';
import { migrationStep } from '../chart/moving/record.ts';
import { SignalboxError } from '../errors.ts';
import type { JsonObject } from '../plan/json.ts';
import type { HistoryEntry, RunHeader } from '../ports/store.ts';
import { applyOne } from './apply.ts';
import type { Definition } from './catalogue.ts';
import { beginDraft, type Draft } from './draft.ts';
import type { Incoming } from './incoming.ts';
import { type LiveRun, restoreValue } from './live-run.ts';
import { begun, released } from './pausing.ts';
import { closeAnswered, takeNote } from './replay-notes.ts';
import { beginAgain } from './requests/retry.ts';
import { retryMaterialOf } from './retry-material.ts';
import { emptyRun } from './start.ts';

/** Told while a history is replayed. */
export interface ReplayWatch {
  /** Each transition in order, those that a retry fed through again included; `seq` is the entry it belongs to. */
  readonly onTransition?: (before: AnyMachineSnapshot, event: ChartEvent, seq: number) => void;
  /** Each entry, with the run as it stood before. */
  readonly onEntry?: (run: LiveRun, entry: HistoryEntry) => void;
}

/**
 * @param entries - of the run from the first one on, up to the moment that is looked at
 * @returns the run after the last of the entries; tokens of attempts are not those of then
 * @throws SignalboxError `HISTORY_UNREADABLE` if an entry does not follow from those before it
 */
export function replayRun(
  header: RunHeader,
  definition: Definition,
  entries: readonly HistoryEntry[],
  watch: ReplayWatch = {},
): LiveRun {
  const replay: Replay = {
    run: emptyRun(header, definition),
    entries,
    queue: [],
    consequences: new Map(),
    watch,
  };
  for (const [position, entry] of entries.entries()) {
    watch.onEntry?.(replay.run, entry);
    take(replay, entry, position);
    moveOn(replay.run, entry);
  }
  return replay.run;
}

interface Replay {
  readonly run: LiveRun;
  readonly entries: readonly HistoryEntry[];
  readonly watch: ReplayWatch;
  /** Events that followed at once. Those that left entries of their own wait here for them. */
  queue: Incoming[];
  /** Events of entries that a transition wrote along with its own, by sequence number. */
  readonly consequences: Map<number, string>;
}

function take(replay: Replay, entry: HistoryEntry, position: number): void {
  const { run, consequences } = replay;
  if (entry.step === migrationStep) throw movedOn(run, entry);
  if (consequences.get(entry.seq) === entry.event) return;
  const draft = draftOf(replay, entry);
  dropOvertaken(replay, entry);
  closeAnswered(draft, entry.event);
  if (takeNote(draft, entry)) return;
  const followUps = applyOne(draft, pastOf(run, entry));
  const [first] = draft.history;
  if (first?.event !== entry.event || first.to !== entry.to)
    throw unreadable(run, entry, first?.to ?? 'nothing');
  replay.queue.unshift(...followUps);
  if (entry.event === 'run.retried') retryAgain(replay, entry, position);
  feedRecorded(replay, draft);
  for (const { seq, event } of draft.history.slice(1)) consequences.set(seq, event);
  resume(run, entry);
}

function draftOf({ run, watch: { onTransition } }: Replay, { seq, atMs }: HistoryEntry): Draft {
  run.state = { ...run.state, seq: seq - 1 };
  const tools = { nowMs: atMs, token: () => `replayed/${seq}`, random: () => 0 };
  return {
    ...beginDraft(run, tools),
    ...(onTransition === undefined
      ? {}
      : { onTransition: (before, event) => onTransition(before, event, seq) }),
  };
}

/** The entry as the event it was. */
function pastOf(run: LiveRun, entry: HistoryEntry): Incoming {
  const { data, step, error, attempt } = entry;
  const delayMs = data?.['delayMs'];
  const why = data?.['why'];
  return {
    event: eventOf(entry),
    actor: entry.actor,
    ...(step === null || step.startsWith('$') ? {} : { step }),
    ...(attempt === null ? {} : { attempt }),
    ...settlesOf(run, entry),
    ...(error === null ? {} : { error }),
    ...(data === null ? {} : { data }),
    ...(typeof delayMs === 'number' ? { delayMs } : {}),
    ...(typeof why === 'string' ? { why } : {}),
    past: entry,
    lenient: true,
  };
}

function settlesOf(
  run: LiveRun,
  entry: HistoryEntry,
): Pick<Incoming, 'settles' | 'isFinalFailure' | 'unread'> {
  const { step, settles, event, output = null } = entry;
  if (settles === 'failed')
    return {
      isFinalFailure: true,
      ...(entry.output === undefined ? {} : { unread: entry.output }),
    };
  if (settles !== 'complete' || step === null || step === 'completion' || step.startsWith('$'))
    return {};
  const isUndo = event.startsWith('undo.');
  return {
    settles: { value: isUndo ? undefined : restoreValue(run.definition, step, entry), output },
  };
}

function eventOf({ event, data, error }: HistoryEntry): ChartEvent {
  const said = Object.fromEntries(
    Object.entries(data ?? {}).filter(([name]) => eventFields.has(name)),
  );
  const failure =
    error === null ? {} : { failure: { retryable: false, ...error } as FailureOnRecord };
  return { type: event, ...said, ...failure };
}

type FailureOnRecord = FailureSummary & JsonObject;

const eventFields: ReadonlySet<string> = new Set([
  'outcome',
  'decider',
  'mode',
  'reason',
  'undo',
  'acceptNotUndone',
  'maxAttempts',
]);

function retryAgain({ run, entries }: Replay, entry: HistoryEntry, position: number): void {
  const { generation } = run.state;
  const before = entries
    .slice(0, position)
    .filter((other) => other.generation === generation && other.settles !== null);
  const material = retryMaterialOf(before);
  const children = entries[position + 1]?.data?.['children'];
  const failedChildren =
    children === undefined ? material.failedChildren : new Map(Object.entries(children as object));
  beginAgain(run, entry.data?.['afresh'] === true, { ...material, failedChildren });
}

/** What a retry found recorded left no entries: it is fed through again as then. */
function feedRecorded({ queue, run }: Replay, draft: Draft): void {
  while (queue[0]?.replayed !== undefined) {
    const [next] = queue.splice(0, 1);
    if (next !== undefined) queue.unshift(...applyOne(draft, next));
  }
  if (queue.length === 0 && draft.history[0]?.event !== 'run.retried') run.recorded = null;
}

/** Events that have their entries now are no longer waited for. */
function dropOvertaken(replay: Replay, { event }: HistoryEntry): void {
  if (event === 'run.faulted') return;
  const at = replay.queue.findIndex(
    ({ event: { type } }) => type === event || `${type}.late` === event,
  );
  replay.queue.splice(0, at === -1 ? replay.queue.length : at + 1);
}

/** A stored snapshot is the truth, should an entry of an older version lack an input. */
function resume(run: LiveRun, { snapshot }: HistoryEntry): void {
  if (snapshot === undefined) return;
  run.snapshot = fromStored(run.definition.compiled, snapshot as JsonObject);
}

function moveOn(run: LiveRun, entry: HistoryEntry): void {
  const status = statusOf(run.snapshot);
  const { state } = run;
  const hasEnded = isTerminal(status);
  if (hasEnded && state.pausedAtMs !== null)
    run.open = run.open.map((item) => begun(released(item, entry.atMs)));
  run.state = {
    ...state,
    status,
    seq: entry.seq,
    headHash: entry.hash,
    updatedAtMs: entry.atMs,
    pausedAtMs: hasEnded ? null : state.pausedAtMs,
    finishedAtMs: hasEnded ? (state.status === status ? state.finishedAtMs : entry.atMs) : null,
  };
}

function movedOn(run: LiveRun, { seq }: HistoryEntry): SignalboxError {
  const runId = run.header.id;
  return new SignalboxError(
    'HISTORY_UNREADABLE',
    `Run "${runId}" moved to another version at entry ${seq}; moments after it are not recomputed`,
    {
      details: { runId, seq },
      hint: `Look at a moment before entry ${seq}, or at the run as it is`,
    },
  );
}

function unreadable(run: LiveRun, entry: HistoryEntry, found: string): SignalboxError {
  const runId = run.header.id;
  return new SignalboxError(
    'HISTORY_UNREADABLE',
    `Entry ${entry.seq} of run "${runId}", "${entry.event}", led to "${entry.to}" then and leads to "${found}" now`,
    {
      details: { runId, seq: entry.seq },
      hint: 'Values it was decided on may have been erased, or the history was changed: see "signalbox audit verify"',
    },
  );
}
