import type { Json, JsonObject } from '../../plan/json.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { Move } from '../../proof/paths/move.ts';
import type { WorkflowPath } from '../../proof/paths/paths.ts';

/** A path with its values. Whoever plays it a second time finds the run of the first, and goes on where that stands. */
export interface Script {
  readonly workflow: RunnableWorkflow;
  readonly path: WorkflowPath;
  /** Idempotency key of its run. */
  readonly key: string;
  readonly input: Json | undefined;
  /** One an event of the path, in order. */
  readonly answers: readonly Answer[];
  /** What the run yields, as JSON; `undefined` if it does not complete. */
  readonly output: Json | undefined;
  /** What is undone, in order. */
  readonly undone: readonly string[];
}

/** One event of a script with the values it needs. */
export interface Answer {
  readonly move: Move;
  /** Status, and state of the chart, after it. */
  readonly status: string;
  readonly state: Json;
  /** Milliseconds since the start of the run, as far as deadlines have passed. */
  readonly atMs: number;
  /** Output of a task, payload of an event, filled-in form, or detail of a declared failure, as handed in. */
  readonly value?: Json;
  /** Outputs of the tasks inside a map by `index/task`. */
  readonly items?: JsonObject;
  /** Of a child run. */
  readonly child?: Script;
}
