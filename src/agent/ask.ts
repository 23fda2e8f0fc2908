import { z } from 'zod';
import type { Schema, TaskContext } from '../definition/task.ts';
import { PermanentError } from '../errors.ts';
import { type Answered, answeredOf, begin } from './agent.ts';
import { type AgentDefinition, specOf } from './spec.ts';

/**
 * What `agent()` does, inside a task of your own: for a step whose result is more, or other, than the answer. Retries and limits of time are those
 * of the task; turns and calls of tools are checkpoints of its attempt, so a task may ask once.
 *
 * @throws TransientError, PermanentError as an agent's attempt does; a budget that is used up is a PermanentError
 * @example
 * run: async (context) => {
 *   const { answer, usage } = await ask(analyst, { figures: context.input.figures }, context);
 *   return { insights: answer, usage };
 * }
 */
export async function ask<I extends z.ZodType, A extends Schema = z.ZodString>(
  definition: AgentDefinition<I, A>,
  input: z.input<I>,
  context: TaskContext<unknown, {}>,
): Promise<Answered<z.output<A>>> {
  const output: z.ZodType = definition.output ?? z.string();
  const spec = specOf(definition, output, null);
  const ending = await begin(spec, {
    ...context,
    input: definition.input.parse(input),
    fail(_code, { limit, allowed, used }) {
      throw new PermanentError(
        `The budget of "${spec.name}" is used up: ${used} of ${allowed} (${limit})`,
      );
    },
  });
  const answered = answeredOf(ending);
  return { ...answered, answer: output.parse(answered.answer) as z.output<A> };
}
