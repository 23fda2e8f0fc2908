/** What a walk along the chart carries with it. */
import type { AnyMachineSnapshot } from 'xstate';
import type { CompiledChart } from '../../chart/advance.ts';
import type { ChartEvent } from '../../chart/events.ts';
import type { TracedAdvance } from '../../chart/transitions.ts';
import type { Plan } from '../../plan/plan.ts';
import type { PlanIndex, Progress } from '../../plan/settle.ts';
import type { Move, StepEnding } from './move.ts';
import type { Profile } from './profiles.ts';
import type { PathTimer } from './timers.ts';
import type { UndoWork } from './undo.ts';

/**
 * What a condition says once its sources are known; `undefined` if it depends on more.
 *
 * @param endings - how its sources have ended
 */
export type Predict = (predicate: string, endings: readonly StepEnding[]) => boolean | undefined;

export interface Walk {
  readonly plan: Plan;
  readonly compiled: CompiledChart;
  readonly index: PlanIndex;
  readonly profile: Profile;
  readonly predict: Predict;
  /** What a completed child leaves to undo, in order of completion. */
  readonly inChild: (step: string) => readonly UndoWork[];
  /** A child that waits for nothing is over as soon as it has begun. */
  readonly endsAtOnce: (step: string) => boolean;
  readonly advance: (snapshot: AnyMachineSnapshot, event: ChartEvent) => TracedAdvance | null;
}

export interface WalkState {
  readonly snapshot: AnyMachineSnapshot;
  readonly progress: Progress;
  readonly timers: readonly PathTimer[];
  readonly nowMs: number;
  /** In order of completion. */
  readonly done: readonly UndoWork[];
  /** Steps settled by an event, for a retry that goes on where the run failed. */
  readonly settledBy: ReadonlyMap<string, Move>;
  /** Approvals that open reviews have so far. */
  readonly votes: ReadonlyMap<string, number>;
  /** Counts retries, from 1. */
  readonly round: number;
  /** Steps at which the path left the main line. */
  readonly detours: readonly string[];
  /** Steps begun in the transition that stopped the run: nobody works on them. */
  readonly neverBegun: readonly string[];
  /** Functions of the author were asked by the event itself, not by what followed from it. */
  readonly hasAsked: boolean;
  /** Transitions of the chart that led here from the state before. */
  readonly taken: readonly string[];
  /** Events of the chart that led here, those that follow by themselves included. */
  readonly trail: readonly string[];
  /** Answers of the author's functions on the way here. */
  readonly facts: { readonly [id: string]: boolean | string };
}
