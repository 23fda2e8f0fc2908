import type { Acknowledged } from '../crash/acknowledged.ts';
import type { Occurrence } from './occurrence.ts';
import type { StorePlace } from './remains.ts';

/** What is played, in words that another process understands. */
export interface KillTarget {
  /** URL of the module that exports the workflow. */
  readonly module: string;
  readonly workflow: string;
  readonly version: number;
  readonly coverage: 'transitions' | 'paths';
}

/** What a child process is to do; the only argument it gets, as JSON. */
export interface KillAssignment {
  readonly target: KillTarget;
  /** Name of the path. */
  readonly path: string;
  readonly store: StorePlace;
  /** Of the processes of this path, from 1. */
  readonly life: number;
  /** Wall time at which it begins, in milliseconds since 1970. */
  readonly startMs: number;
  /** Kills itself at this place; `null`: at none. */
  readonly killAt: Occurrence | null;
  /** Where effects are noted, a line each. */
  readonly effectsFile: string;
}

/** A line of the output of a child process. */
export type KillLine =
  | { readonly type: 'acknowledged'; readonly made: Acknowledged }
  | { readonly type: 'died'; readonly place: string }
  | {
      readonly type: 'ended';
      readonly places: readonly string[];
      readonly isUndecided: boolean;
    };
