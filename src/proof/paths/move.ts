/** One thing that happens to a run on a path, and what a step came to. */

/** An event of the chart with what its guards distinguish; values are found when the path is played. */
export interface Move {
  /** Event of the chart, such as `charge.failed`. */
  readonly type: string;
  /** Step it is about; `completion` for the closing review, `run` and `undo` for the run itself. */
  readonly step: string;
  /** Of a failed attempt or undo. `stopped`: it fails by itself, never begun or declared irreversible. */
  readonly failure?: 'transient' | 'permanent' | 'declared' | 'stopped';
  /** Of a declared failure. */
  readonly code?: string;
  readonly outcome?: 'approved' | 'rejected';
  readonly mode?: 'drain' | 'abort';
  /** A function of the definition throws while the event is taken in. */
  readonly faulted?: true;
}

/** What a step has come to; it stands for its value wherever that is not known. */
export interface StepEnding {
  readonly step: string;
  readonly ending:
    | 'completed'
    | 'failed'
    | 'approved'
    | 'rejected'
    | 'expired'
    | 'received'
    | 'timed_out'
    | 'fired'
    | 'skipped'
    | (string & {});
  /** A policy decided, not a person. */
  readonly byPolicy?: true;
}

/** `charge.failed (transient)` */
export function textOf({ type, failure, code, outcome, mode, faulted }: Move): string {
  const how = faulted === true ? 'a function throws' : (code ?? failure ?? outcome ?? mode);
  return how === undefined ? type : `${type} (${how})`;
}
