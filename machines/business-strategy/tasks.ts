import { z } from 'zod';
import { agent } from '../../src/agent/index.ts';
import { defineTask } from '../../src/index.ts';

const model = 'gpt-4o';
const maxTokens = 1_500;

export const analyst = agent({
  name: 'analyst',
  description: 'Analyses the challenge.',
  model,
  maxTokens,
  system: 'You analyse business challenges: causes, constraints and what is at stake.',
  input: z.object({ challenge: z.string() }),
  prompt: ({ challenge }) => `Analyze this business challenge: ${challenge}`,
});

export const strategist = agent({
  name: 'strategist',
  description: 'Develops a strategy from the analysis.',
  model,
  maxTokens,
  system: 'You develop strategies from analyses, and say what they rest on.',
  input: z.object({ analysis: z.string() }),
  prompt: ({ analysis }) => `Develop strategy based on this analysis: ${analysis}`,
});

export const weighBudget = defineTask({
  name: 'weigh_budget',
  description: 'Says how many tokens the run has left.',
  input: z.object({ used: z.int(), allowed: z.int() }),
  output: z.object({ left: z.int().describe('Not positive if the budget is used up') }),
  timeout: '5s',
  compensate: 'none',
  async run({ input }) {
    return { left: input.allowed - input.used };
  },
});

export const implementer = agent({
  name: 'implementer',
  description: 'Plans how the strategy is carried out.',
  model,
  maxTokens,
  system: 'You turn strategies into plans: steps, owners and dates.',
  input: z.object({ strategy: z.string() }),
  prompt: ({ strategy }) => `Create implementation plan for this strategy: ${strategy}`,
});
