import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { analyst, implementer, strategist, weighBudget } from './tasks.ts';

/** Tokens, read and written, that a run may have used before its last step. */
const maxTokens = 20_000;

export const businessStrategy = defineWorkflow({
  name: 'business-strategy',
  version: 1,
  description: 'A business challenge is analysed, answered with a strategy and turned into a plan.',
  owner: 'Strategy',
  input: z.object({
    challenge: z.string().trim().min(1).max(2_000).describe('What the business is up against'),
  }),
  context: {
    /** Used by the run so far. */
    tokens: { schema: z.int(), initial: 0, reduce: 'sum' },
  },
  steps(w) {
    const { challenge } = w.input.$;
    const analysis = w.task('analysis', analyst, { input: { challenge } });
    w.update('tokens', analysis.$.usage.$.input_tokens);
    w.update('tokens', analysis.$.usage.$.output_tokens);
    const strategy = w.task('strategy', strategist, { input: { analysis: analysis.$.answer } });
    w.update('tokens', strategy.$.usage.$.input_tokens);
    w.update('tokens', strategy.$.usage.$.output_tokens);

    // A step reads the run context as it is when it starts, so both updates are in it.
    const budget = w.task('budget', weighBudget, {
      input: { used: w.context.tokens, allowed: maxTokens },
      after: [strategy],
    });
    const isSpent = w.is(budget.$.left, 'the tokens are used up', (left) => left <= 0, {
      otherwise: 'There are tokens left.',
    });
    w.fail('budget_spent', `The run has used its ${maxTokens} tokens`, { when: isSpent });
    const plan = w.task('plan', implementer, {
      input: { strategy: strategy.$.answer },
      after: ['budget_spent'],
    });

    return w.finish(
      {
        challenge,
        analysis: analysis.$.answer,
        strategy: strategy.$.answer,
        implementation_plan: plan.$.answer,
      },
      { approve: 'automatic' },
    );
  },
});
