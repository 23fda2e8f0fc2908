import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { payout } from './support/payout.ts';
import { startService, type TestService } from './support/service.ts';

describe('the runs in a browser', { timeout: 60_000 }, () => {
  const browser = useBrowser();
  let service: TestService;

  /** Starts a payout and brings it to its end or to whom it waits for. */
  async function aPayout(
    given: { account?: string; euros?: number; bank?: string },
    options = {},
  ): Promise<string> {
    const input = { account: 'a-1', euros: 5_000, ...given };
    const { runId } = await service.orchestrator.start('payout', input, options);
    await service.orchestrator.drive(runId);
    return runId;
  }

  const openRun = (runId: string, rest = ''): Promise<Page> =>
    browser.open(`${service.url}/runs/${runId}${rest}`);

  beforeAll(async () => {
    service = await startService([payout]);
  }, 60_000);

  it('#1: lists runs by filters in the address, with counts by status', async () => {
    await aPayout({ account: 'b-1', euros: 10 }, { key: 'k-small', labels: { customer: 'acme' } });
    await aPayout({ account: 'b-2' }, { key: 'k-large', labels: { customer: 'globex' } });
    await aPayout({ account: 'b-3', euros: 10, bank: 'refuses' });

    const page = await browser.open(service.url);
    await page.getByRole('button', { name: /Failed 1/ }).click();

    await page.getByText('The bank refuses the account').waitFor();
    expect(page.url()).toContain('status=failed');
    await expectAccessible(page);
    await page.getByRole('button', { name: /^All/ }).click();
    await page.getByText('k-large').waitFor();
    await takePictures(page, 'runs');
    await page.getByLabel('Text in id, key, workflow or labels').fill('ACME');
    await page.getByText('k-large').waitFor({ state: 'detached' });
    expect(await page.getByText('k-small').count()).toBe(1);
  });

  it('#2: draws the run, opens a step by click', async () => {
    const runId = await aPayout({});

    const page = await openRun(runId);
    await page.locator('[data-node="approval"][data-state="waiting"]').waitFor();
    await takePictures(page, 'run-chart');
    await expectAccessible(page);
    await page.locator('[data-node="reserve_funds"]').click();

    await page.getByText('r-a-1').waitFor();
    await takePictures(page, 'run-step');
    await expectAccessible(page);
    for (const tab of ['Timeline', 'History', 'Compensation', 'Data']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.waitForTimeout(300);
      await takePictures(page, `run-${tab.toLowerCase()}`);
      await expectAccessible(page);
    }
  });
});
