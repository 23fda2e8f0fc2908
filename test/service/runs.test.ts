import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createClient } from '../../src/client/index.ts';
import { createOrchestrator, defineWorkflow } from '../../src/index.ts';
import { createApp } from '../../src/service/app.ts';

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'person' }),
});

describe('calls about runs', () => {
  it('starts a run and shows where it stands', async () => {
    const store = createMemoryStore();
    const orchestrator = await createOrchestrator({ workflows: [order], store });
    const app = await createApp({ orchestrator, store, clock: systemClock });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const client = createClient({ url });

    const { runId } = await client.runs.start({
      body: { workflow: 'order', input: { orderId: 'o-1' } },
    });

    expect(await client.runs.get({ params: { runId } })).toMatchObject({ workflow: 'order' });
    expect((await client.runs.list()).runs).toHaveLength(1);
    await expect(
      client.runs.start({ body: { workflow: 'order', input: {} } }),
    ).rejects.toMatchObject({ status: 422, code: 'INPUT_INVALID' });
    await app.close();
    await orchestrator.close();
  });
});
