import { beforeEach, describe, expect, it, vi } from 'vitest';
import { findOrder } from '../../machines/order-completion/database.ts';
import input from '../../machines/order-completion/order.json' with { type: 'json' };
import {
  generateReport,
  sendEmail,
  updateDatabase,
} from '../../machines/order-completion/tasks.ts';
import { orderCompletion } from '../../machines/order-completion/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench } from '../support/engine-bench.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

describeWorkflow(orderCompletion, {
  unreachable: { ...startedUnconditionally, ...neverTimedOut, ...closedByPolicy },
});
describeCrashes(orderCompletion, sampled(40));
if (isFull) describeCrashes(orderCompletion, { stores: ['lowdb'] });

useDataDirectory();
let server: TestSmtpServer;
beforeEach(async () => {
  server = await startSmtpServer();
  vi.stubEnv('SMTP_URL', server.url);
  return () => server.close();
});

describe('order-completion', () => {
  it('M118: completes the order, reports on it, tells the customer, and says what was done', async () => {
    const { engine } = await openBench({ workflows: [orderCompletion] });

    const { result } = await engine.start(orderCompletion, input);

    expect(await result()).toEqual({
      order_id: 'order-1042',
      database_updated: true,
      report_generated: true,
      notification_sent: true,
    });
    expect(await findOrder('order-1042')).toMatchObject({ status: 'completed' });
    expect(server.mails).toMatchObject([{ to: ['ada@example.com'] }]);
    expect(server.mails[0]?.source).toContain('Subject: Order order-1042 Complete');
    expect(server.mails[0]?.source.replaceAll('=\r\n', '')).toContain(
      'Your order has been completed. Report generated for 3 items',
    );
  });

  it('gives the record back what it held when the mail is refused for good', async () => {
    server.behave({ kind: 'refuse', at: 'recipient', code: 550 });
    const { engine } = await openBench({ workflows: [orderCompletion] });

    const { runId, result } = await engine.start(orderCompletion, input);

    await expect(result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect((await engine.get(runId)).outcome).toMatchObject({ undone: ['update_database'] });
    expect(await findOrder('order-1042')).toMatchObject({ status: 'packed' });
  });

  it('gives up on an order that does not exist', async () => {
    const { engine } = await openBench({ workflows: [orderCompletion] });

    const { result } = await engine.start(orderCompletion, { order_id: 'order-9' });

    await expect(result()).rejects.toThrow('There is no record "order-9"');
  });
});

describe('its tools', () => {
  it('M117: send_email(recipient, subject, body)', async () => {
    const mail = { recipient: 'ada@example.com', subject: 'Hello', body: 'Hello & goodbye' };

    expect(await callTask(sendEmail, mail)).toMatchObject({
      sent: true,
      recipient: 'ada@example.com',
    });
    expect(server.mails).toHaveLength(1);
  });

  it('M117: update_database(record_id, data), once for each key, and undone', async () => {
    const change = { record_id: 'order-1043', data: { status: 'completed' } };

    const output = await callTask(updateDatabase, change);
    await callTask(updateDatabase, { ...change, data: { status: 'lost' } });

    expect(output).toMatchObject({ updated: true, record_id: 'order-1043' });
    expect(await findOrder('order-1043')).toMatchObject({ status: 'completed' });
    await undoTask(updateDatabase, { input: change, output });
    await undoTask(updateDatabase, { input: change, output });
    expect(await findOrder('order-1043')).toMatchObject({ status: 'packed' });
  });

  it.each([
    [[], 'Report generated for 0 items'],
    [[1, 2], 'Report generated for 2 items'],
  ])('M117: generate_report(%o)', async (data, report) => {
    expect(await callTask(generateReport, { data })).toBe(report);
  });
});
