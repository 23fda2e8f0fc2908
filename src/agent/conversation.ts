import { z } from 'zod';

export const Data = z.json();
export type Data = z.infer<typeof Data>;

export const ToolCall = z.object({
  id: z.string().describe('By which the model knows its call'),
  name: z.string(),
  input: Data,
});
export type ToolCall = z.infer<typeof ToolCall>;

export const ToolAnswer = z.object({
  id: z.string(),
  name: z.string(),
  output: Data,
  failed: z.boolean(),
});
export type ToolAnswer = z.infer<typeof ToolAnswer>;

/** One entry of a conversation, as it is kept in checkpoints and in the history. */
export const Message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('user'), text: z.string() }),
  z.object({ role: z.literal('assistant'), text: z.string(), calls: z.array(ToolCall) }),
  z.object({ role: z.literal('tool'), answers: z.array(ToolAnswer) }),
]);
export type Message = z.infer<typeof Message>;

/** What a model said in one turn. A type alias: an interface does not fit JSON. */
export type Turn = {
  text: string;
  calls: ToolCall[];
  /** Whether it ended by itself, or the limit of tokens cut it off. */
  finish: 'stop' | 'length';
  model: string;
  inputTokens: number;
  outputTokens: number;
};

/** What a model is told of a tool. */
export interface ToolOffer {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly input: object;
}

export interface TurnRequest {
  readonly system: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolOffer[];
  readonly maxTokens: number;
  readonly temperature: number | undefined;
  readonly wantsJson: boolean;
  readonly signal: AbortSignal;
  /** The text so far, again and again while it comes in. */
  readonly onText: (text: string) => void;
}

export type Model = (request: TurnRequest) => Promise<Turn>;
