/**
 * The functions and schemas a plan names. A plan is data and outlives deploys; bindings are code and are looked up by name when a run goes on.
 */
import type { Json, JsonSchema } from '../plan/json.ts';
import type { Plan } from '../plan/plan.ts';
import type { Logger } from './logger.ts';

export interface Issue {
  /** Keys from the root, `[]` being the value itself. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type ParseResult =
  | { readonly ok: true; readonly value: unknown; readonly stored: Json }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** A schema at work. `value` is what code sees; `stored` is its JSON form, from which `restore` gives an equal value. */
export interface Contract {
  /** Synchronous; never throws. A value that JSON cannot carry is an issue with its path. */
  parse(value: unknown): ParseResult;
  restore(stored: Json): unknown;
  /** What `parse` accepts, as far as JSON Schema can say it. */
  describe?(): JsonSchema;
}

/** A type alias, because an interface could not be wired into `z.json()`. */
export type RunInfo = {
  readonly runId: string;
  readonly workflow: string;
  readonly version: number;
  readonly startedAtMs: number;
};

/** State that outlives runs, as one attempt or undo reaches it. */
export interface EntityAccess {
  /** `null` if no command has changed it. */
  read(name: string, key: string): Promise<Json | null>;
  /**
   * Applies `next` to the state, once per `id`: a repetition gets the result of the first time. Commands of one key come one after the other.
   *
   * @param command.next - pure; called again if another process was faster. What it throws changes nothing
   * @throws SignalboxError `PAYLOAD_TOO_LARGE`, `LEASE_LOST` if the attempt no longer counts
   */
  change(command: {
    readonly name: string;
    readonly key: string;
    readonly id: string;
    readonly next: (current: Json | null) => { readonly state: Json; readonly output: Json };
  }): Promise<Json>;
}

/** What an attempt, forward or undo, gets besides its input. */
export interface AttemptInfo {
  /** From 1. */
  readonly attempt: number;
  /** Wall time at which the attempt began, in milliseconds since 1970, by the orchestrator's clock; 0 where a machine runs without one. */
  readonly startedAtMs: number;
  /** Stable over attempts and restarts: derived from run, step path and generation, or the task's own business key. */
  readonly idempotencyKey: string;
  /** Aborts when the attempt is out of time, cancelled or fenced off. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly run: RunInfo;
  /** For the commands of `defineEntity`, which are tasks of their own. */
  readonly entities: EntityAccess;
}

/** What `open` of a resource gets. */
export interface ResourceScope {
  readonly run: RunInfo;
  readonly log: Logger;
  /** Aborts if nobody needs it any more before it is open. */
  readonly signal: AbortSignal;
}

/** A connection or client: opened by the executor for a run, in its process; never stored. */
export interface ResourceBinding {
  readonly name: string;
  open(scope: ResourceScope): unknown;
  close(value: unknown): unknown;
}

export interface HandlerContext extends AttemptInfo {
  readonly input: unknown;
  /** By key of the task's `resources`. */
  readonly resources: { readonly [key: string]: unknown };
  fail(code: string, detail: unknown): never;
  checkpoint(name: string, compute: () => Promise<unknown>): Promise<unknown>;
  heartbeat(details?: unknown): void;
}

export interface UndoHandlerContext extends AttemptInfo {
  readonly input: unknown;
  readonly output: unknown;
  readonly resources: { readonly [key: string]: unknown };
}

export interface TaskBinding {
  readonly name: string;
  readonly input: Contract;
  readonly output: Contract;
  /** Code of a declared failure to the contract of its detail. */
  readonly failures: ReadonlyMap<string, Contract>;
  readonly key: ((input: unknown) => string) | null;
  /** What an attempt or undo works with, by key; absent if there is nothing. */
  readonly resources?: ReadonlyMap<string, ResourceBinding>;
  run(context: HandlerContext): Promise<unknown>;
  readonly undo: ((context: UndoHandlerContext) => Promise<void>) | null;
}

export interface Bindings {
  readonly input: Contract;
  readonly tasks: ReadonlyMap<string, TaskBinding>;
  /** By node id (`?label`). */
  readonly predicates: ReadonlyMap<string, (value: unknown) => unknown>;
  /** Derives, by node id, also of those inside map bodies. */
  readonly mappers: ReadonlyMap<string, (value: unknown) => unknown>;
  /** By step id of the review. */
  readonly forms: ReadonlyMap<string, Contract>;
  /** By name: events waited for, emitted, or started on. */
  readonly events: ReadonlyMap<string, Contract>;
  readonly children: ReadonlyMap<string, RunnableWorkflow>;
  readonly context: ReadonlyMap<string, Contract>;
  readonly reducers: ReadonlyMap<string, (current: Json, next: Json) => Json>;
}

/** Where in the code something is defined. */
export interface CodePlace {
  /** Absolute path, as the runtime names it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Where the code says what a plan is made of. It stands beside the plan: it enters no hash and no store. `null`: not known, as in a bundle. */
export interface CodePlaces {
  workflow(): CodePlace | null;
  /** By id: where it is wired. */
  step(id: string): CodePlace | null;
  /** By name: where its handler is. */
  task(name: string): CodePlace | null;
}

/** What the engine needs of a workflow. */
export interface RunnableWorkflow {
  readonly name: string;
  readonly version: number;
  readonly plan: Plan;
  readonly bindings: Bindings;
  /** For people who read the code; the engine does not need it. */
  readonly code?: CodePlaces;
}
