/** One commit in the making: what the events applied so far add to history, open items, messages and commands. */
import type { AnyMachineSnapshot } from 'xstate';
import { statusOf, toStored } from '../chart/advance.ts';
import type { ChartEvent } from '../chart/events.ts';
import { migrationStep } from '../chart/moving/record.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type {
  HistoryEntry,
  Lease,
  Message,
  MessageAnswer,
  RunCommit,
  RunState,
} from '../ports/store.ts';
import { chainEntry, type EntryDraft } from './history-entry.ts';
import type { Hold } from './holds.ts';
import type { LiveRun } from './live-run.ts';
import { begun, held, isHeldBack, isWork, postponed, released } from './pausing.ts';
import { bodyFormat, type OpenItem, plainFormat, type RunBody } from './run-body.ts';
import { standingOf } from './standing.ts';

/** What is to be done once the commit is durable. */
export type Command =
  | { readonly type: 'attempt'; readonly step: string }
  | { readonly type: 'undo' }
  | { readonly type: 'map'; readonly step: string }
  | { readonly type: 'stopMap'; readonly step: string }
  | { readonly type: 'abort'; readonly step: string }
  | { readonly type: 'notice' }
  /** Looks for works of the run that nobody is at. */
  | { readonly type: 'look' };

/** Where ids, draws and the time of an apply come from. */
export interface Tools {
  readonly nowMs: number;
  token(): string;
  random(): number;
}

export interface Draft {
  readonly run: LiveRun;
  readonly tools: Tools;
  readonly history: HistoryEntry[];
  readonly messages: Message[];
  readonly answers: MessageAnswer[];
  readonly commands: Command[];
  /** What holds the runs of its workflow: nothing more of the run begins. */
  readonly hold: Hold | null;
  /** Told of each transition before it is taken. */
  readonly onTransition?: (before: AnyMachineSnapshot, event: ChartEvent) => void;
  seq: number;
  headHash: string;
}

export function beginDraft(run: LiveRun, tools: Tools, hold: Hold | null = null): Draft {
  return {
    run,
    tools,
    history: [],
    messages: [],
    answers: [],
    commands: [],
    hold,
    seq: run.state.seq,
    headHash: run.state.headHash,
  };
}

/** Every so many entries the snapshot is kept, so that a past state is recomputed from the one before it. */
export const checkpointEvery = 64;

export function record(draft: Draft, entry: EntryDraft): HistoryEntry {
  const { run } = draft;
  const hasValue = entry.output !== undefined || entry.inputHash !== undefined;
  draft.seq += 1;
  const place = {
    seq: draft.seq,
    generation: run.state.generation,
    previousHash: draft.headHash,
  };
  const chained = chainEntry(entry, place, hasValue ? draft.tools.token() : '');
  draft.headHash = chained.hash;
  const kept =
    draft.seq % checkpointEvery === 0 || entry.step === migrationStep
      ? { ...chained, snapshot: toStored(run.snapshot) }
      : chained;
  draft.history.push(kept);
  return kept;
}

/** A note in the history that changes nothing: a refused decision, a late result. */
export function annotate(
  draft: Draft,
  entry: {
    event: string;
    actor: string;
    step?: string;
    attempt?: number;
    durationMs?: number;
    output?: Json;
    error?: JsonObject;
    data?: JsonObject;
  },
): HistoryEntry {
  const status = statusOf(draft.run.snapshot);
  return record(draft, { ...entry, atMs: draft.tools.nowMs, from: status, to: status });
}

export function openItem(draft: Draft, item: OpenItem): void {
  const { run, tools, hold } = draft;
  const isPaused = run.state.pausedAtMs !== null;
  const opened = isPaused ? held(item, tools.nowMs) : item;
  run.open = [...run.open, hold !== null && isWork(opened) ? { ...opened, held: true } : opened];
}

/**
 * Moves the deadlines of a run by what it has missed while its workflow, or everything, was paused.
 *
 * @param heldMs - how long runs of its workflow have stood still up to now, in all
 */
export function catchUp(draft: Draft, heldMs: number): void {
  const { run } = draft;
  const ms = heldMs - run.heldMs;
  // The clock may have gone back: what was counted once is not counted again.
  if (ms <= 0) return;
  run.heldMs = heldMs;
  if (run.state.revision === 0) return;
  run.open = run.open.map((item) => postponed(item, ms));
  // One that is paused by itself has no deadlines, one that has ended no more.
  if (run.state.pausedAtMs === null && run.state.finishedAtMs === null)
    annotate(draft, { event: 'run.held', actor: 'signalbox', data: { ms } });
}

/** Begins what was held while it was paused. */
export function takeUp(draft: Draft): void {
  if (draft.hold === null && draft.run.state.pausedAtMs === null) takeUpHeld(draft);
}

/** The same, whether or not something still holds the run. */
export function takeUpHeld(draft: Draft): void {
  const { run } = draft;
  const begin = run.open.filter((item) => item.held === true);
  if (begin.length === 0) return;
  run.open = run.open.map((item) => (item.held === true ? begun(item) : item));
  for (const item of begin) draft.commands.push(...commandsOf(item));
}

