/**
 * The chart as data: a statechart in the vocabulary of XState, in plain JSON. It is its own transition graph: what a state can do is what its
 * `on`, `always` and `onDone` list, in this order.
 */
import type { JsonObject } from '../plan/json.ts';
import type { Condition, GroupShare } from '../plan/plan.ts';

/** Guards by name; the params are all they read besides context and event. */
export type ChartGuard =
  /** The steps it waits for in other regions have settled, and its gates hold (`gates: true`) or not (`false`). */
  | {
      readonly type: 'ready';
      readonly params: {
        readonly settled: readonly string[];
        readonly conditions: readonly Condition[];
        readonly open: boolean;
      };
    }
  | {
      readonly type: 'retryable';
      readonly params: { readonly step: string; readonly maxAttempts: number };
    }
  | { readonly type: 'tolerated'; readonly params: { readonly codes: 'any' | readonly string[] } }
  | {
      readonly type: 'policy';
      readonly params: { readonly label: string; readonly condition: Condition | null };
    }
  | {
      readonly type: 'canDecide';
      readonly params: {
        readonly outcome: 'approved' | 'rejected' | 'any';
        readonly undo?: boolean;
        /** Approvals the review takes, if more than one; `isLast`: whether this one completes them, or the rejections. */
        readonly approvals?: number;
        /** Groups that some of them must come from. */
        readonly from?: readonly GroupShare[];
        /** Rejections that close it, if more than one. */
        readonly rejections?: number;
        readonly isLast?: boolean;
      };
    }
  | { readonly type: 'faulted' }
  | { readonly type: 'isRunning'; readonly params: { readonly step: string } }
  /** Nothing runs any more; `undo`: something is to be undone (`null`: either), `cancelled`: the run was cancelled rather than failed. */
  | {
      readonly type: 'stopped';
      readonly params: { readonly undo: boolean | null; readonly cancelled: boolean };
    }
  | { readonly type: 'somethingToUndo' }
  | { readonly type: 'nothingToUndo' }
  | { readonly type: 'undoLeft' }
  | { readonly type: 'undone'; readonly params: { readonly cancelled: boolean } }
  | { readonly type: 'undoRetryable' }
  | { readonly type: 'mayRetry' };

/** Assignments and effects by name. */
export interface ChartAction {
  readonly type: string;
  readonly params?: JsonObject;
}

export interface ChartTransition {
  readonly target?: string;
  readonly guard?: ChartGuard;
  readonly actions?: readonly ChartAction[];
}

export interface ChartState {
  readonly id?: string;
  readonly type?: 'parallel' | 'final';
  readonly initial?: string;
  readonly tags?: readonly string[];
  readonly description?: string;
  /** What the state stands for, for drawings and proofs. */
  readonly meta?: JsonObject;
  readonly entry?: readonly ChartAction[];
  readonly exit?: readonly ChartAction[];
  readonly on?: { readonly [event: string]: readonly ChartTransition[] };
  readonly always?: readonly ChartTransition[];
  readonly onDone?: readonly ChartTransition[];
  readonly states?: { readonly [name: string]: ChartState };
}

export interface Chart extends ChartState {
  readonly id: string;
  readonly initial: 'pending';
  readonly states: { readonly [name: string]: ChartState };
}
