import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow } from '../../../src/index.ts';
import { openBench } from '../../support/engine-bench.ts';

const announced = defineEvent({ name: 'announced', payload: z.string() });
const arrived = defineEvent({ name: 'arrived', payload: z.string() });

/** In one and the same transition the run fails and its other branches begin. */
const doomed = defineWorkflow({
  name: 'doomed',
  version: 1,
  input: z.string(),
  steps(w) {
    w.emit('announce', announced, { payload: w.input });
    w.review('look', { approve: 'automatic' });
    w.waitFor('arrival', arrived);
    w.sleep('nap', { for: '1h' });
    w.fail('refuse', 'Not today');
    return w.derive('nothing', w.input, (input) => input);
  },
});

it('fails in order if a branch that decides itself begins in the transition that stops the run', async () => {
  const { engine } = await openBench({ workflows: [doomed] });

  const run = await engine.start(doomed, 'x');

  const view = await engine.drive(run.runId, 'finished');
  expect(view).toMatchObject({
    status: 'failed',
    waitingOn: [],
    outcome: { failure: { step: 'refuse' } },
  });
  expect(await engine.verify(run.runId)).toMatchObject({ fault: null });
});
