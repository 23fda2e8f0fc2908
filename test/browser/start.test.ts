import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineEvent,
  defineSchedule,
  defineWatch,
  defineWebhook,
  defineWorkflow,
  onWebhook,
} from '../../src/index.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { startService, useService } from './support/service.ts';

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

const report = defineWorkflow({
  name: 'report',
  version: 1,
  input: z.object({ day: z.string().max(10) }),
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});

/** Sundays of March and October at half past two: among the next ten, one falls into the gap and one comes twice. */
const sundays = defineSchedule({
  name: 'sunday-report',
  description: 'The report of the week.',
  cron: '30 2 * 3,10 0',
  timeZone: 'Europe/Berlin',
  workflow: report,
  input: ({ at }) => ({ day: at.slice(0, 10) }),
});

const arrived = defineEvent({ name: 'goods_arrived', payload: z.object({ parcel: z.string() }) });
const unpack = defineWorkflow({
  name: 'unpack',
  version: 1,
  input: z.object({}),
  steps: (w) => w.waitFor('arrival', arrived, { within: '24h' }),
});

const days = defineWebhook({
  name: 'days',
  description: 'Asks for the report of a day.',
  preset: 'generic',
  secrets: ['a secret of thirty-two characters'],
  events: {
    asked: onWebhook({
      payload: z.object({ type: z.string(), day: z.string().max(30) }),
      workflow: report,
      input: ({ day }) => ({ day }),
    }),
  },
});

const inbox = defineWatch({
  name: 'inbox',
  description: 'Reports that lie in the inbox.',
  directory: import.meta.dirname,
  when: ({ name }) => name.endsWith('.csv'),
  workflow: report,
  input: ({ modifiedAt }) => ({ day: modifiedAt.slice(0, 10) }),
});

