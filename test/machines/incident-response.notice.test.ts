import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import alert from '../../machines/incident-response/alert.json' with { type: 'json' };
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import type { Orchestrator } from '../../src/index.ts';
import { createDecisionHandler } from '../../src/links/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, minute, openBench } from '../support/engine-bench.ts';
import { startHttpReceiver } from '../support/http-receiver.ts';
import { readableSource } from '../support/mail-source.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

useDataDirectory();
const linkSecret = 'the-secret-that-signs-decision-links';

describe('incident response: the notice to the operators', () => {
  it('M215: is mailed, and the link in the mail approves', async () => {
    await using mails = await startSmtpServer();
    vi.stubEnv('SMTP_URL', mails.url);
    vi.stubEnv('SIGNALBOX_NOTIFY_EMAIL', 'kim@company.com, lee@company.com');
    const { engine, runId } = await anIncident();
    await eventually(() => mails.mails.length === 2);

    const mail = readableSource(mails.mails[0]?.source ?? '');
    const link = /^Approve:\r?\n(\S+)/m.exec(mail)?.[1] ?? '';
    const page = await (await fetch(link)).text();
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ step: 'approval' }]);
    const reason = new URLSearchParams({ 'form.reason': 'Operator consent.' });
    const answer = await fetch(link, { method: 'POST', body: reason });

    expect(mail).toContain('Subject: Approval needed: PUMP-07B');
    expect(mail).toContain('Likely sensor fault due to outdated firmware.');
    for (const text of [
      'Do you approve this action?',
      'Likely sensor fault due to outdated firmware.',
      'Attempt remote firmware update to v2.2.1.',
      'Operator consent.',
    ]) {
      expect(page).toContain(text);
    }
    expect(answer.status).toBe(200);
    expect(await engine.result(runId)).toEqual({
      final_summary: 'Incident resolved automatically. Firmware updated to v2.2.1.',
    });
    expect((await entryOf(engine, runId, 'approval.decided')).output).toEqual({
      outcome: 'approved',
      actor: 'kim@company.com',
      form: { reason: 'Operator consent.' },
    });
    expect((await fetch(link)).status).toBe(409);
  });

  it('M215: goes to a webhook and to Slack, and a program that calls back rejects', async () => {
    await using receiver = await startHttpReceiver();
    vi.stubEnv('SIGNALBOX_NOTIFY_WEBHOOK', `${receiver.url}/hook`);
    vi.stubEnv('SIGNALBOX_NOTIFY_SECRET', 'the-secret-that-signs-webhook-bodies');
    vi.stubEnv('SIGNALBOX_NOTIFY_SLACK', `${receiver.url}/slack`);
    const { engine, runId } = await anIncident();
    await eventually(() => receiver.posts.length === 2);

    const [hook, slack] = receiver.posts;
    const [approve, reject] = JSON.parse(hook?.body ?? '').actions;
    const answer = await fetch(reject.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ comment: 'Operator rejected action.' }),
    });

    expect(hook?.headers['x-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(approve.label).toBe('Approve');
    expect(JSON.parse(slack?.body ?? '').blocks.at(-1).elements).toMatchObject([
      { text: { text: 'Approve' }, style: 'primary' },
      { text: { text: 'Reject' }, style: 'danger' },
    ]);
    expect(await answer.json()).toMatchObject({ outcome: 'rejected', actor: 'webhook' });
    expect(await engine.result(runId)).toEqual({
      final_summary: 'Incident escalated. Ticket: INC-12345',
    });
    expect((await entryOf(engine, runId, 'approval.decided')).output).toMatchObject({
      comment: 'Operator rejected action.',
    });
  });

  it('says that nothing is sent where no channel is configured', async () => {
    const { engine, runId } = await anIncident();
    await engine.drive(runId);

    expect((await entryOf(engine, runId, 'notify_operators.completed')).output).toEqual({
      status: 'complete',
      value: { status: 'skipped', reason: 'No channel is configured.' },
    });
  });

  it('tries a channel again that is down, and mails once', async () => {
    await using mails = await startSmtpServer();
    await using receiver = await startHttpReceiver();
    vi.stubEnv('SMTP_URL', mails.url);
    vi.stubEnv('SIGNALBOX_NOTIFY_EMAIL', 'kim@company.com');
    vi.stubEnv('SIGNALBOX_NOTIFY_SLACK', receiver.url);
    receiver.behave({ kind: 'answer', status: 503 });
    const { engine, clock, runId } = await anIncident();
    await hasFailed(engine, runId);
    receiver.behave({ kind: 'accept' });

    await clock.advance(minute);
    await eventually(() => receiver.posts.length === 2);
    await engine.drive(runId);

    expect(receiver.posts[1]).toEqual(receiver.posts[0]);
    expect(mails.mails).toHaveLength(1);
    expect(await entryOf(engine, runId, 'notify_operators.completed')).toMatchObject({
      attempt: 2,
      output: { value: { deliveries: [{ channel: 'slack' }, { to: 'kim@company.com' }] } },
    });
  });

  it('does not stop the incident when it cannot be sent', async () => {
    vi.stubEnv('SIGNALBOX_NOTIFY_EMAIL', 'kim@company.com');
    const { engine, runId } = await anIncident();
    await hasFailed(engine, runId);

    await engine.decide(runId, 'approval', { outcome: 'approved', actor: 'kim', form: {} });

    expect(await engine.result(runId)).toEqual({
      final_summary: 'Incident resolved automatically. Firmware updated to v2.2.1.',
    });
    expect((await entryOf(engine, runId, 'notify_operators.failed')).error).toMatchObject({
      message: expect.stringContaining('SMTP_URL is not set'),
    });
  });

  it('is taken back when the run is cancelled', async () => {
    await using mails = await startSmtpServer();
    vi.stubEnv('SMTP_URL', mails.url);
    vi.stubEnv('SIGNALBOX_NOTIFY_EMAIL', 'kim@company.com');
    const { engine, runId } = await anIncident();
    await eventually(() => mails.mails.length === 1);
    await engine.drive(runId);

    await engine.cancel(runId, { reason: 'false alarm', actor: 'ops' });
    await engine.drive(runId, 'finished');

    const link = /^Approve:\r?\n(\S+)/m.exec(readableSource(mails.mails[0]?.source ?? ''))?.[1];
    expect(mails.mails[1]?.source).toContain('Subject: No approval needed any more: PUMP-07B');
    expect((await fetch(link ?? '', { method: 'POST', body: new URLSearchParams() })).status).toBe(
      409,
    );
    expect(await engine.get(runId)).toMatchObject({
      status: 'cancelled',
      outcome: { compensation: 'complete', undone: ['notify_operators'] },
    });
  });
});

/** What comes over a network takes as long as it takes. */
function eventually(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 15_000, interval: 5 });
}

/** Links expire by the clock of the machine, so the engine's begins there. */
async function anIncident() {
  const clock = new ManualClock(Date.now());
  const bench = await openBench({ workflows: [incidentResponse], clock });
  const handler = createDecisionHandler(bench.engine, { secrets: [linkSecret], clock });
  const server = createServer(handler.listener);
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  vi.stubEnv('SIGNALBOX_LINK_SECRET', linkSecret);
  vi.stubEnv('SIGNALBOX_PUBLIC_URL', `http://127.0.0.1:${address.port}/decide`);
  const { runId } = await bench.engine.start(incidentResponse, alert);
  await eventually(async () =>
    (await bench.engine.get(runId)).waitingOn.some(({ step }) => step === 'approval'),
  );
  return { engine: bench.engine, clock, runId };
}

function hasFailed(engine: Orchestrator, runId: string): Promise<boolean> {
  return eventually(async () =>
    (await engine.history(runId)).some(({ event }) => event === 'notify_operators.failed'),
  );
}
