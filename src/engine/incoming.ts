import type { ChartEvent, FailureSummary } from '../chart/events.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { type LiveRun, restoreValue } from './live-run.ts';

/** An event on its way into a run, with what the history keeps of it. */
export interface Incoming {
  readonly event: ChartEvent;
  readonly actor: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly durationMs?: number;
  readonly inputHash?: string;
  /** Settles `step`: the value its consumers see, and its stored form. */
  readonly settles?: { readonly value: unknown; readonly output: Json };
  /** What the step yielded although nothing may read it, because a function that does has failed: its undo needs it. */
  readonly unread?: Json;
  /** The step has failed for good, or an undo could not be done. */
  readonly isFinalFailure?: boolean;
  readonly error?: JsonObject;
  readonly data?: JsonObject;
  /** Wait before the next attempt, for the timer the chart asks for. */
  readonly delayMs?: number;
  readonly why?: string;
  /** Comes from the record of an earlier pass: no second entry is written. */
  readonly replayed?: HistoryEntry;
  /** It has happened before: what was decided on then stands in this entry, and is not asked for again. */
  readonly past?: HistoryEntry;
  /** Kept as a note if no transition accepts it any more. */
  readonly lenient?: boolean;
}

/** A function of the definition failed: the run does, at that node. */
export function faulted(failure: FailureSummary): Incoming {
  return {
    event: { type: 'run.faulted', failure },
    actor: 'definition',
    error: { name: failure.name, message: failure.message, step: failure.step },
    lenient: true,
  };
}

/** What a person said of an attempt in doubt, as the attempt itself would have said it: that is what the chart waits for at first. */
const verdicts: ReadonlyMap<string, string> = new Map([
  ['.happened', '.completed'],
  ['.given_up', '.failed'],
]);

/** How a step was settled before, as an event that settles it again. */
export function replayOf(run: LiveRun, step: string): Incoming | null {
  const entry = run.recorded?.get(step);
  if (entry === undefined) return null;
  const ending = entry.event.slice(step.length);
  const { data } = entry;
  const failure = entry.error === null ? undefined : (entry.error as unknown as FailureSummary);
  return {
    event: {
      type: `${step}${verdicts.get(ending) ?? ending}`,
      ...(failure === undefined ? {} : { failure: { ...failure, retryable: false } }),
      ...(data?.['outcome'] === undefined
        ? {}
        : { outcome: data['outcome'] === 'approved' ? 'approved' : 'rejected' }),
      ...(data?.['decider'] === undefined ? {} : { decider: data['decider'] as never }),
      ...(typeof data?.['undo'] === 'number'
        ? { undo: run.reusedFrom === null ? data['undo'] : 0 }
        : {}),
    },
    actor: entry.actor,
    step,
    settles: { value: restoreValue(run.definition, step, entry), output: entry.output ?? null },
    ...(run.reusedFrom === null ? { replayed: entry } : reused(entry, run.reusedFrom)),
  };
}

/** What was done in another run is that run's to undo. */
function reused(entry: HistoryEntry, runId: string): Partial<Incoming> {
  const { data, error, inputHash, seq } = entry;
  const kept = Object.fromEntries(Object.entries(data ?? {}).filter(([name]) => told.has(name)));
  const pointer = seq === 0 ? { given: true } : { reused: { runId, seq } };
  return {
    ...(inputHash === null ? {} : { inputHash }),
    ...(error === null ? {} : { error }),
    data: { ...kept, ...pointer },
  };
}

/** What a reused entry says besides what the event itself says again. */
const told: ReadonlySet<string> = new Set([
  'fallback',
  'form',
  'comment',
  'shownHash',
  'signal',
  'verdict',
]);
