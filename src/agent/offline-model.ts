import type { z } from 'zod';
import { PermanentError } from '../errors.ts';
import type { Data, Turn } from './conversation.ts';
import { exampleOf } from './example-of.ts';
import type { ToolUse } from './tool-use.ts';

/** The name that usage gives when no language model was asked. */
export const offlineName = 'offline';
/** Begins every text of the offline model. */
export const offlineMark = '[offline model]';
/** Stands in the output of an agent that nobody asked. */
export const offlineSource = 'offline model, no language model was asked';

/** What the offline model knows when it is its turn. */
export interface OfflineRequest<I> {
  readonly input: I;
  /** Calls of tools so far, the first one first. */
  readonly toolCalls: readonly ToolUse[];
}

/** An answer, or the call of a tool. */
export type OfflineReply<A> =
  | { readonly answer: A }
  | { readonly call: { readonly tool: string; readonly input: Data } };

interface OfflineAgent {
  readonly name: string;
  readonly output: z.ZodType;
  readonly outputSchema: object;
  readonly isText: boolean;
  readonly offline: ((request: OfflineRequest<never>) => OfflineReply<unknown>) | undefined;
}

const maxExcerpt = 200;

/** The same request always gives the same turn. No network, and no pretence of a language model. */
export function offlineTurn(
  agent: OfflineAgent,
  request: OfflineRequest<unknown>,
  prompt: string,
): Turn {
  const said = { finish: 'stop' as const, model: offlineName, inputTokens: 0, outputTokens: 0 };
  const reply = agent.offline?.(request as OfflineRequest<never>);
  if (reply !== undefined && 'call' in reply) {
    const { tool, input } = reply.call;
    const id = `offline-${request.toolCalls.length + 1}`;
    return { ...said, text: '', calls: [{ id, name: tool, input }] };
  }
  if (agent.isText) {
    const text =
      reply === undefined
        ? `No language model is configured, so ${agent.name} was not asked: ${excerpt(prompt)}`
        : String(reply.answer);
    return { ...said, text: `${offlineMark} ${text}`, calls: [] };
  }
  const answer = reply === undefined ? exampleOf(agent.outputSchema, offlineMark) : reply.answer;
  if (!agent.output.safeParse(answer).success) {
    throw new PermanentError(
      `No language model is configured, and the offline model cannot make up an answer of agent "${agent.name}"; set GROQ_API_KEY, OPENAI_API_KEY or SIGNALBOX_MODEL_URL, or give the agent an \`offline\``,
    );
  }
  return { ...said, text: JSON.stringify(answer), calls: [] };
}

function excerpt(prompt: string): string {
  const line = prompt.replaceAll(/\s+/g, ' ').trim();
  return line.length > maxExcerpt ? `${line.slice(0, maxExcerpt).toWellFormed()}…` : line;
}