describe('starting by hand, in a browser', () => {
  const browser = useBrowser();
  const service = useService(() =>
    startService([order, report, unpack], { triggers: [sundays, days, inbox] }),
  );

  it('the root answers whoever takes anything, as load balancers and curl do', async () => {
    const root = await fetch(`${service.url}/`, { headers: { accept: '*/*' } });
    const below = await fetch(`${service.url}/runs`, { headers: { accept: '*/*' } });

    expect(root.headers.get('content-type')).toContain('text/html');
    expect([root.status, below.status]).toEqual([200, 404]);
  });

  it('#22: a run is started from a form made from the schema, and a draft keeps what is not secret', async () => {
    const page = await browser.open(`${service.url}/start`);
    await page.getByLabel('Order id').fill('o-7');
    await page.getByLabel('Card').fill('4242');
    await expectAccessible(page);
    await takePictures(page, 'start');
    await page.getByRole('button', { name: 'Start run' }).click();

    await page.getByRole('alert').getByText('things are not right yet').waitFor();
    await page.getByRole('button', { name: 'Items › 1 › Sku' }).click();
    await page.keyboard.type('A-1');
    await page.reload();

    await page.getByText('Your draft was restored').waitFor();
    await expect.poll(() => page.getByLabel('Order id').inputValue()).toBe('o-7');
    await expect.poll(() => page.getByLabel('Card').inputValue()).toBe('');

    await page.getByLabel('Quantity').fill('2');
    await page.getByText('web', { exact: true }).click();
    await page.getByLabel('Url').fill('https://example.com/o-7');
    await page.getByLabel('Card').fill('4242');
    await page.getByRole('button', { name: 'Start run' }).click();

    await page.waitForURL(/\/runs\/./);
    await expect
      .poll(async () => (await service.orchestrator.list({ workflow: 'order' })).runs)
      .toMatchObject([{ status: 'waiting_review', actor: 'developer' }]);
  });

  it('#22: a webhook is signed and sent as a test; what nothing can be done with is kept, read and replayed', async () => {
    const page = await browser.open(`${service.url}/start?kind=webhook`);
    await page.getByLabel('Type').fill('asked');
    await page.getByLabel('Day').fill('2026-11-21');
    await expectAccessible(page);
    await takePictures(page, 'start-webhook');
    await page.getByRole('button', { name: 'Sign and send' }).click();
    await page.getByRole('cell', { name: 'Done' }).waitFor();
    await expectAccessible(page);
    await takePictures(page, 'webhooks');

    await page.goto(`${service.url}/start?kind=webhook`);
    await page.getByLabel('Type').fill('asked');
    await page.getByLabel('Day').fill('the day before yesterday');
    await page.getByRole('button', { name: 'Sign and send' }).click();
    await page.getByRole('cell', { name: 'Dead letter' }).waitFor();
    await page.getByRole('tab', { name: 'Dead letters' }).click();
    await page.getByRole('button', { name: 'Show what it says' }).click();
    await page.getByText('the day before yesterday').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'dead-letters');
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.getByText('replayed 1 time').waitFor();
  });

  it('#22: an event is sent from a form, and the run that waits for it goes on', async () => {
    const { runId } = await service.orchestrator.start('unpack', {});
    await service.orchestrator.drive(runId);
    const page = await browser.open(`${service.url}/start?kind=event`);
    await page.getByLabel('Workflow').selectOption('unpack');
    await page.getByLabel('Parcel').fill('p-1');
    await page.getByRole('button', { name: 'Send event' }).click();

    await page.getByText('"goods_arrived" is sent').waitFor();
    expect(await service.orchestrator.drive(runId)).toMatchObject({ status: 'complete' });
  });

  it('#22: what a trigger would make of a file is shown, and nothing is started', async () => {
    const page = await browser.open(`${service.url}/start?kind=trigger`);
    await page.getByRole('button', { name: 'See what it makes of it' }).click();
    await page.getByText('It would start report').waitFor();
    await expect.poll(() => page.getByText('2026-01-31', { exact: true }).count()).toBe(1);
    await expectAccessible(page);
    await takePictures(page, 'start-trigger');
  });

  it('#23: a schedule shows its next ten times across the change of clocks, is paused, resumed and run now', async () => {
    const { runs: before } = await service.orchestrator.list({ workflow: 'report' });
    const page = await browser.open(`${service.url}/schedules`);
    const times = page.getByRole('table', { name: 'Next times of sunday-report' });
    await times.waitFor();
    await expect.poll(() => times.getByRole('row').count()).toBe(10);
    await expect
      .poll(() => times.getByText('moved, clocks jump over it').count())
      .toBeGreaterThan(0);
    await expectAccessible(page);
    await takePictures(page, 'schedules');

    await page.getByRole('button', { name: 'Pause…' }).click();
    await page.getByLabel('Reason').fill('No report in summer');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('Paused by developer').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Backfill…' }).click();
    await page.getByLabel('From', { exact: true }).fill('2026-03-01T00:00');
    await page.getByLabel('To', { exact: true }).fill('2026-03-31T00:00');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('5 times').waitFor();
    await page.getByRole('button', { name: 'Start them' }).click();
    await page.getByRole('dialog').getByText('Started').first().waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'Run now…' }).click();
    await page.getByRole('button', { name: 'Run now', exact: true }).click();

    await page.waitForURL(/\/runs\/./);
    const { runs } = await service.orchestrator.list({ workflow: 'report' });
    // five made up for, one by hand
    expect(runs).toHaveLength(before.length + 6);
  });

  it('#23: a schedule is made from a form that shows its next ten times as it is typed, and removed', async () => {
    const page = await browser.open(`${service.url}/schedules`);
    await page.getByRole('button', { name: 'New schedule…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New schedule' });
    await dialog.getByLabel('Name').fill('night-report');
    await dialog.getByRole('textbox', { name: 'Rule' }).fill('30 2 * 3,10 0');
    await dialog.getByRole('combobox', { name: 'Time zone' }).fill('Berlin');
    await page.getByRole('option', { name: 'Europe/Berlin' }).click();
    const times = dialog.getByRole('table', { name: 'Next times of the rule' });
    await times.getByText('moved, clocks jump over it').waitFor();
    await expect.poll(() => times.getByRole('row').count()).toBe(10);
    await dialog.getByLabel('If the last run still runs').selectOption('queue');
    await dialog.getByLabel('Spread over').fill('90');
    await dialog.getByLabel('Workflow').selectOption('report');
    await dialog.getByLabel('Day').fill('2026-12-01');
    await expectAccessible(page);
    await takePictures(page, 'schedule-new');
    await dialog.getByRole('button', { name: 'As command: schedule' }).click();
    const command = await page.getByText('npx signalbox schedule create').textContent();
    expect(command).toContain('--overlap queue --jitter 90s');
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Create schedule' }).click();

    const card = page.getByRole('region', { name: 'Schedule night-report' });
    await card.getByText('spread over 90 s').waitFor();
    await card.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await card.waitFor({ state: 'detached' });
  });
});
