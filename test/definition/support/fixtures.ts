import { z } from 'zod';
import { type Builder, defineTask, defineWorkflow } from '../../../src/definition/index.ts';
import { SignalboxError } from '../../../src/errors.ts';
import type { Plan, PlanNode } from '../../../src/plan/plan.ts';

/** A task from a text to a text that only reads. */
export const echo = defineTask({
  name: 'echo',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  run: async ({ input }) => input,
});

export const Order = z.object({
  id: z.string(),
  amount: z.number(),
  kind: z.enum(['book', 'toy']),
  note: z.string().optional(),
});

/** The `w` of callers from plain JavaScript: whatever they pass is accepted by the compiler. */
export type Untyped = { readonly [method: string]: (...args: unknown[]) => never } & {
  readonly input: { readonly $: { readonly [field: string]: never } };
};

export function flow(steps: (w: Builder<z.infer<typeof Order>>) => unknown, rest: object = {}) {
  return defineWorkflow({
    name: 'order',
    version: 1,
    input: Order,
    ...rest,
    steps: steps as never,
  });
}

/** A workflow whose `steps` no compiler has seen. */
export function untypedFlow(steps: (w: Untyped) => unknown, rest: object = {}) {
  return flow(steps as never, rest);
}

export function planOf(
  steps: (w: Builder<z.infer<typeof Order>>) => unknown,
  rest: object = {},
): Plan {
  return flow(steps, rest).plan;
}

export function node<K extends PlanNode['kind']>(
  plan: Plan,
  id: string,
  kind: K,
): Extract<PlanNode, { kind: K }> {
  const found = plan.nodes.find((each) => each.id === id);
  if (found?.kind !== kind)
    throw new Error(`No ${kind} "${id}" in ${plan.nodes.map((each) => each.id).join(', ')}`);
  return found as Extract<PlanNode, { kind: K }>;
}

/** The message of the definition error, which has to be one. */
export function mistake(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    if (error instanceof SignalboxError && error.code === 'DEFINITION_INVALID')
      return error.message;
    throw error;
  }
  throw new Error('Expected a definition error, and there was none');
}
