import { describe, expect, it } from 'vitest';
import operation from '../../machines/order-transaction/operation.json' with { type: 'json' };
import unconfirmed from '../../machines/order-transaction/unconfirmed.json' with { type: 'json' };
import {
  orderTransaction,
  orderTransactionOutcome,
} from '../../machines/order-transaction/workflow.ts';
import { standInOf } from '../../machines/platform.ts';
import { carrier, payments, warehouse } from '../../machines/shop.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, openBench, statusesOf } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import { ask, useShop } from './support/shop.ts';
import { closedByPolicy, neverTimedOut, withoutFunctions } from './support/unreachable.ts';

useDataDirectory();
useShop();

describe('order transaction', () => {
  it('M124, M128: reserves, charges and fulfils, and yields success with the steps', async () => {
    const { engine } = await openShop();

    const run = await engine.start(orderTransaction, operation);

    expect(await run.result()).toEqual({
      success: true,
      steps: [
        { step: 'reserve', result: { reservation_id: expect.any(String) } },
        { step: 'payment', result: { transaction_id: 'txn_123', status: 'completed' } },
        { step: 'fulfillment', result: { shipment_id: expect.any(String) } },
      ],
    });
  });

  it('M060, M061, M125: undoes the completed steps in reverse order, the failing one not', async () => {
    const { engine } = await openShop();
    const { runId } = await engine.start(orderTransaction, unconfirmed);

    await engine.drive(runId, 'finished');

    expect((await engine.get(runId)).outcome).toMatchObject({
      completed: ['reserve', 'payment', 'fulfillment'],
      undone: ['fulfillment', 'payment', 'reserve'],
      notUndone: [],
      compensation: 'complete',
    });
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'compensating',
      'failed',
    ]);
  });

  it('M064, M126: each compensation is given the result of its own step', async () => {
    const { engine } = await openShop();
    await (await engine.start(orderTransaction, operation)).result();
    const { runId } = await engine.start(orderTransaction, unconfirmed);
    await engine.drive(runId, 'finished');
    const resultOf = async (step: string) =>
      Object.values((await entryOf(engine, runId, `${step}.completed`)).output ?? {})[0];

    expect(await ask(payments, '/charges/txn_123')).toMatchObject({ status: 'completed' });
    expect(await resultOf('payment')).toBe('txn_124');
    expect(await ask(payments, '/charges/txn_124')).toMatchObject({ status: 'refunded' });
    expect(await ask(carrier, `/shipments/${await resultOf('fulfillment')}`)).toEqual({
      order_id: 'order-2002',
      address: '12 Station Road, Crewe',
      status: 'cancelled',
    });
    expect(await ask(warehouse, `/reservations/${await resultOf('reserve')}`)).toMatchObject({
      order_id: 'order-2002',
      status: 'released',
    });
    expect(await ask(warehouse, '/stock/CHAIR-03')).toEqual({ on_hand: 10 });
  });

  it('M062, M127, M129: a failed compensation is logged, the others run, the outcome says partial', async () => {
    (await standInOf(payments)).fault('POST /charges/:id/refund', { status: 422 });
    const { engine, log } = await openShop();
    const { runId } = await engine.start(orderTransaction, unconfirmed);

    await engine.drive(runId, 'finished');

    expect((await engine.get(runId)).outcome).toMatchObject({
      undone: ['fulfillment', 'reserve'],
      notUndone: [{ step: 'payment', reason: expect.stringContaining('answered with 422') }],
      compensation: 'partial',
    });
    expect(log.saying('compensation failed')).toMatchObject([{ level: 'warn', step: 'payment' }]);
  });

  it('M063: says at which step it failed and why', async () => {
    const { engine } = await openShop();
    const { runId } = await engine.start(orderTransaction, unconfirmed);

    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: `Workflow failed at step 'confirmation': "nobody" is no address a confirmation could go to`,
    });
    const { outcome } = await engine.get(runId);
    expect(outcome?.failure).toMatchObject({ step: 'confirmation', name: 'PermanentError' });
  });

  it('M065: logs what is executed, what failed with the number of steps to roll back, and what is compensated', async () => {
    const { engine, log } = await openShop();
    const { runId } = await engine.start(orderTransaction, unconfirmed);

    await engine.drive(runId, 'finished');

    expect(log.saying('executing').map(({ step }) => step)).toEqual([
      'reserve',
      'payment',
      'fulfillment',
      'confirmation',
    ]);
    expect(log.at('error')).toMatchObject([
      {
        step: 'confirmation',
        message: 'task failed after 1 attempt(s); 3 completed step(s) to roll back',
      },
    ]);
    expect(log.saying('compensated').map(({ step }) => step)).toEqual([
      'fulfillment',
      'payment',
      'reserve',
    ]);
  });
});

