import { describe, expect, it } from 'vitest';
import input from '../../machines/business-strategy/challenge.json' with { type: 'json' };
import { businessStrategy } from '../../machines/business-strategy/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { openBench } from '../support/engine-bench.ts';
import { startModelServer } from '../support/model-server.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  startedUnconditionally,
} from './support/unreachable.ts';

const tasks = { weigh_budget: [{ left: 100 }, { left: 0 }] };
describeWorkflow(businessStrategy, {
  tasks,
  unreachable: { ...startedUnconditionally, ...neverTimedOut, ...closedByPolicy, ...neverUndone },
});
describeCrashes(businessStrategy, { tasks, ...sampled(40) });

describe('business-strategy', () => {
  it('M114: analyst, strategist and implementer, each with what the one before has found', async () => {
    const server = await startModelServer('Prices.', 'Service.', 'Hire.');
    const { engine } = await openBench({ workflows: [businessStrategy] });

    const { runId, result } = await engine.start(businessStrategy, input);

    expect(await result()).toEqual({
      challenge: input.challenge,
      analysis: 'Prices.',
      strategy: 'Service.',
      implementation_plan: 'Hire.',
    });
    expect(server.requests.map(({ messages }) => messages[1]?.content)).toEqual([
      `Analyze this business challenge: ${input.challenge}`,
      'Develop strategy based on this analysis: Prices.',
      'Create implementation plan for this strategy: Service.',
    ]);
    expect((await engine.get(runId)).context).toEqual({ tokens: 30 });
  });

  it('stops before the plan when the run has used its tokens', async () => {
    const server = await startModelServer(
      { text: 'Prices.', finish: 'stop', tokens: 10_000 },
      { text: 'Service.', finish: 'stop', tokens: 9_990 },
    );
    const { engine } = await openBench({ workflows: [businessStrategy] });

    const { result } = await engine.start(businessStrategy, input);

    await expect(result()).rejects.toThrow('The run has used its 20000 tokens');
    expect(server.requests).toHaveLength(2);
  });
});
