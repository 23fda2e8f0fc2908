import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../src/client/index.ts';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import { createApp } from '../../src/service/app.ts';
import { openBench } from '../support/engine-bench.ts';

const mail = defineTask({
  name: 'mail',
  input: z.string(),
  output: z.string(),
  run: async () => 'sent',
  compensate: 'irreversible',
});
const workflow = defineWorkflow({
  name: 'letter',
  version: 1,
  input: z.string(),
  steps: (w) => w.finish(w.task('mail', mail, { input: w.input }), { approve: 'person' }),
});

it('what a run has left is listed, and resolved with a reason that stands in its outcome', async () => {
  const { engine: orchestrator, store, clock } = await openBench({ workflows: [workflow] });
  const app = await createApp({ orchestrator, store, clock });
  onTestFinished(() => app.close());
  const client = createClient({ url: await app.listen({ host: '127.0.0.1', port: 0 }) });
  const { runId } = await client.runs.start({ body: { workflow: 'letter', input: 'x' } });
  await orchestrator.drive(runId);
  await orchestrator.decide(runId, 'completion', { outcome: 'rejected', actor: 'ann' });
  await orchestrator.drive(runId, 'finished');
  const params = { runId };
  const body = { step: 'mail', reason: 'The customer knows.' };

  const { steps } = await client.undo.list({ params });
  await expect(client.undo.retry({ params, body })).rejects.toMatchObject({
    status: 409,
    code: 'NOT_UNDONE',
  });
  const resolved = await client.undo.resolve({ params, body });

  expect(steps).toMatchObject([{ step: 'mail', state: 'irreversible' }]);
  expect(resolved).toMatchObject({
    status: 'failed',
    outcome: { compensation: 'complete', resolved: [{ step: 'mail', reason: body.reason }] },
  });
  await expect(client.undo.resolve({ params, body })).rejects.toMatchObject({
    status: 409,
    code: 'NOTHING_TO_UNDO',
  });
});
