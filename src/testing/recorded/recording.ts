/** A run that has happened, as what came into it from outside: enough to let it happen again, on any engine. */

import type { Decision } from '../../orchestrator.ts';
import type { Json } from '../../plan/json.ts';
import type { Priority } from '../../plan/plan.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';

/** What somebody or something did. `answer` is an attempt that ended, `items` a map whose items may answer, `undo` an undo that ended. */
export type Move =
  | { readonly kind: 'answer'; readonly step: string; readonly outcome: AttemptOutcome }
  | { readonly kind: 'items'; readonly step: string }
  | { readonly kind: 'undo'; readonly outcome: AttemptOutcome }
  | { readonly kind: 'decide'; readonly step: string; readonly decision: Decision }
  | {
      readonly kind: 'claim' | 'release' | 'delegate' | 'assign';
      readonly step: string;
      readonly options: Handling;
    }
  | {
      readonly kind: 'resolveUndo';
      readonly step: string;
      readonly options: { readonly actor: string; readonly reason: string };
    }
  | {
      readonly kind: 'signal';
      readonly event: string;
      readonly payload: Json;
      readonly id: string;
      readonly actor: string;
    }
  | {
      readonly kind: 'cancel';
      readonly options: {
        readonly actor: string;
        readonly mode?: 'drain' | 'abort';
        readonly reason?: string;
      };
    }
  | {
      readonly kind: 'retry';
      readonly options: {
        readonly actor: string;
        readonly acceptNotUndone?: boolean;
        readonly reason?: string;
      };
    }
  | { readonly kind: 'pause' | 'resume'; readonly options: { readonly actor: string } };

/** What somebody did with an open review without deciding it. */
export interface Handling {
  readonly actor: string;
  readonly reason?: string;
  readonly groups?: readonly string[];
  /** Of a claim. */
  readonly forMs?: number;
  readonly takeOver?: boolean;
  /** Of a delegation, its one; of an assignment. */
  readonly to?: readonly string[];
}

/** An entry of a recorded history. */
export interface RecordedEntry {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly event: string;
  /** Status of the run after it. */
  readonly status: string;
  /** What brought it about; absent: the run itself, or time. */
  readonly move?: Move;
}

/** A run of a recording: its history, and what its tasks answered. */
export interface RecordedRun {
  readonly runId: string;
  readonly entries: readonly RecordedEntry[];
  /** Answers of the items of maps, by `step/index/task`. */
  readonly items: { readonly [path: string]: AttemptOutcome };
}

/** A run with its children, complete enough to be led the same way again; plain JSON. */
export interface Recording {
  readonly workflow: string;
  readonly version: number;
  readonly input: Json;
  readonly actor: string | null;
  readonly labels: { readonly [name: string]: string };
  readonly priority: Priority;
  readonly startAtMs: number | null;
  /** The run itself first, then its children. */
  readonly runs: readonly RecordedRun[];
}

/** How a run went: each event with the status after it, `charge.completed: processing`, and how it ended. */
export interface Course {
  readonly events: readonly string[];
  readonly status: string;
  /** Output of a complete run; `null` otherwise. */
  readonly output: Json;
  readonly failure: string | null;
  readonly undone: readonly string[];
  readonly notUndone: readonly string[];
}

/** Notes that depend on who else was there, or on how fast they were. */
export function isCompared(event: string): boolean {
  return event !== 'decision.refused' && !event.endsWith('.late');
}
