/** What a user knows better than a generator. */
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
