import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { startService, type TestService } from './support/service.ts';

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'person' }),
});

describe('the runs in a browser', () => {
  const browser = useBrowser();
  let service: TestService;

  beforeAll(async () => {
    service = await startService([order]);
  }, 60_000);

  it('shows the runs with their status', async () => {
    const { runId } = await service.orchestrator.start('order', { orderId: 'o-1' });

    const page = await browser.open(service.url);

    await page.getByRole('link', { name: runId }).waitFor();
    expect(await page.getByText('Waiting for review').count()).toBe(1);
    await expectAccessible(page);
    await takePictures(page, 'runs');
  });
});
