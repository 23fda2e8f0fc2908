import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendEmail } from '../../machines/quarterly-report/tasks.ts';
import { OutcomeUnknownError, PermanentError, TransientError } from '../../src/index.ts';
import { callTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';

const dataDirectory = useDataDirectory();
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
let server: TestSmtpServer;

beforeEach(async () => {
  server = await startSmtpServer();
  vi.stubEnv('SMTP_URL', server.url);
});
afterEach(() => server.close());

describe('send_email', () => {
  it('mails the report to the team', async () => {
    const output = await send();

    expect(output).toEqual({
      sent_to: 'team@company.com',
      status: 'sent',
      messageId: expect.stringMatching(/^<[0-9a-f]{32}@company\.com>$/),
    });
    expect(server.mails).toMatchObject([
      { from: 'reports@company.com', to: ['team@company.com'], messageId: output.messageId },
    ]);
    expect(server.mails[0]?.source).toContain('Subject: Quarterly Report - 2025-04-01');
  });

  it('sends embedded pictures as attachments that the page refers to', async () => {
    await send();

    const source = server.mails[0]?.source ?? '';

    expect(source).toContain('Content-Type: image/png');
    expect(source).toContain('src=3D"cid:');
  });

  it('gives every attempt of a step the same Message-ID, and every step its own', async () => {
    const ids = [await send('key-1'), await send('key-1'), await send('key-2')].map(
      ({ messageId }) => messageId,
    );

    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('does not send a report that was changed after it was composed', async () => {
    const input = await aReport();
    await writeFile(input.report_path, 'something else');

    await expect(callTask(sendEmail, input)).rejects.toBeInstanceOf(PermanentError);
    expect(server.mails).toEqual([]);
  });

  it('may be tried again when nobody answers', async () => {
    await server.close();

    await expect(send()).rejects.toBeInstanceOf(TransientError);
  });

  it('may be tried again when the connection is cut before the mail', async () => {
    server.behave({ kind: 'drop', at: 'connection' });

    await expect(send()).rejects.toBeInstanceOf(TransientError);
  });

  it('does not know what happened when the connection is cut after the mail', async () => {
    server.behave({ kind: 'drop', at: 'mail' });

    await expect(send()).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(server.mails).toHaveLength(1);
  });

  it.each([
    ['recipient', 450, TransientError],
    ['mail', 451, TransientError],
    ['recipient', 550, PermanentError],
    ['mail', 554, PermanentError],
  ] as const)('takes a refusal of the %s with %i for a %o', async (at, code, expected) => {
    server.behave({ kind: 'refuse', at, code });

    await expect(send()).rejects.toBeInstanceOf(expected);
    expect(server.mails).toEqual([]);
  });

  it('stops when the attempt is aborted before it began', async () => {
    const input = await aReport();

    await expect(
      callTask(sendEmail, input, { signal: AbortSignal.abort() }),
    ).rejects.toBeInstanceOf(TransientError);
    expect(server.mails).toEqual([]);
  });
});

async function send(idempotencyKey = 'run-1/send_email/1') {
  return callTask(sendEmail, await aReport(), { idempotencyKey });
}

async function aReport() {
  const html = `<!doctype html><h1>Quarterly Report</h1><img src="data:image/png;base64,${pixel}" alt="Revenue by week in a long line">`;
  const report_path = join(dataDirectory(), 'report.html');
  await writeFile(report_path, html);
  return {
    report_path,
    sha256: createHash('sha256').update(html).digest('hex'),
    subject: 'Quarterly Report - 2025-04-01',
    to: 'team@company.com',
  };
}