describe('order transaction with its outcome as data', () => {
  it('M128: yields success with the steps', async () => {
    const { engine } = await openShop();

    const run = await engine.start(orderTransactionOutcome, operation);

    expect(await run.result()).toMatchObject({
      success: true,
      steps: [{ step: 'reserve' }, { step: 'payment' }, { step: 'fulfillment' }],
    });
  });

  it('M128: yields the error and that everything is undone', async () => {
    const { engine } = await openShop();

    const run = await engine.start(orderTransactionOutcome, unconfirmed);

    expect(await run.result()).toEqual({
      success: false,
      error: `Workflow failed at step 'confirmation': "nobody" is no address a confirmation could go to`,
      compensated: true,
      compensation: 'complete',
    });
  });

  it.each([
    { failing: [payments], compensated: false, compensation: 'partial' },
    { failing: [payments, warehouse, carrier], compensated: false, compensation: 'impossible' },
  ])('M129: never says compensated where it is $compensation', async ({ failing, ...told }) => {
    for (const platform of failing)
      (await standInOf(platform)).fault(undoing.get(platform) ?? '', { status: 422 });
    const { engine } = await openShop();

    const run = await engine.start(orderTransactionOutcome, unconfirmed);

    expect(await run.result()).toMatchObject({ success: false, ...told });
  });

  it('says that there was nothing to undo when the first step fails', async () => {
    const { engine } = await openShop();
    const items = [{ sku: 'CHAIR-03', quantity: 13, unit_cents: 9_900 }];

    const run = await engine.start(orderTransactionOutcome, { ...operation, items });

    expect(await run.result()).toMatchObject({
      success: false,
      error: expect.stringContaining('13 of CHAIR-03 wanted, 12 left'),
      compensated: true,
      compensation: 'nothing',
    });
  });
});

const undoing = new Map([
  [warehouse, 'DELETE /reservations/:id'],
  [payments, 'POST /charges/:id/refund'],
  [carrier, 'DELETE /shipments/:id'],
]);

const usual = { ...closedByPolicy, ...neverTimedOut, ...withoutFunctions };

describeWorkflow(orderTransaction, { unreachable: usual, onDone: printWalk });
describeWorkflow(orderTransactionOutcome, {
  unreachable: {
    ...usual,
    'processing.draining transaction.completed':
      'the child would have to complete at the moment it is stopped',
    'processing.working.transaction.running transaction.failed[1]':
      'the child waits for nothing and cannot fail',
    'compensating.undoing undo.failed': 'nothing of the workflow is to be undone',
    'compensating.backing_off undo.retry_due': 'nothing of the workflow is to be undone',
  },
  onDone: printWalk,
});
describeCrashes(orderTransaction, sampled(40));
describeCrashes(orderTransaction, {
  stores: ['lowdb'],
  modes: ['kill', 'power_loss'],
  ...sampled(16),
});
describeCrashes(orderTransactionOutcome, sampled(20));

function openShop() {
  return openBench({ workflows: [orderTransaction, orderTransactionOutcome] });
}
