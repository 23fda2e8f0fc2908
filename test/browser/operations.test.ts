import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createAdjustableClock } from '../../src/adapters/system/adjustable-clock.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { defineTask, defineWorkflow, PermanentError, TransientError } from '../../src/index.ts';
import { createMortalStore } from '../../src/service/development/crash.ts';
import { expectAccessible, takePictures, useBrowser } from './support/browser.ts';
import { startService, useService } from './support/service.ts';

let isBroken: boolean;
const book = defineTask({
  name: 'book',
  input: z.object({ invoice: z.string() }),
  output: z.string(),
  compensate: 'none',
  run: async ({ input }) => {
    if (isBroken) throw new PermanentError(`The ledger is closed for ${input.invoice}`);
    return input.invoice;
  },
});
const booking = defineWorkflow({
  name: 'booking',
  version: 1,
  input: z.object({ invoice: z.string() }),
  steps: (w) => w.finish(w.task('book', book, { input: w.input }), { approve: 'automatic' }),
});

const ask = defineTask({
  name: 'ask_bank',
  input: z.object({}),
  output: z.string(),
  compensate: 'none',
  retry: { maxAttempts: 5, backoff: { kind: 'fixed', initial: '1h' } },
  breaker: { name: 'bank', failureThreshold: 1, resetAfter: '1h' },
  run: async () => {
    throw new TransientError('The bank does not answer');
  },
});
const balance = defineWorkflow({
  name: 'balance',
  version: 1,
  input: z.object({}),
  steps: (w) => w.finish(w.task('ask', ask, { input: w.input }), { approve: 'automatic' }),
});

