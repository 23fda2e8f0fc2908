import type { Facts } from '../plan/settle.ts';
import type { FailureSummary } from './events.ts';

/** What the chart remembers beside its state. Its size follows the width of the workflow, never the number of steps done. */
export interface ChartContext {
  /** Facts that a state not yet left reads. */
  readonly facts: Facts;
  /** Steps of the present parallel stage that other regions wait for and that have settled. */
  readonly settled: { readonly [step: string]: true };
  /** Steps whose attempt, child or map is under way. */
  readonly running: readonly string[];
  /** Failed attempts of steps that may try again. */
  readonly attempts: { readonly [step: string]: number };
  /** Steps whose last attempt ended without a verdict nobody has given since. */
  readonly doubts: readonly string[];
  /** Entries of the undo list so far. */
  readonly undoable: number;
  readonly failure: FailureSummary | null;
  readonly cancel: { readonly mode: 'drain' | 'abort'; readonly reason: string | null } | null;
  readonly undo: {
    readonly position: number;
    readonly failed: number;
    readonly attempts: number;
  } | null;
}

/** A step may be called `toString`: only what the record itself holds counts. */
export function attemptsOf(context: ChartContext, step: string): number {
  return Object.hasOwn(context.attempts, step) ? (context.attempts[step] ?? 0) : 0;
}

export const initialContext: ChartContext = {
  facts: {},
  settled: {},
  running: [],
  attempts: {},
  doubts: [],
  undoable: 0,
  failure: null,
  cancel: null,
  undo: null,
};
