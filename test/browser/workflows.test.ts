import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createOrchestrator, defineTask, defineWorkflow } from '../../src/index.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { startService, useService } from './support/service.ts';

const text = z.string();
const check = defineTask({
  name: 'check_order',
  description: 'Compares the order with the price list.',
  input: text,
  output: text,
  compensate: 'none',
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1s' } },
  run: async ({ input }) => input,
});
const hastyCheck = defineTask({
  name: 'check_order',
  description: 'Compares the order with the price list.',
  input: text,
  output: text,
  compensate: 'none',
  run: async ({ input }) => input,
});
const ship = defineTask({
  name: 'ship',
  description: 'Hands the parcel over.',
  input: text,
  output: text,
  compensate: 'irreversible',
  run: async ({ input }) => input,
});

const first = defineWorkflow({
  name: 'parcel',
  version: 1,
  description: 'An order is checked, released by a person, and sent.',
  owner: 'Logistics',
  input: text,
  steps(w) {
    const checked = w.task('check', hastyCheck, { input: w.input });
    w.task('pack', hastyCheck, { input: checked });
    w.review('release', { show: checked, description: 'May this parcel leave?' });
    return checked;
  },
});
const second = defineWorkflow({
  name: 'parcel',
  version: 2,
  description: 'An order is checked, released by a person, and sent.',
  owner: 'Logistics',
  input: text,
  steps(w) {
    const checked = w.task('check', check, { input: w.input });
    const release = w.review('release', { show: checked, description: 'May this parcel leave?' });
    const sent = w.task('send', ship, { input: checked, after: [release] });
    return w.finish(sent, { approve: 'automatic' });
  },
});

describe('workflows in a browser', () => {
  const browser = useBrowser();
  let runId: string;
  const service = useService(async () => {
    const store = createMemoryStore();
    const earlier = await createOrchestrator({ workflows: [first], store });
    ({ runId } = await earlier.start('parcel', 'p-1'));
    await earlier.drive(runId);
    await earlier.close();
    return startService([first, second], {
      store,
      definitions: {
        problems: [],
        change: {
          atMs: Date.UTC(2026, 0, 31),
          workflows: [
            {
              workflow: 'parcel',
              version: 2,
              hash: second.plan.hash,
              counts: { continues: 0, needs_mapping: 0, cannot: 1 },
              staying: [{ runId, why: 'it waits at a step that is gone' }],
              isPartial: false,
            },
          ],
        },
      },
    });
  });

  it('#25: a workflow shows its chart, what is proved of it, and what runs and tests have covered', async () => {
    const page = await browser.open(`${service.url}/workflows`);
    await page.getByText('The code was loaded anew').waitFor();
    await page.getByText('1 run stays on the version it is on').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'workflows');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('link', { name: 'parcel' }).click();

    await page.locator('[data-node="send"]').click();
    await page.getByText('Cannot be undone', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy the place of the step' }).waitFor();
    await expect
      .poll(() => page.getByText(/^test\/browser\/workflows\.test\.ts:\d+$/).count())
      .toBe(3);
    await expectAccessible(page);
    await takePictures(page, 'workflow-chart');

    await page.getByRole('tab', { name: 'Proofs' }).click();
    await page.getByText('No run completes past its closing review').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'workflow-proofs');
  });

  it('#25: what runs and path tests have covered is drawn as a heat map; the process is described and simulated', async () => {
    const page = await browser.open(`${service.url}/workflows/parcel`);
    await page.getByRole('tab', { name: 'Coverage' }).click();
    await page.getByText('taken by path tests').waitFor();
    await page.locator('svg [data-node]').first().waitFor();
    await expectAccessible(page);
    await takePictures(page, 'workflow-coverage');

    await page.getByRole('tab', { name: 'Process' }).click();
    await page.getByRole('heading', { name: 'When it fails' }).waitFor();
    await takePictures(page, 'workflow-process');
    await page.getByRole('tab', { name: 'Simulation' }).click();
    await page.getByRole('button', { name: 'Simulate', exact: true }).click();
    await page.getByText('half are done within').waitFor();
    await takePictures(page, 'workflow-simulation');
  });

  it('#20 #21: two versions are compared on the chart, and a run is moved after a dry run', async () => {
    const page = await browser.open(`${service.url}/workflows/parcel?tab=versions`);
    await page.locator('svg [data-node="send"][data-change="added"]').waitFor();
    await page.locator('svg [data-from="send"][data-change="added"]').waitFor();
    await page.locator('svg [data-node="pack"][data-change="removed"]').waitFor();
    await page.locator('svg [data-node="release"] text', { hasText: '1 run here' }).waitFor();
    const changes = page.getByRole('list', { name: 'Changes on the chart' });
    await changes.getByRole('button', { name: /^Changed check / }).click();
    await page.locator('svg [data-node="check"][aria-pressed="true"]').waitFor();
    await page.getByRole('cell', { name: 'Continues' }).waitFor();
    await expectAccessible(page);
    await takePictures(page, 'workflow-versions');
    await page.getByText('States', { exact: true }).click();
    await page.locator('svg [data-node="pending"]').waitFor();
    await takePictures(page, 'workflow-versions-states');
    await page.getByText('Table', { exact: true }).click();
    await page.getByRole('row', { name: /^send task .* Added/ }).waitFor();
    await page.getByRole('row', { name: /^start → check As before/ }).waitFor();
    await expectAccessible(page);
    await takePictures(page, 'workflow-versions-table');
    await page.getByRole('button', { name: 'As command: diagram' }).click();
    await page.getByText(/signalbox diagram 'parcel@2#.*--since 'parcel@1#/).waitFor();

    await page.getByRole('checkbox', { name: `Choose ${runId}` }).check();
    await page.getByRole('button', { name: 'Move 1…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('Parcels are sent from now on');
    await expect
      .poll(() => dialog.getByRole('button', { name: 'Move them' }).isDisabled())
      .toBe(true);
    await dialog.getByRole('button', { name: 'Dry run' }).click();
    await dialog.getByText('1 of 1 would move').waitFor();
    await expect.poll(() => service.orchestrator.get(runId)).toMatchObject({ version: 1 });
    await expectAccessible(page);
    await takePictures(page, 'workflow-migrate');
    await dialog.getByRole('button', { name: 'Move them' }).click();

    await dialog.getByText('1 of 1 moved').waitFor();
    await expect.poll(() => service.orchestrator.get(runId)).toMatchObject({ version: 2 });
  });
});
