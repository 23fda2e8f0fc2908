import { z } from 'zod';

/** What an agent has used up; part of its output, and so of the history of the run. */
export const Usage = z.object({
  model: z
    .string()
    .describe('Who answered; several, separated by commas, if the provider changed in between'),
  calls: z.int().min(0).describe('Turns of the model'),
  input_tokens: z.int().min(0),
  output_tokens: z.int().min(0),
  cost_usd: z.number().min(0).nullable().describe('Null if the price of the model is not known'),
});
export type Usage = z.infer<typeof Usage>;

/** US dollars for a million tokens, by name of the model. */
export interface Prices {
  readonly [model: string]: {
    readonly inputPerMillion: number;
    readonly outputPerMillion: number;
  };
}

/** Limits of one step; reaching one before the answer is there ends the step with the declared failure `budget_exceeded`. */
export interface Budget {
  /** Turns of the model. Default 8. */
  readonly calls?: number;
  /** Tokens read and written, together. */
  readonly tokens?: number;
  /** Needs the price of the model in `prices`. */
  readonly costUsd?: number;
}

/** How an agent fails whose budget is used up: which limit, how much it allows, and how much was used. */
export const BudgetExceeded = z.object({
  limit: z.enum(['calls', 'tokens', 'cost']),
  allowed: z.number(),
  used: z.number(),
});
export type BudgetExceeded = z.infer<typeof BudgetExceeded>;

export const noUsage: Usage = {
  model: '',
  calls: 0,
  input_tokens: 0,
  output_tokens: 0,
  cost_usd: 0,
};

interface Spent {
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export function addTurn(usage: Usage, turn: Spent, prices: Prices): Usage {
  const cost = costOf(turn, prices);
  const models = usage.model === '' ? [] : usage.model.split(', ');
  return {
    model: [...new Set([...models, turn.model])].join(', '),
    calls: usage.calls + 1,
    input_tokens: usage.input_tokens + turn.inputTokens,
    output_tokens: usage.output_tokens + turn.outputTokens,
    cost_usd: cost === null || usage.cost_usd === null ? null : usage.cost_usd + cost,
  };
}

function costOf({ model, inputTokens, outputTokens }: Spent, prices: Prices): number | null {
  if (inputTokens === 0 && outputTokens === 0) return 0;
  const price = prices[model];
  if (price === undefined) return null;
  return (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1_000_000;
}

const defaultCalls = 8;

/** The limit that leaves nothing for another turn, or `null` if there may be one. */
export function exceeded(usage: Usage, budget: Budget): BudgetExceeded | null {
  const { calls = defaultCalls, tokens, costUsd } = budget;
  const tokensUsed = usage.input_tokens + usage.output_tokens;
  if (usage.calls >= calls) return { limit: 'calls', allowed: calls, used: usage.calls };
  if (tokens !== undefined && tokensUsed >= tokens) {
    return { limit: 'tokens', allowed: tokens, used: tokensUsed };
  }
  if (costUsd !== undefined && usage.cost_usd !== null && usage.cost_usd >= costUsd) {
    return { limit: 'cost', allowed: costUsd, used: usage.cost_usd };
  }
  return null;
}
