import { z } from 'zod';
import type { TaskContext, TaskParts } from '../definition/task.ts';
import { OutcomeUnknownError, TransientError } from '../errors.ts';
import { issuesText } from '../plan/issues.ts';
import { Data, type ToolCall } from './conversation.ts';

/** A call that was made, with what came of it. */
export const ToolUse = z.object({
  name: z.string(),
  input: Data,
  output: Data,
  failed: z.boolean(),
});
export type ToolUse = z.infer<typeof ToolUse>;

type Result = { output: Data; failed: boolean };

/** A declared failure of a tool, told to the model. */
class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
}

/**
 * Calls a tool within the attempt of an agent. What the tool refuses is the model's to deal with and comes back as an answer.
 *
 * @param place - of the call in the conversation; makes idempotency key and checkpoints of the tool its own
 * @throws TransientError, OutcomeUnknownError as the tool threw them: the attempt of the agent is to be repeated
 */
export async function useTool(
  tool: TaskParts,
  call: ToolCall,
  place: string,
  context: TaskContext<unknown, never>,
): Promise<Result> {
  const { binding } = tool;
  const input = binding.input.parse(call.input);
  if (!input.ok) return refused(`The input does not fit: ${issuesText(input.issues.slice(0, 5))}`);
  try {
    const given = await binding.run({
      ...context,
      input: input.value,
      idempotencyKey: binding.key?.(input.value) ?? `${context.idempotencyKey}/${place}`,
      checkpoint: (name, compute) => context.checkpoint(`${place}/${name}`, compute),
      fail(code, detail) {
        throw new ToolFailure(`${code}: ${JSON.stringify(detail)}`);
      },
    });
    const output = binding.output.parse(given);
    return output.ok
      ? { output: output.stored as Data, failed: false }
      : refused(
          `The tool gave an answer that does not fit: ${issuesText(output.issues.slice(0, 5))}`,
        );
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof TransientError || error instanceof OutcomeUnknownError) throw error;
    return refused(error instanceof Error ? error.message : 'The tool failed');
  }
}

const maxReason = 500;

export function refused(reason: string): Result {
  return { output: { error: reason.slice(0, maxReason).toWellFormed() }, failed: true };
}
