import type { AnyMachineSnapshot } from 'xstate';
import type { RunStatus } from '../plan/plan.ts';
import type { Facts } from '../plan/settle.ts';

/** Why a step or run failed, as far as the chart and people need it. */
export interface FailureSummary {
  /** Step or node that failed; `run` for the run's own time limit. */
  readonly step: string;
  readonly name: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly code?: string;
  readonly cause?: { readonly name: string; readonly message: string };
}

/** Who decides a review, and who may. */
export interface Decider {
  readonly actor: string;
  readonly groups: readonly string[];
  /** People or groups the review is assigned to; `null`: anyone. */
  readonly assignees: readonly string[] | null;
  /** People who must not decide, neither themselves nor in the place of others. */
  readonly excluded: readonly string[];
  /** In whose place the actor decides. */
  readonly onBehalfOf?: string;
  /** Who has asked the actor to decide in their place. */
  readonly delegatedBy?: readonly string[];
  /** Whose approval counts already: the people, and those in whose place they gave it. */
  readonly approvedBy?: readonly string[];
  /** Approvals that count already. */
  readonly given?: number;
  /** The groups of each of those who gave them, where it matters. */
  readonly givenFrom?: readonly (readonly string[])[];
  /** The groups that the approval counts for, if they are not the actor's: those of whom they stand in for. */
  readonly countsFor?: readonly string[];
  /** Whose rejection counts already, and how many there are. */
  readonly rejectedBy?: readonly string[];
  readonly rejections?: number;
  /** Who holds the review, so that nobody else decides it meanwhile. */
  readonly claimedBy?: string;
}

/**
 * What a run receives. Types are `noun.participle`: `diagnosis.completed`, `approval.decided`, `cooldown.fired`, `run.cancelled`.
 * Everything a transition depends on is in here, so that a history can be replayed.
 */
export interface ChartEvent {
  readonly type: string;
  readonly facts?: Facts;
  readonly failure?: FailureSummary;
  /** A function of the definition failed at the start. */
  readonly faulted?: boolean;
  /** Undo entries a completed step adds; by default one, if it can be undone at all. */
  readonly undo?: number;
  readonly outcome?: 'approved' | 'rejected';
  readonly decider?: Decider;
  readonly mode?: 'drain' | 'abort';
  readonly reason?: string;
  readonly acceptNotUndone?: boolean;
  /** Attempts an undo may take in all; the policy of the entry being undone. */
  readonly maxAttempts?: number;
}

/** What a transition asks for, in order. `step` is `completion` for the closing review and `run` for the run itself. */
export type Effect =
  | { readonly type: 'attempt'; readonly step: string; readonly fallback: boolean }
  | { readonly type: 'child'; readonly step: string }
  | { readonly type: 'map'; readonly step: string }
  | { readonly type: 'emit'; readonly step: string }
  | { readonly type: 'await'; readonly step: string }
  /** `inDoubt`: whether an attempt took effect, of the fallback if that is set. */
  | {
      readonly type: 'review';
      readonly step: string;
      readonly inDoubt: boolean;
      readonly fallback?: boolean;
    }
  /** One approval of several has been given. */
  | { readonly type: 'vote'; readonly step: string }
  /** One rejection of several has been given. */
  | { readonly type: 'object'; readonly step: string }
  /** `level`, from 1: others are asked as well. */
  | { readonly type: 'escalate'; readonly step: string; readonly level: number }
  /** A policy may decide the review at once. */
  | { readonly type: 'decide'; readonly step: string }
  /** The timer's event is `step.name`. */
  | { readonly type: 'timer'; readonly step: string; readonly name: string }
  /** Reviews, waits and timers of the step are over; with `name` that timer, or its `review`, alone. */
  | { readonly type: 'withdraw'; readonly step: string; readonly name?: string }
  /** The running attempt's result no longer counts. */
  | { readonly type: 'abandon'; readonly step: string }
  | { readonly type: 'skip'; readonly step: string }
  /** No further work is started; `abort` also signals what runs. */
  | { readonly type: 'stop'; readonly mode: 'drain' | 'abort'; readonly running: readonly string[] }
  /** Undo entry `position`, counted from 0 in reverse order of completion. */
  | { readonly type: 'undo'; readonly position: number }
  | { readonly type: 'finish' };

/** What became of a snapshot by an event. */
export interface Advance {
  readonly snapshot: AnyMachineSnapshot;
  readonly from: RunStatus;
  readonly to: RunStatus;
  readonly effects: readonly Effect[];
}
