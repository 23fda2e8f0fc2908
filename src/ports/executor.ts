import type { Json } from '../plan/json.ts';
import type { HandlerContext, TaskBinding, UndoHandlerContext } from './bindings.ts';

/** Why an attempt did not give a result. `cause` chains at most 5 deep; every text is bounded. */
export interface AttemptFailure {
  readonly name: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Nobody knows whether the effect happened. */
  readonly unclear: boolean;
  /** Set if the task declared the failure by `fail(code, detail)`. */
  readonly code?: string;
  readonly detail?: Json;
  readonly retryAfterMs?: number;
  readonly cause?: { readonly name: string; readonly message: string };
}

export type AttemptOutcome =
  | { readonly ok: true; readonly output: Json; readonly durationMs: number }
  | { readonly ok: false; readonly failure: AttemptFailure; readonly durationMs: number };

export interface AttemptRequest {
  readonly workflow: string;
  readonly version: number;
  readonly step: string;
  readonly task: TaskBinding;
  /** As wired, before the task's own schema has parsed it. */
  readonly input: unknown;
  readonly timeoutMs: number | undefined;
  readonly heartbeatTimeoutMs: number | undefined;
  /** Everything but `input`, `signal`, `resources`, `fail` and `heartbeat`, which the executor makes. */
  readonly context: Omit<HandlerContext, 'input' | 'signal' | 'resources' | 'fail' | 'heartbeat'>;
  readonly onHeartbeat: (details: Json) => void;
  /** Told if a handler that was out of time succeeds after all; executors that cannot know never call it. */
  readonly onLate?: (outcome: AttemptOutcome & { readonly ok: true }) => void;
  /** Aborted by the engine: run stopped, lease lost. */
  readonly signal: AbortSignal;
}

export interface UndoRequest {
  readonly task: TaskBinding;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Everything but `signal` and `resources`; `input` as wired. */
  readonly context: Omit<UndoHandlerContext, 'signal' | 'resources'>;
}

/** How far a task is isolated. Never rejects: whatever a handler does is an outcome. */
export interface Executor {
  attempt(request: AttemptRequest): Promise<AttemptOutcome>;
  undo(request: UndoRequest): Promise<AttemptOutcome>;
  /**
   * The run needs nothing for now: it has ended, waits, or is another process's. What was opened for it (`task.resources`) where its attempts
   * execute is closed; a later attempt opens it again. Asked only for runs that may have something open. May come twice. Never rejects.
   */
  release?(runId: string): Promise<void>;
  /** Closes what is open, of any run. Never rejects. */
  close?(): Promise<void>;
}
