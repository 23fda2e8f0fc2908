import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import complaint from '../../machines/refund-desk/complaint.json' with { type: 'json' };
import { refundDesk } from '../../machines/refund-desk/workflow.ts';
import { check, describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { day, eventsOf, openBench } from '../support/engine-bench.ts';
import { startModelServer, withoutProvider } from '../support/model-server.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

const onceOnly = 'no undo of the workflow is tried again';
describeWorkflow(refundDesk, {
  unreachable: {
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
    'compensating.undoing undo.failed': onceOnly,
    'compensating.backing_off undo.retry_due': onceOnly,
  },
});
describeCrashes(refundDesk, sampled(40));

const dataDirectory = useDataDirectory();
const lookUp = { name: 'look_up_purchase', input: { purchase_id: 'p-1001' } };
const refund = {
  name: 'issue_refund',
  input: { purchase_id: 'p-1001', cents: 4_900, reason: 'It never came' },
};

describe('refund-desk', () => {
  it('pays only after a person has approved, and `check` proves it', () => {
    const report = check(refundDesk).rules.find(({ rule }) => rule === 'protected-steps');

    expect(report?.verdict).toBe('holds');
    expect(JSON.stringify(report)).toContain('clerk_action');
  });

  it('shows the call that the model wants, makes it once it is approved, and lets the model answer', async () => {
    const server = await startModelServer({ calls: [lookUp] }, { calls: [refund] }, 'It is paid.');
    const { engine, runId } = await aComplaint();
    expect((await engine.get(runId)).waitingOn).toMatchObject([
      {
        kind: 'review',
        step: 'clerk_approval',
        shown: { name: 'issue_refund', input: refund.input },
      },
    ]);
    expect(await refundsMade()).toBe(0);

    await engine.decide(runId, 'clerk_approval', { outcome: 'approved', actor: 'kim' });

    expect(await engine.result(runId)).toEqual({
      answer: 'It is paid.',
      source: 'llama-3.3-70b-versatile',
      usage: {
        model: 'llama-3.3-70b-versatile',
        calls: 3,
        input_tokens: 30,
        output_tokens: 15,
        cost_usd: null,
      },
    });
    expect(await refundsMade()).toBe(1);
    const conclusion = server.requests[2];
    expect(conclusion?.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
    ]);
    expect(conclusion?.messages.at(-1)?.content).toContain('"cents":4900');
    expect(conclusion?.tools?.map((tool) => tool.function.name)).toEqual(['look_up_purchase']);
  });

  it('tells the model when a person says no', async () => {
    const server = await startModelServer({ calls: [refund] }, 'We are sorry.');
    const { engine, runId } = await aComplaint();

    await engine.decide(runId, 'clerk_approval', { outcome: 'rejected', actor: 'kim' });

    expect(await engine.result(runId)).toMatchObject({ answer: 'We are sorry.' });
    expect(server.requests[1]?.messages.at(-1)?.content).toContain('A person said no');
    expect(await refundsMade()).toBe(0);
  });

  it('counts as refused after 24 hours', async () => {
    const server = await startModelServer({ calls: [refund] }, 'We are sorry.');
    const { engine, clock, runId } = await aComplaint();

    await clock.advance(day);

    expect(await engine.result(runId)).toMatchObject({ answer: 'We are sorry.' });
    expect(server.requests[1]?.messages.at(-1)?.content).toContain('Nobody decided in time');
  });

  it('asks nobody if the model does not want to pay, or does not say what', async () => {
    const wrong = { ...refund, input: { ...refund.input, cents: -1 } };
    const server = await startModelServer({ calls: [wrong] }, 'It has arrived.');
    const { engine, runId } = await aComplaint();

    expect(await engine.result(runId)).toMatchObject({ answer: 'It has arrived.' });
    expect(server.requests[1]?.messages.at(-1)?.content).toContain('The input does not fit');
    expect(await eventsOf(engine, runId)).not.toContain('clerk_approval.decided');
  });

  it('works by rule without a provider, and says so', async () => {
    withoutProvider();
    const { engine, runId } = await aComplaint();

    await engine.decide(runId, 'clerk_approval', { outcome: 'approved', actor: 'kim' });

    expect(await engine.result(runId)).toMatchObject({
      answer: '[offline model] We have paid your money back.',
      usage: { model: 'offline', calls: 3 },
    });
  });
});

async function aComplaint() {
  const bench = await openBench({ workflows: [refundDesk] });
  const { runId } = await bench.engine.start(refundDesk, complaint);
  await bench.engine.drive(runId);
  return { ...bench, engine: bench.engine, runId };
}

async function refundsMade(): Promise<number> {
  const directory = join(dataDirectory(), 'refund-desk', 'refunds');
  return (await readdir(directory).catch(() => [])).length;
}
