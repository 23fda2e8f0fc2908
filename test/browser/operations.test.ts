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

describe('running the service, in a browser', () => {
  const browser = useBrowser();
  let service: TestService;

  beforeAll(async () => {
    service = await startService([order]);
  }, 60_000);

  it('makes a token whose secret is shown once, revokes it, and finds both in the audit', async () => {
    const page = await browser.open(`${service.url}/settings`);
    await page.getByText('developer', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Make a token…' }).click();
    await page.getByLabel('Name').fill('nightly-import');
    await page.getByLabel('Role').selectOption('operator');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('The secret of "nightly-import", shown this once').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'settings');
    await page.getByRole('button', { name: 'Revoke nightly-import' }).click();
    await page.getByRole('cell', { name: 'Revoked' }).waitFor();

    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByRole('cell', { name: 'token.revoked' }).waitFor();
    expect(await page.getByRole('cell', { name: 'token.created' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText('Sound: 2 entries').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'audit');
  });
});
