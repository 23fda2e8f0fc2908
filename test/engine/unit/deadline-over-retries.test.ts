import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, TransientError } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench, second } from '../../support/engine-bench.ts';

it('holds a step to its limit over all attempts and waits', async () => {
  const deeds = createDeeds();
  const flaky = deeds.task('flaky', {
    retry: { maxAttempts: 100, backoff: { kind: 'fixed', initial: '2s' } },
    run: () => {
      throw new TransientError('busy');
    },
  });
  const workflow = defineWorkflow({
    name: 'limited',
    version: 1,
    input: z.unknown(),
    steps: (w) => w.task('call', flaky, { input: w.input, within: '5s' }),
  });
  const { engine, clock } = await openBench({ workflows: [workflow] });
  const run = await engine.start(workflow, null);

  await clock.advance(4 * second);
  expect(deeds.names).toHaveLength(3);
  expect((await engine.get(run.runId)).status).toBe('processing');

  await clock.advance(1 * second);
  expect(await engine.get(run.runId)).toMatchObject({
    status: 'failed',
    outcome: { failure: { step: 'call', name: 'StepTimedOut' } },
  });
  await clock.advance(60 * second);
  expect(deeds.names).toHaveLength(3);
});
