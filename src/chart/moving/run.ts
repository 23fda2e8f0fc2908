/** What judging a move needs to know of a run and of the code it would go on with. */
import type { Json, JsonObject } from '../../plan/json.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type { Evaluate } from '../../plan/settle.ts';

/** An entry of the history that settles a step, in names of the version the run is on. */
export interface RecordedEntry {
  readonly step: string | null;
  readonly event: string;
  readonly actor: string;
  readonly settles: 'complete' | 'skipped' | 'failed' | null;
  readonly output?: Json;
  readonly error: JsonObject | null;
  readonly data: JsonObject | null;
}

/** Something the run waits for now. */
export interface OpenThing {
  readonly kind: string;
  readonly step?: string;
  readonly name?: string;
  readonly event?: string;
  readonly attempt?: number;
}

export interface StandingRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly startedAtMs: number;
  readonly hasEnded: boolean;
  /** The stored part of the snapshot: `value` and `context`. */
  readonly snapshot: JsonObject;
  readonly input: Json;
  readonly data: JsonObject;
  readonly open: readonly OpenThing[];
  /** Of the present generation, ascending. */
  readonly entries: readonly RecordedEntry[];
  /** Steps of which an attempt succeeded after it had been given up. */
  readonly late: readonly string[];
}

/** The functions of the new version; values are as its code sees them. */
export interface Code {
  restore(step: string, stored: Json, isFallback: boolean): unknown;
  input(stored: Json): unknown;
  readonly evaluate: Evaluate;
}
