/** What a user knows better than a generator. */
import type { Json, JsonObject } from '../../plan/json.ts';
import type { Move } from '../../proof/paths/move.ts';
import type { Script } from './script.ts';

/**
 * Examples for the values on a path; whatever is missing is generated from its schema.
 *
 * @example { tasks: { charge: [{ id: 'ch-1' }], grade: ({ input }) => ({ score: input.text.length }) }, inputs: [{ orderId: 'o-1' }] }
 */
export interface Fixtures {
  /** By name of the task: outputs to choose from, or a stand-in for its handler that gives one. */
  readonly tasks?: {
    readonly [task: string]: readonly unknown[] | ((call: { readonly input: never }) => unknown);
  };
  /** Inputs of the workflow. */
  readonly inputs?: readonly unknown[];
  /** Payloads, by name of the event. */
  readonly events?: { readonly [event: string]: readonly unknown[] };
  /** Filled-in forms, by step of the review. */
  readonly forms?: { readonly [step: string]: readonly unknown[] };
  /** Details of declared failures, by code. */
  readonly failures?: { readonly [code: string]: readonly unknown[] };
  /** Draws what is generated. Default 1. */
  readonly seed?: number;
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
