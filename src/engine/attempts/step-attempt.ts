import type { TaskCall, TaskStep } from '../../plan/plan.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { OpenItem } from '../run-body.ts';

/** One attempt of a task of a run. */
export interface StepAttempt {
  readonly runId: string;
  readonly node: TaskStep;
  /** The task itself, or the fallback that stands in for it. */
  readonly call: TaskCall;
  readonly item: Extract<OpenItem, { kind: 'attempt' }>;
}

/** What came of an attempt, or stood in for it. */
export type AttemptEnd =
  | {
      readonly outcome: AttemptOutcome;
      /** `null` if the task was not run, or its result came too late. */
      readonly inputHash: string | null;
    }
  /** Put off: it made no request. */
  | { readonly outcome: null; readonly delayMs: number; readonly why: string };

/** That of a task which was not run. */
export function withoutRunning(outcome: AttemptOutcome): AttemptEnd {
  return { outcome, inputHash: null };
}
