import { describe, expect, it } from 'vitest';
import { fixtures } from '../../machines/grouped-batch/fixtures.ts';
import input from '../../machines/grouped-batch/requests.json' with { type: 'json' };
import { handleRequest, sendBatch } from '../../machines/grouped-batch/tasks.ts';
import { groupedBatch } from '../../machines/grouped-batch/workflow.ts';
import { createLedger } from '../../machines/ledger.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, eventsOf, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import { closedByPolicy, neverTimedOut, undoneAtOnce } from './support/unreachable.ts';

useDataDirectory();
const mailings = createLedger('grouped-batch', 'mailings');
const jobs = createLedger('grouped-batch', 'jobs');

describe('grouped batch', () => {
  it('M141: a result for every request, each by the way of its type', async () => {
    const { output } = await anEnd(input);

    expect(output).toMatchObject([
      { id: 'a', type: 'data_processing', result: { sum: 15, mean: 5 } },
      { id: 'b', type: 'notification', result: { sent: 2 } },
      { id: 'c', type: 'export', result: { job_id: expect.any(String) } },
      { id: 'd', type: 'notification', result: { sent: 2 } },
      { id: 'e', type: 'data_processing', result: { sum: 10, mean: 10 } },
    ]);
  });

  it('M141: notifications go out as one batch', async () => {
    const { engine, runId } = await anEnd(input);

    const { output } = await entryOf(engine, runId, 'notification.completed');

    const { mailing_id } = output as { mailing_id: string };
    expect(await mailings.read(mailing_id)).toEqual({
      status: 'done',
      details: {
        messages: [
          { to: 'kim@example.com', text: 'Done.' },
          { to: 'lee@example.com', text: 'Done.' },
        ],
      },
    });
  });

  it('M141: data is processed side by side, other types one task each', async () => {
    const { engine, runId } = await anEnd(input);

    expect((await entryOf(engine, runId, 'data_processing.completed')).output).toHaveLength(2);
    expect((await entryOf(engine, runId, 'others.completed')).output).toHaveLength(1);
    const { state } = await engine.at(runId, 2);
    for (const group of ['data_processing', 'notification', 'others'])
      expect(JSON.stringify(state)).toContain(`"${group}":"running"`);
  });

  it('sends no mailing when there is nothing to notify of', async () => {
    const { engine, runId, output } = await anEnd({ requests: input.requests.slice(0, 1) });

    expect(output).toHaveLength(1);
    expect(await eventsOf(engine, runId)).toContain('notification.skipped');
  });

  it('has no results of no requests', async () => {
    expect((await anEnd({ requests: [] })).output).toEqual([]);
  });

  it.each([
    ['a payload that does not fit its type', { id: 'x', type: 'notification', payload: {} }],
    ['the id of another', input.requests[0]],
  ])('refuses a request with %s', async (_what, request) => {
    const { engine } = await openBench({ workflows: [groupedBatch] });

    await expect(
      engine.start('grouped-batch', { requests: [...input.requests, request] }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('withdraws the mailing and takes jobs out of their queue when it is undone', async () => {
    const notice = { to: 'kim@example.com', text: 'Done.' };
    const batch = [{ id: 'b', type: 'notification' as const, payload: notice }];
    const request = { id: 'c', type: 'export', payload: { format: 'csv' } };
    const sent = await callTask(sendBatch, batch);
    const handled = await callTask(handleRequest, request);

    await undoTask(sendBatch, { input: batch, output: sent });
    await undoTask(handleRequest, { input: request, output: handled });

    expect(await mailings.read(sent.mailing_id)).toMatchObject({ status: 'undone' });
    expect(await jobs.read(handled.job_id)).toMatchObject({ status: 'undone' });
  });
});

describeWorkflow(groupedBatch, {
  ...fixtures,
  unreachable: { ...undoneAtOnce, ...neverTimedOut, ...closedByPolicy },
  onDone: printWalk,
});
describeCrashes(groupedBatch, { ...fixtures, ...sampled(40) });
describeCrashes(groupedBatch, { ...fixtures, stores: ['lowdb'], ...sampled(12) });

async function anEnd(given: { requests: unknown[] }) {
  const { engine } = await openBench({ workflows: [groupedBatch] });
  const { runId, result } = await engine.start('grouped-batch', given);
  return { engine, runId, output: await result() };
}
