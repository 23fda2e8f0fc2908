import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { startService, useService } from './support/service.ts';

const Refund = z.object({
  order_id: z.string(),
  customer: z.string(),
  amount_cents: z.int(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int(), cents: z.int() })),
  message: z.string(),
});

const refund = defineWorkflow({
  name: 'refund',
  version: 1,
  input: Refund,
  steps(w) {
    const manager = w.review('manager', {
      description: 'Pay this refund?',
      show: w.input,
      form: z.object({
        account: z.enum(['card', 'voucher']),
        note: z.string().max(200).optional(),
      }),
      expires: '2d',
      onExpired: 'reject',
      onRejected: 'fail',
    });
    return w.finish(manager, { approve: 'automatic' });
  },
});

const payout = defineWorkflow({
  name: 'payout',
  version: 1,
  input: z.object({ cents: z.int() }),
  steps(w) {
    const released = w.review('release', {
      description: 'Release this payout?',
      show: w.input,
      approvals: { from: { treasury: 1 }, count: 2 },
      assignTo: ['treasury', 'developer'],
      escalate: { after: '1ms', to: 'directors' },
    });
    return w.finish(released, { approve: 'automatic' });
  },
});

let prices: number;
const price = defineTask({
  name: 'price',
  input: z.object({ item: z.string() }),
  output: z.object({ item: z.string(), cents: z.int() }),
  compensate: async () => {},
  run: async ({ input }) => {
    prices += 1;
    return { ...input, cents: prices * 100 };
  },
});
const quote = defineWorkflow({
  name: 'quote',
  version: 1,
  input: z.object({ item: z.string() }),
  steps(w) {
    const priced = w.task('price', price, { input: w.input });
    w.review('release', { description: 'Send this quote?', show: priced, onRejected: 'fail' });
    return w.finish(priced, { approve: 'automatic' });
  },
});

const aRefund = {
  order_id: 'o-17',
  customer: 'Ada Lovelace',
  amount_cents: 4_250,
  lines: [
    { sku: 'teapot', quantity: 1, cents: 3_900 },
    { sku: 'cup', quantity: 1, cents: 350 },
  ],
  message:
    'The teapot arrived in several pieces. I would rather have my money back than another one.',
};