export function commandsOf(item: OpenItem): readonly Command[] {
  if (item.kind === 'attempt' || item.kind === 'map') return [{ type: item.kind, step: item.step }];
  return item.kind === 'undo' || item.kind === 'notice' ? [{ type: item.kind }] : [];
}

export function closeItems(draft: Draft, matches: (item: OpenItem) => boolean): void {
  if (draft.run.open.some(matches))
    draft.run.open = draft.run.open.filter((item) => !matches(item));
}

export function isStepItem(item: OpenItem, step: string): boolean {
  return 'step' in item && item.step === step;
}

export function earliestDue(open: readonly OpenItem[]): number | null {
  let earliest: number | null = null;
  for (const item of open) {
    const candidates = item.kind === 'review' ? [item.dueAtMs, item.remindAtMs] : [item.dueAtMs];
    for (const dueAtMs of candidates)
      if (dueAtMs !== null && (earliest === null || dueAtMs < earliest)) earliest = dueAtMs;
  }
  return earliest;
}

export interface SealOptions {
  readonly owner: string;
  readonly leaseMs: number;
}

/** Turns the draft into the one write that makes it true; the run in memory moves on with it. */
export function seal(draft: Draft, options: SealOptions): RunCommit {
  const { run, tools } = draft;
  const previous = run.state;
  const status = statusOf(run.snapshot);
  const finished = status === 'complete' || status === 'failed' || status === 'cancelled';
  // What has ended is not paused any more: what it still has to say, it says.
  const paused = previous.pausedAtMs !== null && !finished;
  if (previous.pausedAtMs !== null && finished) {
    run.open = run.open.map((item) => released(item, tools.nowMs));
    if (draft.hold === null) run.open = run.open.map(begun);
  }
  const keepsBack = paused || draft.hold !== null;
  const back = keepsBack ? draft.messages.filter(isHeldBack) : [];
  const messages = keepsBack
    ? draft.messages.filter((message) => !isHeldBack(message))
    : [...run.held, ...draft.messages];
  run.held = keepsBack ? [...run.held, ...back] : [];
  // Attempts that run when a run is paused end; their process keeps the run until then.
  const active = run.open.some((item) => isWork(item) && item.held !== true);
  const lease: Lease | null = active
    ? { owner: options.owner, expiresAtMs: tools.nowMs + options.leaseMs }
    : null;
  // A lease newly taken raises the epoch: whoever held one before can no longer write.
  const epoch =
    active && previous.lease?.owner !== options.owner ? previous.epoch + 1 : previous.epoch;
  const { standing: _before, ...kept } = previous;
  const pausedAtMs = paused ? previous.pausedAtMs : null;
  const standing = { status, open: run.open, pausedAtMs, value: run.snapshot.value };
  const dueAtMs = paused ? null : needsEngineAtMs(run, tools.nowMs);
  // Held, it is left alone until the hold is over: what is due of it then is found by these names.
  const wakeNames = dueAtMs === null || draft.hold === null ? [] : draft.hold.wakeNames;
  const state: RunState = {
    ...kept,
    revision: previous.revision + 1,
    epoch,
    lease,
    status,
    updatedAtMs: tools.nowMs,
    finishedAtMs: finished
      ? previous.status === status
        ? previous.finishedAtMs
        : tools.nowMs
      : null,
    pausedAtMs,
    seq: draft.seq,
    headHash: draft.headHash,
    active,
    dueAtMs: wakeNames.length === 0 ? dueAtMs : null,
    awaits: [
      ...run.open.flatMap((item) => (item.kind === 'event' ? [item.event] : [])),
      ...wakeNames,
    ],
    reviews: run.open.flatMap((item) => (item.kind === 'review' ? [item.step] : [])),
    ...(finished ? {} : { standing: standingOf(standing) }),
    body: bodyOf(run),
  };
  run.state = state;
  return {
    runId: run.header.id,
    expectedRevision: previous.revision,
    expectedEpoch: previous.epoch,
    header: previous.revision === 0 ? run.header : null,
    state,
    history: draft.history,
    claim: null,
    messages,
    answers: draft.answers,
    remember: [],
    durability: run.definition.plan.durability,
  };
}

/** When an engine must see to it, were it not held; at once if something waits to begin. */
function needsEngineAtMs(run: LiveRun, nowMs: number): number | null {
  const isWaiting = run.held.length > 0 || run.open.some((item) => item.held === true);
  return isWaiting ? nowMs : earliestDue(run.open);
}

/** What is stored of a run beside header and indexes. */
export function bodyOf(run: LiveRun): RunBody {
  return {
    format: run.moves.length === 0 ? plainFormat : bodyFormat,
    snapshot: toStored(run.snapshot),
    open: run.open,
    mailbox: run.mailbox,
    data: run.data,
    milestones: run.milestones,
    outcome: run.outcome,
    compensatedBy: run.compensatedBy,
    ...(run.late.length === 0 ? {} : { late: run.late }),
    ...(run.held.length === 0 ? {} : { held: run.held }),
    ...(run.heldMs === 0 ? {} : { heldMs: run.heldMs }),
    ...(run.moves.length === 0 ? {} : { moves: run.moves }),
  };
}