const draft = defineTask({
  name: 'draft_letter',
  input: z.object({}),
  output: z.object({
    usage: z.object({
      model: z.string(),
      calls: z.number(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      cost_usd: z.number().nullable(),
    }),
  }),
  compensate: 'none',
  queue: 'letters',
  retry: { maxAttempts: 25, backoff: { kind: 'fixed', initial: '1ms' } },
  async run({ attempt }) {
    if (attempt < 25) throw new TransientError('HTTP 429: too many requests');
    const counts = { calls: 3, input_tokens: 1_200, output_tokens: 340, cost_usd: 0.0125 };
    return { usage: { model: 'small-model', ...counts } };
  },
});
const letter = defineWorkflow({
  name: 'letter',
  version: 1,
  input: z.object({}),
  steps: (w) => w.finish(w.task('draft', draft, { input: w.input }), { approve: 'automatic' }),
});

const patient = defineWorkflow({
  name: 'patient',
  version: 1,
  input: z.object({}),
  steps(w) {
    w.sleep('night', { for: '12h' });
    return w.finish(w.input, { approve: 'automatic' });
  },
});

describe('running the service, in a browser', () => {
  const browser = useBrowser();
  const service = useService(() =>
    startService([booking, balance, letter, patient], {
      outgoing: { addresses: 'any' },
    }),
  );

  it('makes a token whose secret is shown once, revokes it, and finds both in the audit', async () => {
    const page = await browser.open(`${service.url}/settings`);
    await page.getByRole('main').getByText('developer', { exact: true }).waitFor();
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
    await expect.poll(() => page.getByRole('cell', { name: 'token.created' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText('Sound: 2 entries').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'audit');
  });

  it('adds an endpoint, edits it, gives it a new secret shown once, and sends again what its receiver had refused', async () => {
    let answer = 410;
    const receiver = createServer((_, response) => response.writeHead(answer).end());
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void receiver.close());
    const { port } = receiver.address() as AddressInfo;
    const page = await browser.open(`${service.url}/webhooks?tab=endpoints`);
    await page.getByRole('button', { name: 'Add an endpoint…' }).click();
    await page.getByLabel('URL').fill(`http://127.0.0.1:${port}/old`);
    await page.getByLabel('run.failed').uncheck();
    await page.getByRole('button', { name: 'Add it' }).click();
    const shown = page.getByRole('status').getByText(/^whsec_/);
    const first = await shown.textContent();
    await page.getByRole('button', { name: 'Edit…' }).click();
    await page.getByLabel('URL').fill(`http://127.0.0.1:${port}/hook`);
    await page.getByLabel('run.cancelled').check();
    await expectAccessible(page);
    await takePictures(page, 'endpoint-edit');
    await page.getByRole('button', { name: 'Save' }).click();
    const endpoint = page.getByRole('region', { name: /hook$/ });
    await endpoint.getByText('run.cancelled, review.opened').waitFor();
    await endpoint.getByRole('button', { name: 'New secret…' }).click();
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('It has a new secret').waitFor();
    await expect.poll(() => shown.textContent()).not.toBe(first);

    await endpoint.getByRole('button', { name: 'Send a test' }).click();
    await endpoint.getByText('Gone, says its receiver').waitFor();
    answer = 200;
    await endpoint.getByRole('button', { name: 'Activate' }).click();
    await endpoint.getByRole('button', { name: 'Show its deliveries' }).click();
    await endpoint.getByText('1 attempt, answered with 410').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'endpoints');
    await endpoint.getByRole('button', { name: 'Send again', exact: true }).click();
    await endpoint.getByText('answered with 200').waitFor();
    await endpoint.getByRole('button', { name: 'Pause' }).click();
    await endpoint.getByText('Paused', { exact: true }).waitFor();
    await endpoint.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('Nobody is told').waitFor();
  });

  it('#18: runs that failed alike are one incident, retried together after the fix, or marked as handled', async () => {
    isBroken = true;
    for (const invoice of ['i-1', 'i-2', 'i-3']) {
      const { runId } = await service.orchestrator.start('booking', { invoice });
      await service.orchestrator.drive(runId);
    }
    const page = await browser.open(`${service.url}/incidents`);
    const incident = page.getByRole('region', { name: /The ledger is closed/ });
    await incident.getByText('3 runs').waitFor();
    await page.getByRole('link', { name: 'Incidents 1 waiting' }).waitFor();
    await incident.getByRole('button', { name: 'Show the runs' }).click();
    await incident.getByText('The ledger is closed for i-1').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'incidents');

    isBroken = false;
    await incident.getByRole('button', { name: 'Retry all 3…' }).click();
    await page.getByLabel('Reason').fill('The ledger is open again');
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    await page.getByText('Complete: 3 of 3').waitFor();
    await page.getByText('Nothing is wrong').waitFor();
    const { runs } = await service.orchestrator.list({ workflow: 'booking' });
    for (const { runId } of runs) await service.orchestrator.drive(runId);
    expect((await service.orchestrator.list({ workflow: 'booking' })).runs).toMatchObject(
      Array.from({ length: 3 }, () => ({ status: 'complete' })),
    );

    isBroken = true;
    const { runId } = await service.orchestrator.start('booking', { invoice: 'i-4' });
    await service.orchestrator.drive(runId);
    await page.getByRole('button', { name: 'Mark as handled…' }).click();
    await page.getByLabel('Reason').fill('Booked by hand');
    await page.getByRole('button', { name: 'It is handled' }).click();
    await page.getByText('Nothing is wrong').waitFor();
    await page.getByLabel('Show').selectOption('handled');
    await page.getByText('Handled by developer').waitFor();
  });

  it('#24: an open breaker stands on the health page with the steps that wait to be tried again, and is reset', async () => {
    await service.orchestrator.start('balance', {});
    const page = await browser.open(`${service.url}/health`);
    const states = page.getByRole('list', { name: 'States of bank' });
    await states.locator('[aria-current]').getByText('Open').waitFor();
    const { runId } = await service.orchestrator.start('letter', {});
    await service.orchestrator.drive(runId);
    await page.getByText('24 of the last 25 attempts of "draft" of letter failed').waitFor();
    const storm = page.getByRole('row', { name: /^letter › draft Retry storm 24 of 25/ });
    await storm.getByText('HTTP 429: too many requests').waitFor();
    await page.getByRole('row', { name: /^All queues 0 of 256/ }).waitFor();
    await page.getByRole('row', { name: 'letter small-model 3 1,200 340 $0.0125' }).waitFor();
    await page.getByRole('list', { name: 'Cost by day' }).waitFor();
    await page.getByRole('button', { name: 'As command: spend' }).click();
    await page.getByText('npx signalbox spend --days 7').waitFor();
    await page.keyboard.press('Escape');
    await expectAccessible(page);
    await takePictures(page, 'health');

    await page.getByRole('button', { name: 'Reset now…' }).click();
    await page.getByLabel('Reason').fill('The bank is back');
    await page.getByRole('button', { name: 'As command: breaker' }).click();
    await page.getByText("npx signalbox breaker reset bank --reason 'The bank is back'").waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Reset', exact: true }).click();
    await page.getByText('The breaker is closed').waitFor();
    expect((await service.orchestrator.breakers())[0]).toMatchObject({ failures: 0 });
  });

  it('#17: all runs of a workflow, or everything, are paused with a reason; every page says so until it is resumed', async () => {
    const { runId } = await service.orchestrator.start(patient, {});
    const page = await browser.open(`${service.url}/workflows/patient`);
    await page.getByRole('button', { name: 'Pause all runs…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('wrong rates');
    await dialog.getByRole('button', { name: 'As command: pause' }).click();
    await page.getByText("npx signalbox pause --workflow patient --reason 'wrong rates'").waitFor();
    await page.keyboard.press('Escape');
    await takePictures(page, 'pause-workflow');
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('All runs of this workflow are paused').waitFor();
    await takePictures(page, 'workflow-paused');
    await expectAccessible(page);

    await page.goto(`${service.url}/health`);
    await page.getByText('Workflow "patient" is paused by').waitFor();
    await page.getByRole('button', { name: 'Pause everything…' }).click();
    await dialog.getByLabel('Reason').fill('the bank is down');
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('Everything is paused', { exact: true }).first().waitFor();
    await takePictures(page, 'health-paused');
    await page.goto(`${service.url}/runs/${runId}`);
    await page.getByRole('status').getByText('the bank is down').waitFor();
    const why = page.getByRole('list', { name: 'Why it is waiting' });
    await why
      .getByText(/somebody to resume everything, which .* has paused: the bank is down/)
      .waitFor();
    await why.getByText(/stands still with 1[12] h .*left/).waitFor();
    await takePictures(page, 'run-held');
    await expectAccessible(page);
    await page.goto(`${service.url}/runs`);
    await page
      .getByRole('row', { name: /Paused.*patient/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Resume everything' }).click();
    await page.getByText('the bank is down').first().waitFor({ state: 'detached' });

    await page.goto(`${service.url}/workflows/patient`);
    await page.getByRole('button', { name: 'Resume all runs' }).click();
    await page.getByRole('button', { name: 'Pause all runs…' }).waitFor();
    await expect.poll(() => service.orchestrator.get(runId)).toMatchObject({ heldBy: [] });
  });

  it('skips the clock to the next deadline, and has the worker die at a chosen commit', async () => {
    let deaths = 0;
    const clock = createAdjustableClock(systemClock);
    const mortal = createMortalStore(createMemoryStore(), () => {
      deaths += 1;
      mortal.plan(null);
    });
    const development = { clock, mortal, restarts: 0, die: () => {} };
    const { url, orchestrator } = await startService([patient], {
      store: mortal.store,
      clock,
      development,
    });
    const { runId } = await orchestrator.start('patient', {});
    await orchestrator.drive(runId);
    const page = await browser.open(url);
    await page.getByRole('link', { name: 'Development' }).click();
    await page.getByText('The next deadline is at').waitFor();
    await expectAccessible(page);
    await takePictures(page, 'development');

    await page.getByRole('button', { name: 'Skip to the next deadline' }).click();
    await page.getByText('ahead of this machine').waitFor();
    expect(await orchestrator.drive(runId, 'finished')).toMatchObject({ status: 'complete' });

    await page.getByRole('button', { name: 'Kill it then' }).click();
    await page.getByText('It will be killed after the next commit').waitFor();
    await orchestrator.start('patient', {});
    expect(deaths).toBe(1);
  });
});