describe('reviews in a browser', () => {
  const browser = useBrowser();
  const service = useService(() => startService([refund, payout, quote]));
  const ask = async (input = aRefund) => {
    const { runId } = await service.orchestrator.start('refund', input, { actor: 'ada' });
    await service.orchestrator.drive(runId);
    return runId;
  };

  it('#6 #7 #8: a review is found by keys, its content read, its form filled in, and approved as it was shown', async () => {
    const runId = await ask();
    const page = await browser.open(`${service.url}/reviews`);
    await page.getByRole('link', { name: /Pay this refund/ }).waitFor();
    await expectAccessible(page);
    await takePictures(page, 'reviews');

    await page.keyboard.press('j');
    await page.keyboard.press('a');

    await page.getByRole('heading', { name: 'Pay this refund?' }).waitFor();
    await expect.poll(() => page.getByRole('radio', { name: /Approve/ }).isChecked()).toBe(true);
    await expect.poll(() => page.getByText('4250').count()).toBe(1);
    await expect.poll(() => page.getByRole('cell', { name: 'teapot' }).count()).toBe(1);
    await expectAccessible(page);
    await takePictures(page, 'review');

    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('alert').getByText('One thing is not right yet').waitFor();
    await page.getByLabel('Account').selectOption('voucher');
    await page.getByLabel('Comment').fill('Seen the pictures');
    await page.getByRole('button', { name: 'Approve' }).click();

    await page.getByRole('heading', { name: 'Approved' }).waitFor();
    const entry = (await service.orchestrator.history(runId)).find(
      ({ event }) => event === 'manager.decided',
    );
    expect(entry).toMatchObject({
      actor: 'developer',
      data: { comment: 'Seen the pictures', form: { account: 'voucher' } },
    });
  });

  it('#6 #8: on a phone a review is rejected, and only with a reason', async () => {
    const runId = await ask({ ...aRefund, order_id: 'o-18' });
    const page = await browser.open(`${service.url}/reviews`, { width: 390, height: 844 });
    await page.getByRole('link', { name: /Pay this refund.*o-18/ }).click();
    await page.getByRole('radio', { name: /Reject/ }).click();
    await page.getByRole('button', { name: 'Reject' }).click();

    await page.getByText('Say why it is rejected').waitFor();
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBe(390);
    await page.getByLabel('Comment').fill('The receipt is missing');
    await page.getByRole('button', { name: 'Reject' }).click();

    await page.getByRole('heading', { name: 'Rejected' }).waitFor();
    await expect.poll(() => service.orchestrator.get(runId)).toMatchObject({ status: 'failed' });
  });

  it('#9: of two approvals each is another person’s; a review is held, delegated, escalated, and closed to who asked for it', async () => {
    const { runId } = await service.orchestrator.start('payout', { cents: 1 }, { actor: 'ada' });
    await service.orchestrator.drive(runId);
    await service.orchestrator.decide(runId, 'release', {
      outcome: 'approved',
      actor: 'grace',
      groups: ['treasury'],
    });
    const page = await browser.open(`${service.url}/reviews/${runId}/release`);
    await page.getByText('1 of 2 approvals').waitFor();
    await page
      .getByRole('list', { name: 'Approvals by group' })
      .getByText('treasury 1 of 1')
      .waitFor();
    await page.getByText('grace (treasury)').waitFor();
    await page.getByText('Escalated to directors').first().waitFor();
    await page.getByRole('button', { name: 'Hold it' }).click();
    await page.getByText('Held by developer').waitFor();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Let somebody decide for me…' }).click();
    await page.getByRole('textbox', { name: 'Who' }).fill('linus');
    await page.getByRole('button', { name: 'Delegate' }).click();
    await page.getByText('developer → linus').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'review-rules');
    await page.keyboard.press('a');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'Approved' }).waitFor();
    await expect.poll(() => service.orchestrator.get(runId)).toMatchObject({ status: 'complete' });

    const own = await service.orchestrator.start('payout', { cents: 2 }, { actor: 'developer' });
    await service.orchestrator.drive(own.runId);
    await page.goto(`${service.url}/reviews/${own.runId}/release`);
    await page.getByText('You may not decide this now').waitFor();
    await expect.poll(() => page.getByRole('radio', { name: /Approve/ }).isDisabled()).toBe(true);
  });

  it('#8: what is asked again shows what has changed since; a decision on what has changed meanwhile is not sent', async () => {
    prices = 0;
    const { runId } = await service.orchestrator.start('quote', { item: 'teapot' });
    await service.orchestrator.drive(runId);
    const again = async () => {
      await service.orchestrator.decide(runId, 'release', {
        outcome: 'rejected',
        actor: 'grace',
        comment: 'Too cheap',
      });
      await service.orchestrator.drive(runId, 'finished');
      await service.orchestrator.retry(runId, { actor: 'grace' });
      await service.orchestrator.drive(runId);
    };
    await again();
    const page = await browser.open(`${service.url}/reviews/${runId}/release`);
    await page.getByRole('tab', { name: 'Changes (1)' }).waitFor();
    await expect.poll(() => page.getByRole('deletion').textContent()).toBe('100');
    await expect.poll(() => page.getByRole('insertion').textContent()).toBe('200');
    await expectAccessible(page);
    await takePictures(page, 'review-changes');
    await page.getByRole('radio', { name: /Approve/ }).click();

    await again();

    await page.getByText('What is shown has changed').waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'I have looked at it' }).click();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'Approved' }).waitFor();
  });

  it('#6: a thousand open reviews are one list, of which only what is in sight is drawn; the service filters it', async () => {
    const { url, orchestrator } = await startService([refund]);
    const starts = Array.from({ length: 1_000 }, (_, n) =>
      orchestrator.start('refund', aRefund, { actor: n === 700 ? 'grace' : 'ada' }),
    );
    for (const { runId } of await Promise.all(starts)) await orchestrator.drive(runId);
    const page = await browser.open(`${url}/reviews`);
    await page.getByRole('tab', { name: 'All open 1,000' }).waitFor();
    const rows = page.getByRole('list', { name: 'Open reviews' }).getByRole('listitem');
    await rows.first().waitFor();
    expect(await rows.count()).toBeLessThan(40);
    await takePictures(page, 'reviews-many');

    await page.keyboard.press('End');
    const last = page.locator('[aria-posinset="1000"]').getByRole('link');
    await last.waitFor();
    expect(await rows.count()).toBeLessThan(40);
    await expectAccessible(page);
    await last.focus();
    await page.keyboard.press('k');
    await expect.poll(() => page.locator('[aria-posinset="999"] a:focus').count()).toBe(1);

    await page.getByLabel('Find', { exact: true }).fill('GRACE');
    await page.getByText('started by grace').waitFor();
    await expect.poll(() => rows.count()).toBe(1);
  });
});
