import { describe, expect, it } from 'vitest';
import expense from '../../machines/expense-approval/expense.json' with { type: 'json' };
import { fixtures } from '../../machines/expense-approval/fixtures.ts';
import { expenseApproval } from '../../machines/expense-approval/workflow.ts';
import { createLedger } from '../../machines/ledger.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, openBench, second } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  startedUnconditionally,
  undoneAtOnce,
} from './support/unreachable.ts';

useDataDirectory();
const requests = createLedger('expense-approval', 'requests');

describe('expense approval', () => {
  it('M132, M133: 999 is approved by policy, and the policy is on record', async () => {
    const { engine, runId } = await anExpense({ amount: 999 });

    expect(await engine.result(runId)).toEqual({
      approved: true,
      approval_id: expect.any(String),
      processed: true,
    });
    expect((await entryOf(engine, runId, 'approval.decided_by_policy')).actor).toBe(
      'policy:below 1000',
    );
  });

  it('M133: exactly 1000 asks a person', async () => {
    const { engine, runId } = await anExpense({ amount: 1_000 });

    expect((await engine.drive(runId)).waitingOn).toMatchObject([
      { kind: 'review', step: 'approval', shown: { request: expense } },
    ]);
  });

  it('M135, M136: the approval of a person is answered under the id it was shown with', async () => {
    const { engine, runId } = await anExpense({ amount: 1_000 });
    const other = await engine.start(expenseApproval, { ...expense, amount: 5_000 });
    await engine.drive(runId);
    const { waitingOn } = await engine.drive(other.runId);
    const { runs } = await engine.list();
    const open = runs.map(({ runId: id, waitingOn: [waiting] }) => ({ id, shown: waiting?.shown }));
    const wanted = waitingOn[0]?.shown;

    const found = open.find(({ shown }) => JSON.stringify(shown) === JSON.stringify(wanted));
    await engine.decide(found?.id ?? '', 'approval', { outcome: 'approved', actor: 'ben' });

    const answer = await other.result();
    expect(wanted).toMatchObject({ request: { amount: 5_000 } });
    expect(answer).toMatchObject({ approved: true, processed: true });
    expect(wanted).toMatchObject({ approval_id: 'approval_id' in answer && answer.approval_id });
    expect((await engine.get(runId)).status).toBe('processing');
  });

  it.each([
    [{ form: { reason: 'No budget left' } }, 'No budget left'],
    [{}, 'Rejected by ben'],
  ])('M135: a rejection is answered with its reason %#', async (decision, reason) => {
    const { engine, runId } = await anExpense({ amount: 2_000 });
    await engine.drive(runId);

    await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'ben', ...decision });

    expect(await engine.result(runId)).toEqual({ approved: false, reason });
    expect((await entryOf(engine, runId, 'process_approved_request.skipped')).data).toMatchObject({
      reason: 'The expense was not approved.',
    });
  });

  it('M135: an invalid request is answered with everything that is wrong, and asks nobody', async () => {
    const { engine, runId } = await anExpense({
      requester: ' ',
      amount: 1_000.005,
      purpose: '',
      receipt: '',
    });

    expect(await engine.result(runId)).toEqual({
      approved: false,
      reason: [
        'Nobody requests it',
        'The amount has parts of a cent',
        'The purpose is missing',
        'From 50 on a receipt is needed',
      ],
    });
  });

  it('M134, M137: after 86400 s, not before, the run goes on: nobody decided', async () => {
    const { engine, clock, runId } = await anExpense({ amount: 1_000 });
    await engine.drive(runId);

    await clock.advance(86_400 * second - 1);
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review' }]);
    await clock.advance(1);

    expect(await engine.result(runId)).toEqual({
      approved: false,
      reason: 'Nobody decided within 24 hours',
    });
    expect((await entryOf(engine, runId, 'approval.expired')).data).not.toHaveProperty('decider');
  });

  it('asks for four eyes: neither the requester nor whoever handed it in decides', async () => {
    const { engine, runId } = await anExpense({ amount: 1_000 }, 'cleo');
    await engine.drive(runId);

    for (const actor of ['ann', 'cleo'])
      await expect(
        engine.decide(runId, 'approval', { outcome: 'approved', actor }),
      ).rejects.toMatchObject({ code: 'REVIEW_FORBIDDEN' });

    await engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ben' });
    const answer = await engine.result(runId);
    expect(answer).toMatchObject({ approved: true });
  });

  it('keeps the request under its approval id', async () => {
    const { engine, runId } = await anExpense({ amount: 20 });
    await engine.result(runId);
    const { output } = await entryOf(engine, runId, 'open_request.completed');
    const id = Object.values(output ?? {}).join();

    expect(await requests.read(id)).toEqual({
      status: 'done',
      details: { ...expense, amount: 20 },
    });
  });
});

describeWorkflow(expenseApproval, {
  ...fixtures,
  unreachable: { ...closedByPolicy, ...neverTimedOut, ...startedUnconditionally, ...undoneAtOnce },
  onDone: printWalk,
});
describeCrashes(expenseApproval, { ...fixtures, ...sampled(40) });
describeCrashes(expenseApproval, {
  ...fixtures,
  stores: ['lowdb'],
  modes: ['kill', 'power_loss'],
  ...sampled(16),
});

async function anExpense(changes: Partial<typeof expense>, actor = 'ann') {
  const { engine, clock } = await openBench({ workflows: [expenseApproval] });
  const { runId } = await engine.start(expenseApproval, { ...expense, ...changes }, { actor });
  return { engine, clock, runId };
}
