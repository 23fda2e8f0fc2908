/** Answers of tools: JSON, or a refusal an assistant can read. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ServiceError } from '../client/service-error.ts';

/** What is longer helps no assistant: it has to ask for less. */
const maxCharacters = 200_000;

/** A refusal of this server, said to the assistant as it is. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export async function answered(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    const text = JSON.stringify(await work(), null, 1);
    if (text.length > maxCharacters) {
      return refused(`The answer has ${text.length} characters; ask for fewer entries (limit)`);
    }
    return { content: [{ type: 'text', text }] };
  } catch (error) {
    if (error instanceof Refusal) return refused(error.message);
    if (error instanceof ServiceError) {
      const { code, message, hint, problem } = error;
      const issues = problem['issues'] === undefined ? [] : [JSON.stringify(problem['issues'])];
      return refused(
        [`${code}: ${message}`, ...(hint === undefined ? [] : [hint]), ...issues].join('\n'),
      );
    }
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    if (isLate) return refused('The service did not answer in time; ask again, nothing is lost');
    return refused(
      `The service cannot be reached: ${String(error instanceof Error ? error.message : error)}`,
    );
  }
}

function refused(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: text.slice(0, 10_000) }] };
}
