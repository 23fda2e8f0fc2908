import type { JsonObject } from '../plan/json.ts';

export type CompensationOutcome = 'nothing' | 'complete' | 'partial' | 'impossible';

/** How a run that did not complete ended, truthfully: what was completed, undone, and not undone. */
export type RunOutcome = {
  /** `Workflow failed at step 'x': message` carries the original message. */
  readonly failure: {
    readonly step: string;
    readonly name: string;
    readonly message: string;
    readonly code?: string;
    readonly cause?: JsonObject;
  } | null;
  readonly cancelled: { readonly reason: string | null } | null;
  readonly completed: readonly string[];
  readonly undone: readonly string[];
  readonly notUndone: readonly { readonly step: string; readonly reason: string }[];
  /** What somebody has undone by hand, or accepted; absent: nothing. */
  readonly resolved?: readonly {
    readonly step: string;
    readonly actor: string;
    readonly reason: string;
  }[];
  readonly compensation: CompensationOutcome;
};
