import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { startService, type TestService } from './support/service.ts';

const order = defineWorkflow({
  name: 'order',
  version: 1,
  description: 'Charges an order and has the result released by a person.',
  input: z.object({
    order_id: z.string().min(1).max(100).describe('As on the bill'),
    items: z.array(z.object({ sku: z.string().min(1), quantity: z.int().min(1) })).min(1),
    speed: z.enum(['slow', 'fast']).default('slow'),
    note: z.string().max(2_000).optional(),
    source: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('shop'), shop: z.string() }),
      z.object({ kind: z.literal('web'), url: z.url() }),
    ]),
    card: z.string().meta({ sensitive: true }),
  }),
  steps: (w) => w.finish(w.input, { approve: 'person' }),
});

describe('starting by hand, in a browser', () => {
  const browser = useBrowser();
  let service: TestService;

  beforeAll(async () => {
    service = await startService([order]);
  }, 60_000);

  it('#22: a run is started from a form made from the schema, and a draft keeps what is not secret', async () => {
    const page = await browser.open(`${service.url}/start`);
    await page.getByLabel('Order id').fill('o-7');
    await page.getByLabel('Card').fill('4242');
    await expectAccessible(page);
    await takePictures(page, 'start');
    await page.getByRole('button', { name: 'Start run' }).click();

    await page.getByRole('alert').getByText('things are not right yet').waitFor();
    await page.getByRole('button', { name: 'items › 1 › sku' }).click();
    await page.keyboard.type('A-1');
    await page.reload();

    await page.getByText('Your draft was restored').waitFor();
    expect(await page.getByLabel('Order id').inputValue()).toBe('o-7');
    expect(await page.getByLabel('Card').inputValue()).toBe('');

    await page.getByLabel('Quantity').fill('2');
    await page.getByText('web', { exact: true }).click();
    await page.getByLabel('Url').fill('https://example.com/o-7');
    await page.getByLabel('Card').fill('4242');
    await page.getByRole('button', { name: 'Start run' }).click();

    await page.waitForURL(/\/runs\/./);
    const { runs } = await service.orchestrator.list();
    expect(runs).toMatchObject([
      { workflow: 'order', status: 'waiting_review', actor: 'developer' },
    ]);
  });
});
