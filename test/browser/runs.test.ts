import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { Pack } from '../../src/api/run-shapes.ts';
import { verifyPack } from '../../src/engine/verify-pack.ts';
import { createTokens } from '../../src/service/identity/tokens.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { errand, payout, purchase, vault } from './support/payout.ts';
import { startService, useService } from './support/service.ts';

describe('the runs in a browser', () => {
  const browser = useBrowser();
  const service = useService(() => startService([payout, errand, purchase, incidentResponse]));

  /** Starts a payout and brings it to its end or to whom it waits for. */
  async function aPayout(
    given: { account?: string; euros?: number; bank?: 'open' | 'busy' | 'refuses' },
    options: { key?: string; labels?: Record<string, string> } = {},
    { orchestrator } = service,
  ): Promise<string> {
    const input = { account: 'a-1', euros: 5_000, ...given };
    const { runId } = await orchestrator.start('payout', input, options);
    await orchestrator.drive(runId);
    return runId;
  }

  const openRun = (runId: string, rest = ''): Promise<Page> =>
    browser.open(`${service.url}/runs/${runId}${rest}`);
  const node = (page: Page, id: string) => page.locator(`[data-node="${id}"]`);

  it('the story of an incident: started from the form, approved in the inbox, seen to its report', async () => {
    const page = await browser.open(`${service.url}/start`);
    await page.getByLabel('Workflow').selectOption('incident-response');
    await page.getByLabel('Device id').fill('PUMP-07B');
    await page.getByLabel('Error').fill('PRESSURE_SPIKE_DETECTED');
    await page.getByRole('button', { name: 'Start run' }).click();

    await page.waitForURL(/\/runs\/./);
    await page.locator('[data-node="approval"][data-state="waiting"]').waitFor();
    await takePictures(page, 'story-waiting');
    await page.getByRole('link', { name: 'Reviews' }).click();
    await page.getByRole('link', { name: /Do you approve this action/ }).click();
    await page.getByText('Likely sensor fault due to outdated firmware.').first().waitFor();
    await page.getByRole('radio', { name: /Approve/ }).check();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'Approved' }).waitFor();

    await expect
      .poll(async () => (await service.orchestrator.list()).runs[0]?.status)
      .toBe('complete');
    const { runs } = await service.orchestrator.list();
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
    await page.getByRole('link', { name: runs[0]?.runId.slice(0, 14) ?? '' }).click();
    await page.locator('[data-node="report"][data-state="done"]').waitFor();
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByText('Incident resolved automatically. Firmware updated to v2.2.1.').waitFor();
  });

  it('#1: runs are listed by filters in the address, with counts, saved as a view', async () => {
    const counted = await startService([payout]);
    await aPayout({ euros: 10 }, { key: 'k-small', labels: { customer: 'acme' } }, counted);
    await aPayout({}, { key: 'k-large', labels: { customer: 'globex' } }, counted);
    await aPayout({ euros: 10, bank: 'refuses' }, {}, counted);

    const page = await browser.open(counted.url);
    await page.getByText('k-large').waitFor();
    await takePictures(page, 'runs');
    await page.getByRole('button', { name: /With an open review 1/ }).click();
    await page.getByText('k-small').waitFor({ state: 'detached' });
    await page.getByText('k-large').waitFor();
    await page.getByRole('button', { name: /With an open review 1/ }).click();
    await page.getByText('k-small').waitFor();
    await page.getByRole('button', { name: /Failed 1/ }).click();
    await page.getByText('k-large').waitFor({ state: 'detached' });
    await expect.poll(() => page.getByText('The bank refuses the account').count()).toBe(1);
    expect(page.url()).toContain('status=failed');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save what is shown now…' }).click();
    await page.getByLabel('Name').fill('To look at');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('View "To look at" saved').waitFor();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByLabel('Text in id, key, workflow or labels').fill('ACME');
    await page.getByText('k-large').waitFor({ state: 'detached' });
    await page.getByText('k-small').waitFor();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'To look at' }).click();

    await page.getByText('The bank refuses the account').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByLabel('In this state of the chart').fill('processing.working.approval');
    await page.keyboard.press('Enter');
    await page.getByText('k-small').waitFor({ state: 'detached' });
    await page.getByText('k-large').waitFor();
    expect(page.url()).toContain('state=processing.working.approval');
  });

  it('#2: the chart follows the run while it is looked at, and has a twin for screen readers', async () => {
    const runId = await aPayout({});
    const page = await openRun(runId);
    await page.locator('[data-node="approval"][data-state="waiting"]').waitFor();
    await takePictures(page, 'run-chart');
    await expectAccessible(page);

    await service.orchestrator.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });

    await page.locator('[data-node="settlement"][data-state="waiting"]').waitFor();
    await expect.poll(() => node(page, 'transfer_money').getAttribute('data-state')).toBe('done');
    await page.getByText('States', { exact: true }).click();
    await page.locator('[data-node="processing.working.settlement.waiting"]').click();
    await page.getByRole('region', { name: 'Step settlement' }).waitFor();
    expect(await page.locator('[data-node="processing.working"][role]').count()).toBe(0);
    await takePictures(page, 'run-states');
    await page.getByText('Table', { exact: true }).click();
    const twin = page.getByRole('table', { name: 'Steps of the run' });
    await twin.getByRole('row', { name: /settlement.*Waiting/ }).waitFor();
    await expectAccessible(page);
  });

  it('#3: a node opens by click and by key: input, output, attempts and errors', async () => {
    const page = await openRun(await aPayout({ bank: 'busy', euros: 10 }));
    await node(page, 'reserve_funds').click();
    const details = page.getByRole('region', { name: 'Step reserve_funds' });
    await details.getByText('r-a-1').waitFor();
    expect(page.url()).toContain('step=reserve_funds');

    await node(page, 'transfer_money').focus();
    await page.keyboard.press('Enter');

    const transfer = page.getByRole('region', { name: 'Step transfer_money' });
    await transfer.getByText('t-a-1').waitFor();
    await expect.poll(() => transfer.getByText('The bank is busy').count()).toBeGreaterThan(0);
    await expect.poll(() => transfer.getByRole('row').count()).toBe(3);
    await transfer
      .getByText(/^test\/browser\/support\/payout\.ts:\d+$/)
      .first()
      .waitFor();
    await transfer.getByRole('button', { name: 'Copy the place of the handler' }).click();
    const code = await readFile(join(import.meta.dirname, 'support/payout.ts'), 'utf8');
    const line = code.split('\n').findIndex((each) => each.includes('const transfer = ')) + 1;
    const copied = await page.evaluate('navigator.clipboard.readText()');
    expect(copied).toBe(`test/browser/support/payout.ts:${line}`);
    await takePictures(page, 'run-step');
    await expectAccessible(page);
  });

  it('#4, #5: says why the run waits, and what can happen next', async () => {
    const page = await openRun(await aPayout({}));

    const why = page.getByRole('list', { name: 'Why it is waiting' });
    await why.getByText('waits for the decision of a person').waitFor();
    await expect.poll(() => why.getByText(/then it counts as rejected/).count()).toBe(1);
    await expect.poll(() => why.getByRole('link', { name: 'Decide' }).count()).toBe(1);
    const next = page.getByRole('list', { name: 'What can happen next' });
    await next.getByText('Somebody decides approval').waitFor();
    await expect.poll(() => next.getByText('Somebody cancels the run').count()).toBe(1);

    const input = { account: 'a-2', euros: 5_000, bank: 'open' };
    const { runId } = await service.orchestrator.start('errand', input);
    await service.orchestrator.drive(runId);
    await page.goto(`${service.url}/runs/${runId}`);
    await why.getByText('In the end payout waits for the decision of a person').waitFor();
    await page.getByRole('link', { name: '1 child run' }).waitFor();
  });

  it('#10, #11: timeline with retries; history with its chain, raw entries and export', async () => {
    const runId = await aPayout({ bank: 'busy', euros: 10 });
    const page = await openRun(runId, '?tab=timeline');
    await page.getByRole('img', { name: /Attempt 1,.*failed, The bank is busy/ }).waitFor();
    await expect
      .poll(() => page.getByRole('img', { name: /Waits for the next attempt/ }).count())
      .toBe(1);
    await takePictures(page, 'run-timeline');
    await expectAccessible(page);

    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByText(/Chain verified/).waitFor();
    const entries = page.getByRole('list', { name: 'Entries of the history' });
    await entries.getByRole('button', { name: /transfer_money failed/ }).click();
    await page.getByRole('group', { name: /entry \d+/ }).waitFor();
    await takePictures(page, 'run-history');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Export…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export the audit pack' });
    await dialog.getByText(`npx signalbox audit verify-pack ${runId}.json`).waitFor();
    await expectAccessible(page);
    await takePictures(page, 'run-audit-pack');
    const download = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Save the file' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(`${runId}.json`);
    const pack = Pack.parse(JSON.parse(await readFile(await file.path(), 'utf8')));
    expect(verifyPack(pack)).toMatchObject({ runId, fault: null, entries: pack.run.entries });
  });

  it('#11: a history of thousands of entries is read and drawn a part at a time', async () => {
    const runId = await aPayout({});
    for (let round = 0; round < 300; round += 1) {
      await service.orchestrator.pause(runId);
      await service.orchestrator.resume(runId);
    }
    const page = await openRun(runId, '?tab=history');
    const entries = page.getByRole('list', { name: 'Entries of the history' });
    await entries.getByRole('button', { name: /605 Run was resumed/ }).waitFor();
    await expect.poll(() => page.getByText('200 of 605 loaded').count()).toBe(1);
    expect(await entries.getByRole('listitem').count()).toBeLessThan(60);

    await page.getByText('Oldest first').click();
    await entries.getByRole('button', { name: /1 Run was asked for/ }).waitFor();
    for (const loaded of [400, 600]) {
      await entries.focus();
      await page.keyboard.press('End');
      await page.getByText(`${loaded} of 605 loaded`).waitFor();
    }
    expect(await entries.getByRole('listitem').count()).toBeLessThan(60);
  });

  it('#12, #13: a past moment is shown as it was, and forked with a preview', async () => {
    const runId = await aPayout({ euros: 10 });
    const page = await openRun(runId, '?at=3');
    await page.getByText(/After entry 3 of/).waitFor();
    await page.locator('[data-node="transfer_money"]:not([data-state="done"])').waitFor();
    await expect.poll(() => node(page, 'reserve_funds').getAttribute('data-state')).toBe('done');
    await takePictures(page, 'run-past');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'One entry back' }).click();
    await page.getByText(/After entry 2 of/).waitFor();
    await page.getByRole('button', { name: 'One entry on' }).click();
    await page.getByText(/After entry 3 of/).waitFor();
    await page.getByRole('button', { name: 'One entry back' }).click();
    await page.getByText(/After entry 2 of/).waitFor();
    await page.getByRole('button', { name: 'Copy a link to this moment' }).click();
    await page.getByRole('button', { name: 'The link is copied' }).waitFor();
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    const other = await browser.open(link);
    await other.getByText(/After entry 2 of/).waitFor();
    await page.getByRole('button', { name: 'One entry on' }).click();
    await page.getByText(/After entry 3 of/).waitFor();

    await page.getByRole('button', { name: 'Fork from here' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Reused').waitFor();
    const twice = dialog.getByRole('list', { name: 'May happen twice' });
    await twice.getByText('send_notice').waitFor();
    await takePictures(page, 'run-fork');
    await expect.poll(() => dialog.getByRole('button', { name: 'Fork' }).isDisabled()).toBe(true);
    await dialog.getByLabel('I accept that').check();
    await dialog.getByRole('button', { name: 'Fork' }).click();

    await page.getByText('forked from').waitFor();
    expect(page.url()).not.toContain(runId);
  });

  it('#14: a failed run is retried with a reason, or as a new run with an edited input', async () => {
    const runId = await aPayout({ euros: 10, bank: 'refuses' });
    const page = await openRun(runId);
    await page.getByRole('button', { name: 'Retry' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Not undone; it may be done twice').waitFor();
    await takePictures(page, 'run-retry');
    await dialog.getByLabel('Reason').fill('The account was wrong');
    await dialog.getByLabel('As a new run with an edited input').check();
    await dialog.getByRole('button', { name: 'Edit the input' }).click();
    const input = page.getByRole('textbox', { name: 'Input', exact: true });
    await expect.poll(() => input.inputValue()).toContain('refuses');
    const previewed = page.waitForResponse((answer) => answer.url().endsWith('/fork-preview'));
    await input.fill(JSON.stringify({ account: 'a-2', euros: 10, bank: 'open' }));
    await previewed;
    const accept = page.getByLabel('I accept that');
    await accept.check();
    await page.getByRole('button', { name: 'Fork', exact: true }).last().click();

    await page.waitForURL((url) => !url.pathname.includes(runId));
    await page.getByText('Complete', { exact: true }).first().waitFor();
  });

  it('#15, #16, #17: paused, resumed, cancelled with a choice and a preview; what was undone is told', async () => {
    const runId = await aPayout({});
    const page = await openRun(runId);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('Holiday');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
    await expect.poll(() => page.getByText('Paused', { exact: true }).count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Resume', exact: true }).click();

    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('list', { name: 'Will be undone' }).getByText('reserve_funds').waitFor();
    await expect.poll(() => dialog.getByText(`npx signalbox cancel ${runId}`).count()).toBe(1);
    await takePictures(page, 'run-cancel');
    await expectAccessible(page);
    await dialog.getByLabel('Stop now, then undo').check();
    await dialog.getByRole('button', { name: 'Cancel the run' }).click();

    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.getByRole('tab', { name: 'Compensation' }).click();
    await page.getByText('Everything was undone').waitFor();
    await page.getByRole('row', { name: /reserve_funds.*Undone/ }).waitFor();
    await takePictures(page, 'run-compensation');
    await expectAccessible(page);
  });

  it('#16: what nothing could undo is resolved by hand with a reason', async () => {
    const runId = await aPayout({ euros: 10, bank: 'refuses' });
    const page = await openRun(runId, '?tab=compensation');
    await page.getByText('Undone in part').waitFor();
    await page.getByRole('row', { name: /send_notice.*Cannot be undone/ }).waitFor();
    await takePictures(page, 'run-undo');
    await page.getByRole('button', { name: 'Resolve by hand' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('The customer was telephoned');
    await page.getByRole('dialog').getByRole('button', { name: 'It is resolved' }).click();

    await page.getByRole('row', { name: /send_notice.*Resolved by hand/ }).waitFor();
    await page.getByText('Everything was undone').waitFor();
    await expectAccessible(page);
  });

  it('#16: what could not be undone is tried again with a reason, once the cause has gone', async () => {
    vault.isOpen = false;
    const { runId } = await service.orchestrator.start('purchase', { euros: 7 });
    await service.orchestrator.drive(runId);
    const page = await openRun(runId, '?tab=compensation');
    await page.getByRole('row', { name: /pay_deposit.*Undo failed/ }).waitFor();
    vault.isOpen = true;
    await page.getByRole('button', { name: 'Try again' }).click();
    const dialog = page.getByRole('dialog', { name: 'Try again to undo: pay_deposit' });
    await dialog.getByLabel('Reason').fill('The vault is open');
    await dialog
      .getByText(`npx signalbox undo ${runId} --retry pay_deposit --reason 'The vault is open'`)
      .waitFor();
    await dialog.getByRole('button', { name: 'Undo it' }).click();

    await page.getByRole('row', { name: /pay_deposit.*Undone/ }).waitFor();
    await page.getByText('Everything was undone').waitFor();
  });

  it('#19: one action on many runs, after a dry run, with its progress and what became of each', async () => {
    const batch = randomUUID();
    await aPayout({}, { labels: { batch } });
    await aPayout({}, { labels: { batch } });
    await aPayout({ euros: 10 }, { labels: { batch } });
    const page = await browser.open(`${service.url}/runs?label=batch%3D${batch}`);
    await page.getByLabel('Choose every run loaded so far').check();
    await page.getByText('3 runs chosen').waitFor();
    await takePictures(page, 'runs-chosen');
    await page.getByRole('button', { name: 'Pause…' }).click();

    const dialog = page.getByRole('dialog');
    await dialog.getByText('Dry run: 2 of 3 accept it').waitFor();
    await dialog.getByLabel('Reason').fill('Holiday');
    await expectAccessible(page);
    await takePictures(page, 'runs-batch');
    await dialog.getByRole('button', { name: 'Pause them (2)' }).click();

    await dialog.getByText(/Complete: 2 of 2, 2 done, 0 skipped/).waitFor();
    const items = dialog.getByRole('table', { name: 'What became of each run' });
    await expect.poll(() => items.getByText('Done').count()).toBe(2);
    await takePictures(page, 'runs-batch-done');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('Paused', { exact: true }).first().waitFor();
  });

  it('a run is compared with another one, and copied as a test', async () => {
    const left = await aPayout({ euros: 10 });
    const right = await aPayout({});
    const page = await openRun(left);
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Compare with another run…' }).click();
    const comparing = page.getByRole('dialog', { name: 'Compare with another run' });
    await comparing.getByLabel('The other run').fill(right);
    await comparing.getByRole('button', { name: 'Compare' }).click();
    await comparing.getByText('They differ from the start: the input differs.').waitFor();
    const parting = comparing.getByRole('table', { name: 'Where they part' });
    await expect.poll(() => parting.getByRole('row').count()).toBe(2);
    await expectAccessible(page);
    await takePictures(page, 'run-compare');
    await comparing.getByRole('button', { name: 'Back' }).click();

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Copy as test…' }).click();
    const copying = page.getByRole('dialog', { name: 'Copy as test' });
    await copying.getByText('The workflow of today goes as the run went.').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'run-copy-as-test');
    const download = page.waitForEvent('download');
    await copying.getByRole('button', { name: 'Save the file' }).click();
    expect((await download).suggestedFilename()).toMatch(/^payout-.*\.test\.ts$/);
  });

  it('who has not signed in sees no page, signs in with a token, and out again', async () => {
    const store = createMemoryStore();
    const { url, orchestrator } = await startService([payout], {
      store,
      identity: (publicUrl) => ({ mode: 'sign-in', publicUrl }),
    });
    const tokens = createTokens({ store, clock: systemClock });
    const { secret } = await tokens.create({ name: 'ann', role: 'viewer' }, 'cli');

    const page = await browser.open(`${url}/runs?status=failed`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await expectAccessible(page);
    await takePictures(page, 'sign-in');
    await page.getByLabel('API token').fill(secret);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('No run fits').waitFor();
    // What her role would be refused is not offered to her.
    await page.goto(`${url}/runs`);
    await page.getByText('No run yet').waitFor();
    expect(await page.getByRole('link', { name: 'Start one from a form' }).count()).toBe(0);
    await orchestrator.start('payout', { account: 'a-1', euros: 5 }, { key: 'k-looked-at' });
    await page.getByText('k-looked-at').waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await page.goto(`${url}/start`);
    await page.getByText('Your role does not allow this').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'not-allowed');
    await page.getByRole('button', { name: 'Signed in as ann' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();

    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('below a base path: signed in, its pages open, follow the runs, lead to each other, and are there after a reload', async () => {
    const store = createMemoryStore();
    const { url, orchestrator } = await startService([payout], {
      store,
      basePath: '/ops/signalbox',
      identity: (publicUrl) => ({ mode: 'sign-in', publicUrl }),
    });
    const tokens = createTokens({ store, clock: systemClock });
    const { secret } = await tokens.create({ name: 'ann', role: 'admin' }, 'cli');

    const page = await browser.open(`${url}/runs?workflow=payout`);
    await page.getByLabel('API token').fill(secret);
    await page.getByRole('button', { name: 'Sign in with a token' }).click();
    await page.getByText('No run fits').waitFor();
    await page.locator('[data-connection="open"]').waitFor();
    await orchestrator.start('payout', { account: 'a-9', euros: 5_000 }, { key: 'k-below' });
    await page.getByText('k-below').waitFor();
    await takePictures(page, 'below-runs');
    await page.getByRole('row').filter({ hasText: 'k-below' }).getByRole('link').first().click();
    await node(page, 'approval').waitFor();
    await page.reload();
    await node(page, 'approval').waitFor();
    await takePictures(page, 'below-run');
    const cookiesFor = async (address: string) =>
      (await page.context().cookies(address)).map(({ name }) => name);
    const sent = await Promise.all([url, new URL(url).origin].map(cookiesFor));
    // What the page was about to ask when it was left is refused.
    browser.expectComplaint(/401/);
    await page.getByRole('button', { name: 'Signed in as ann' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    expect(new URL(page.url()).pathname).toMatch(/^\/ops\/signalbox\//);
    expect(sent).toEqual([['signalbox'], []]);
  });

  it('the keys are told, and lead to the pages', async () => {
    const page = await browser.open(service.url);
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('s');

    await page.waitForURL(/\/start/);
  });
});
