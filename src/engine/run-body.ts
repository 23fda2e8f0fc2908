/** What the engine keeps of a run beside header and indexes: the envelope of its snapshot, what it waits for, and its small state. */

import { SignalboxError } from '../errors.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { GroupShare } from '../plan/plan.ts';
import type { Message } from '../ports/store.ts';
import type { RunOutcome } from './run-outcome.ts';

/** Raised when stored bodies change shape; a newer one is refused. */
export const bodyFormat = 2;
/** What a run that has never moved to another version is written in: engines that know no moves read it. */
export const plainFormat = 1;

type Timed = {
  /** When the engine must act; `null` while the run is paused or if there is no limit. */
  readonly dueAtMs: number | null;
  /** Set while the run is paused: what is left of the wait. */
  readonly remainingMs?: number;
  /** A work that came up while the run, its workflow or everything was paused and has not begun. */
  readonly held?: true;
};

/** Something the run waits for now. There is at most one per step and kind. */
export type OpenItem =
  | (Timed & {
      readonly kind: 'timer';
      readonly step: string;
      readonly name: string;
      readonly sinceMs: number;
      readonly why?: string;
    })
  | (Timed & {
      readonly kind: 'attempt';
      readonly step: string;
      readonly fallback: boolean;
      /** From 1; grows with each retry, not with each crash. */
      readonly attempt: number;
      /** Fence of this attempt: a result that carries another one is late. */
      readonly token: string;
      /** Times it was handed out; more than one after a crash, none if its process closed before it could. */
      readonly dispatches: number;
      readonly sinceMs: number;
    })
  | (Timed & {
      readonly kind: 'undo';
      readonly position: number;
      readonly attempt: number;
      readonly token: string;
      readonly dispatches: number;
      readonly sinceMs: number;
    })
  | (Timed & {
      readonly kind: 'review';
      readonly step: string;
      readonly inDoubt: boolean;
      /** Of a review in doubt: it was the fallback that gave no verdict. */
      readonly fallback?: true;
      readonly sinceMs: number;
      readonly assignees: readonly string[] | null;
      readonly excluded: readonly string[];
      /** What the reviewer is shown, and its SHA-256. */
      readonly shown: Json;
      readonly shownHash: string;
      readonly reminders: number;
      readonly remindAtMs: number | null;
      /** Set while the run is paused: what is left until the next reminder. */
      readonly remindInMs?: number;
      /** Approvals it takes; absent: one. */
      readonly approvals?: number;
      /** Groups that some of them must come from. */
      readonly from?: readonly GroupShare[];
      /** Approvals given so far, each by another person. */
      readonly votes?: readonly GivenVote[];
      /** Rejections that close it; absent: one. */
      readonly rejections?: number;
      /** Rejections given so far, each by another person. */
      readonly objections?: readonly GivenVote[];
      readonly claim?: HeldClaim;
      readonly delegations?: readonly GivenDelegation[];
      /** Whom its escalations have named, in order. */
      readonly escalatedTo?: readonly string[];
    })
  | (Timed & {
      readonly kind: 'event';
      readonly step: string;
      readonly event: string;
      readonly where: JsonObject;
      readonly sinceMs: number;
    })
  | (Timed & {
      readonly kind: 'child';
      readonly step: string;
      readonly runId: string;
      readonly sinceMs: number;
    })
  | (Timed & {
      readonly kind: 'map';
      readonly step: string;
      readonly token: string;
      readonly stopping: boolean;
      /** Times it was taken up; absent: once. */
      readonly dispatches?: number;
      /** It was held back when items of it had begun. */
      readonly hasBegun?: true;
      readonly sinceMs: number;
    })
  /** A task beside the run: the one that is told of its failure, or one that tells people of an open review. */
  | (Timed & {
      readonly kind: 'notice';
      /** Absent: the failure of the run. */
      readonly about?: ReviewMessage;
      readonly attempt: number;
      readonly token: string;
      /** Times it was taken up; absent: once. */
      readonly dispatches?: number;
      readonly sinceMs: number;
    });

/** What people are told of an open review; `number` counts rounds of reminders or levels of escalation, from 1. */
export type ReviewMessage = {
  readonly step: string;
  readonly kind: 'reminder' | 'escalation';
  readonly number: number;
  /** When the review opened: a later one of the same step has messages of its own. */
  readonly openedAtMs: number;
};

/** One approval or rejection of several. */
export type GivenVote = {
  readonly actor: string;
  /** The groups it may count for; absent: none that matters. */
  readonly groups?: readonly string[];
  /** Whose approval it counts as, if not the actor's own. */
  readonly onBehalfOf?: string;
  readonly atMs: number;
  readonly comment?: string;
};

/** Meanwhile nobody else decides the review. */
export type HeldClaim = {
  readonly by: string;
  readonly atMs: number;
  /** `null`: until it is released. */
  readonly untilMs: number | null;
  readonly reason?: string;
};

/** `to` may decide in the place of `from`. */
export type GivenDelegation = {
  readonly from: string;
  readonly to: string;
  /** Of `from`, at that time. */
  readonly groups?: readonly string[];
  readonly atMs: number;
  readonly reason?: string;
};

/** A signal that came before anybody waited for it; its payload stands in the history under `seq`. */
export type Mail = {
  readonly id: string;
  readonly event: string;
  readonly payload: Json;
  readonly actor: string;
  readonly atMs: number;
};

export type RunBody = {
  readonly format: number;
  readonly snapshot: JsonObject;
  readonly open: readonly OpenItem[];
  readonly mailbox: readonly Mail[];
  /** Declared run context. */
  readonly data: JsonObject;
  readonly milestones: readonly { readonly name: string; readonly atMs: number }[];
  readonly outcome: RunOutcome | null;
  /** The parent run that undid what this completed child had done. */
  readonly compensatedBy: string | null;
  /** Steps of which an attempt succeeded after it had been given up. */
  readonly late?: readonly LateSuccess[];
  /** Messages a pause holds back. */
  readonly held?: readonly HeldMessage[];
  /** How long runs of its workflow had stood still in all when its deadlines were written; absent: never. */
  readonly heldMs?: number;
  /** Versions the run was on before, oldest first. */
  readonly moves?: readonly MovedFrom[];
};

/** A version the run has left, and the last entry of the history that was written under it. */
export type MovedFrom = {
  readonly version: number;
  readonly planHash: string;
  readonly lastSeq: number;
};

/** An attempt that succeeded after it had been given up: of the task, or of its fallback. */
export type LateSuccess = { readonly step: string; readonly fallback: boolean };

/** An alias, not an interface, so that it counts as JSON. */
type HeldMessage = { readonly [K in keyof Message]: Message[K] };

/** @throws SignalboxError `STORE_TOO_NEW`, `RUN_DAMAGED` */
export function parseBody(runId: string, stored: JsonObject): RunBody {
  const { format } = stored;
  if (typeof format === 'number' && format > bodyFormat) {
    throw new SignalboxError(
      'STORE_TOO_NEW',
      `Run "${runId}" was written in format ${format}; this version reads up to ${bodyFormat}`,
      {
        details: { runId, format, supported: bodyFormat },
        hint: 'Use the newer version of signalbox, or one that is newer still',
      },
    );
  }
  const { snapshot, open } = stored;
  const isKnown = format === plainFormat || format === bodyFormat;
  if (!isKnown || snapshot === undefined || !Array.isArray(open)) {
    throw new SignalboxError('RUN_DAMAGED', `Run "${runId}" has no readable state`, {
      details: { runId },
    });
  }
  // Written by this module's users and guarded by the store's checksum.
  return stored as unknown as RunBody;
}
