import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import march from '../../machines/quarterly-report/march-2025.json' with { type: 'json' };
import quarter from '../../machines/quarterly-report/q1-2025.json' with { type: 'json' };
import {
  monthlyOperationsReport,
  quarterlyReport,
} from '../../machines/quarterly-report/workflow.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, eventsOf, minute, openBench } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';

const dataDirectory = useDataDirectory();
let server: TestSmtpServer;

beforeEach(async () => {
  server = await startSmtpServer();
  vi.stubEnv('SMTP_URL', server.url);
});
afterEach(() => server.close());

describe('quarterly report', () => {
  it('mails the report exactly once', async () => {
    const { engine, runId } = await aReport();

    expect(await engine.result(runId)).toEqual({
      sent_to: 'team@company.com',
      status: 'sent',
      messageId: server.mails[0]?.messageId,
    });
    expect(server.mails).toHaveLength(1);
    expect(server.mails[0]?.source).toContain('Subject: Quarterly Report - 2026-01-01');
  });

  it('runs its five steps one after the other', async () => {
    const { engine, runId } = await aReport();
    await engine.result(runId);

    const events = await eventsOf(engine, runId);

    expect(events.filter((event) => event.endsWith('.completed'))).toEqual([
      'load_data.completed',
      'analyse_with_llm.completed',
      'generate_charts.completed',
      'compose_html_report.completed',
      'send_email.completed',
    ]);
    expect((await entryOf(engine, runId, 'load_data.completed')).output).toMatchObject({
      rows: 1500,
      date_range: '2025-01-01 to 2025-03-31',
    });
  });

  it('leaves the page and its charts in a directory of the run', async () => {
    const { engine, runId } = await aReport();
    await engine.result(runId);

    const directory = join(dataDirectory(), 'reports', `quarterly-report-${runId}`);

    expect((await readdir(directory)).toSorted()).toEqual([
      'cost_breakdown.png',
      'report.html',
      'revenue_trend.png',
    ]);
    const html = await readFile(join(directory, 'report.html'), 'utf8');
    expect(html).toContain('<h1>Quarterly Report - 2026-01-01</h1>');
    expect(html.match(/<li>/g)).toHaveLength(3);
  });

  it('tries again until the mail server takes the mail', async () => {
    server.behave({ kind: 'refuse', at: 'mail', code: 451 });
    const { engine, clock, runId } = await aReport();
    await eventually(async () =>
      expect((await engine.get(runId)).waitingOn).toMatchObject([
        { kind: 'timer', step: 'send_email' },
        { kind: 'retry' },
      ]),
    );

    server.behave({ kind: 'accept' });
    await clock.advance(minute);

    await engine.result(runId);
    expect(server.mails).toHaveLength(1);
  });

  it('deletes report and charts when the mail server refuses the mail for good', async () => {
    server.behave({ kind: 'refuse', at: 'mail', code: 554 });
    const { engine, runId } = await aReport();

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });

    expect((await engine.get(runId)).outcome).toMatchObject({
      compensation: 'complete',
      undone: ['compose_html_report', 'generate_charts'],
      notUndone: [],
    });
    expect(existsSync(join(dataDirectory(), 'reports', `quarterly-report-${runId}`))).toBe(false);
    expect(server.mails).toEqual([]);
  });

  it('asks a person when nobody knows whether the mail was sent, and does not send it twice', async () => {
    server.behave({ kind: 'drop', at: 'mail' });
    const { engine, runId } = await aReport();
    const view = await engine.drive(runId);
    expect(view.waitingOn).toMatchObject([
      { kind: 'timer', step: 'send_email', until: expect.stringContaining('-04T') },
      { kind: 'review', step: 'send_email' },
    ]);

    const output = { sent_to: 'team@company.com', status: 'sent', messageId: '<seen@company.com>' };
    await engine.decide(runId, 'send_email', { outcome: 'happened', actor: 'kim', output });

    expect(await engine.result(runId)).toEqual(output);
    expect(server.mails).toHaveLength(1);
  });

  it('sends the same mail again when a person says that it did not arrive', async () => {
    server.behave({ kind: 'drop', at: 'mail' });
    const { engine, runId } = await aReport();
    await engine.drive(runId);
    server.behave({ kind: 'accept' });

    await engine.decide(runId, 'send_email', { outcome: 'did_not_happen', actor: 'kim' });
    await engine.result(runId);

    expect(server.mails).toHaveLength(2);
    expect(server.mails[1]?.messageId).toBe(server.mails[0]?.messageId);
  });

  it('says so when there is nothing to report', async () => {
    const { engine, runId } = await aReport({ from: '2024-01-01', to: '2024-03-31' });
    await engine.result(runId);

    const { output } = await entryOf(engine, runId, 'analyse_with_llm.completed');

    expect(output).toMatchObject({ insights: [] });
  });

  it('refuses a range that ends before it begins', async () => {
    await expect(aReport({ from: '2025-03-31', to: '2025-01-01' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('monthly operations report', () => {
  it('is another report of the same template', async () => {
    const { engine } = await openBench({ workflows: [monthlyOperationsReport] });
    const { from, to } = march;
    const { runId, result } = await engine.start(monthlyOperationsReport, { from, to });
    await result();

    const directory = join(dataDirectory(), 'reports', `monthly-operations-report-${runId}`);

    expect((await readdir(directory)).toSorted()).toEqual([
      'hours_breakdown.png',
      'orders_trend.png',
      'report.html',
    ]);
    expect(server.mails[0]?.source).toContain('Subject: Monthly Operations Report - 2026-01-01');
    expect((await entryOf(engine, runId, 'load_data.completed')).output).toMatchObject({
      rows: 507,
    });
  });
});

async function aReport(range: { from: string; to: string } = quarter) {
  const bench = await openBench({ workflows: [quarterlyReport] });
  const { from, to } = range;
  const { runId } = await bench.engine.start(quarterlyReport, { from, to });
  return { ...bench, engine: bench.engine, runId };
}
