import { z } from 'zod';
import {
  defineTask,
  type Schema,
  type Task,
  type TaskDefinition,
  type TaskParts,
  taskParts,
} from '../definition/task.ts';
import { definitionInvalid } from '../plan/problem.ts';

/** A task a model may ask for; see `tool`. */
export interface ToolDefinition<
  I extends z.ZodType,
  O extends Schema,
  F extends Record<string, Schema>,
> extends TaskDefinition<I, O, F> {
  /** Told to the model: what the tool does and when to use it. */
  description: string;
  /**
   * An agent may only propose a call; whoever the workflow asks decides. Default: true for a tool with effects (`compensate` is not 'none'),
   * and such a tool cannot do without.
   */
  needsApproval?: boolean;
}

interface ToolParts {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly needsApproval: boolean;
}
const partsOfTools = new WeakMap<object, ToolParts>();

/**
 * A task that a model may call as well: `w.task(id, tool, …)` runs it as a step, and an agent that has it among its `tools` calls it in between.
 *
 * Inside an agent a call is part of the agent's attempt: it has no retries and no time limit of its own, its `TransientError` is the agent's, and
 * what else it throws is told to the model as the answer. Its recorded result is used exactly once, as that of a step.
 *
 * @throws SignalboxError DEFINITION_INVALID as `defineTask`, and if a tool with effects is declared `needsApproval: false`
 * @example
 * const findOrder = tool({
 *   name: 'find_order', description: 'Looks an order up by its id.', compensate: 'none',
 *   input: z.object({ orderId: z.string() }), output: Order, run: ({ input }) => orders.find(input.orderId),
 * });
 */
export function tool<
  I extends z.ZodType,
  O extends Schema = z.ZodVoid,
  F extends Record<string, Schema> = {},
>(
  definition: ToolDefinition<I, O, F>,
): Task<z.input<I>, z.output<O>, { [C in keyof F]: z.output<F[C]> }> {
  const { needsApproval, ...given } = definition;
  const task = defineTask<I, O, F>(given);
  const place = { task: given.name };
  if (typeof given.description !== 'string' || given.description === '') {
    throw definitionInvalid(place, 'option "description" is missing: a model chooses tools by it');
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(given.name)) {
    throw definitionInvalid(
      place,
      'the name of a tool has letters, digits, "_" and "-" alone: models take no others',
    );
  }
  const hasEffects = given.compensate !== 'none';
  if (hasEffects && needsApproval === false) {
    throw definitionInvalid(
      place,
      "a tool with effects needs approval: let a policy approve it (`approve` of the review), or declare `compensate: 'none'` if it only reads",
    );
  }
  partsOfTools.set(task, {
    input: given.input,
    output: given.output ?? z.void(),
    needsApproval: needsApproval ?? hasEffects,
  });
  return task;
}

/** Of a task that is to be a tool of the agent. */
export function requireTool(agent: string, task: object): ToolParts & TaskParts {
  const tool = partsOfTools.get(task);
  const parts = taskParts(task);
  if (tool === undefined || parts === null) {
    throw definitionInvalid({ task: agent }, 'every tool must be made by `tool()`');
  }
  return { ...tool, ...parts };
}
