import type { Settings } from '../../../src/index.ts';
import type { Occurrence } from '../../../src/testing/kill/occurrence.ts';
import type { StorePlace } from '../../../src/testing/kill/remains.ts';

/** What a child process is to do; the only argument it gets, as JSON. */
export interface Assignment {
  readonly store: StorePlace;
  /** Started under their keys, which changes nothing if they are there. */
  readonly runs: readonly {
    readonly workflow: string;
    readonly input: unknown;
    readonly key: string;
  }[];
  /** Kills itself at this place; `null`: at none. */
  readonly killAt: Occurrence | null;
  /** Where effects are noted, a line each. */
  readonly effectsFile: string;
  /** Message-IDs of the mails that have arrived, by which it answers what became of an attempt. */
  readonly arrived: readonly string[];
  readonly settings: Partial<Settings>;
  /** Closes the orchestrator when it is told to end, within this grace. Without it the process ends at once. */
  readonly graceMs: number | null;
  /** Pauses everything whenever somebody is asked, answers meanwhile, and resumes. */
  readonly pausesAll?: true;
  /** Ends when these runs have ended; default: when all have. */
  readonly until?: readonly string[];
}

/** A line of the output of a child process. */
export type Line =
  | { readonly type: 'opened' }
  | { readonly type: 'died'; readonly place: string }
  /** A call was answered: what it did must never be lost. */
  | { readonly type: 'promised'; readonly runId: string; readonly event: string }
  /** Everything is paused, or goes on: acknowledged as well. */
  | { readonly type: 'switched'; readonly isPaused: boolean }
  | { readonly type: 'ended'; readonly places: readonly string[] }
  /** It has been told to end; what ends from here on ends within the grace. */
  | { readonly type: 'closing' }
  | { readonly type: 'closed'; readonly afterMs: number };

export interface NotedEffect {
  readonly kind: 'run' | 'undo';
  readonly runId: string;
  readonly step: string;
  readonly key: string;
  readonly attempt: number;
}
