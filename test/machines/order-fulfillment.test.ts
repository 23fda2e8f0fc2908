import { describe, expect, it, vi } from 'vitest';
import order from '../../machines/order-fulfillment/order.json' with { type: 'json' };
import { validateOrder } from '../../machines/order-fulfillment/tasks.ts';
import { orderFulfillment } from '../../machines/order-fulfillment/workflow.ts';
import { standInOf } from '../../machines/platform.ts';
import { payments, warehouse } from '../../machines/shop.ts';
import type { RunView } from '../../src/index.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { callTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { minute, openBench, second, until } from '../support/engine-bench.ts';
import { openMeetingPlace } from './support/meeting-place.ts';
import { printWalk } from './support/print-walk.ts';
import { ask, useShop } from './support/shop.ts';
import { closedByPolicy, neverTimedOutAtTheEnd, withoutFunctions } from './support/unreachable.ts';

useDataDirectory();
useShop();

describe('order fulfilment', () => {
  it('M085, M086: yields order, inventory, payment and status', async () => {
    const { engine } = await openBench({ workflows: [orderFulfillment] });

    const run = await engine.start(orderFulfillment, order);

    expect(await run.result()).toEqual({
      order_id: 'order-1001',
      inventory: { available: true, reserved_items: order.items },
      payment: { transaction_id: 'txn_123', status: 'completed' },
      status: 'fulfilled',
    });
  });

  it('M086: the transaction is the one the payment provider has booked', async () => {
    const { engine } = await openBench({ workflows: [orderFulfillment] });
    await (await engine.start(orderFulfillment, order)).result();

    const second = await (await engine.start(orderFulfillment, { ...order, id: 'o-2' })).result();

    expect(second.payment).toEqual({ transaction_id: 'txn_124', status: 'completed' });
    expect(await ask(payments, '/charges/txn_124')).toEqual({
      order_id: 'o-2',
      card: 'card_ann',
      cents: 34_700,
      status: 'completed',
    });
  });

  it('M087: asks the warehouse and charges the card at the same time', async () => {
    const meeting = await openMeetingPlace({
      '/reservations': { id: 'r-1' },
      '/charges': { transaction_id: 'txn_7', status: 'completed' },
    });
    vi.stubEnv('WAREHOUSE_URL', meeting.url);
    vi.stubEnv('PAYMENTS_URL', meeting.url);
    const { engine } = await openBench({ workflows: [orderFulfillment] });

    const run = await engine.start(orderFulfillment, order);

    expect(await run.result()).toMatchObject({ payment: { transaction_id: 'txn_7' } });
    const [one, other] = meeting.visits;
    expect(meeting.visits.map(({ path }) => path).sort()).toEqual(['/charges', '/reservations']);
    expect(one?.arrivedAtMs).toBeLessThanOrEqual(other?.answeredAtMs ?? 0);
    expect(other?.arrivedAtMs).toBeLessThanOrEqual(one?.answeredAtMs ?? 0);
  });

  it('releases the articles when the card is declined', async () => {
    const { engine } = await openBench({ workflows: [orderFulfillment] });
    const payment = { card: 'card_stolen', cents: 34_700 };

    const { runId } = await engine.start(orderFulfillment, { ...order, payment });

    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringMatching(
        /^Workflow failed at step 'process_payment': .*The card card_stolen was declined/,
      ),
    });
    expect(await ask(warehouse, '/stock/DESK-02')).toEqual({ on_hand: 5 });
  });

  it('pays back when an article is missing', async () => {
    const { engine } = await openBench({ workflows: [orderFulfillment] });
    const items = [{ sku: 'DESK-02', quantity: 6, unit_cents: 100 }];
    const payment = { card: 'card_ann', cents: 600 };

    const { runId } = await engine.start(orderFulfillment, { id: 'o-3', items, payment });

    await expect(engine.result(runId)).rejects.toThrow('6 of DESK-02 wanted, 5 left');
    expect(await ask(payments, '/charges/txn_123')).toMatchObject({ status: 'refunded' });
  });

  it('charges once although the first answer of the provider was lost', async () => {
    const provider = await standInOf(payments);
    provider.fault('POST /charges', { drop: 'after' });
    const { engine, clock } = await openBench({ workflows: [orderFulfillment] });
    const { runId } = await engine.start(orderFulfillment, order);
    await until(async () => isBackingOff(await engine.get(runId)));

    await clock.advance(second);

    expect(await engine.result(runId)).toMatchObject({ payment: { transaction_id: 'txn_123' } });
    expect(provider.count('POST /charges')).toBe(2);
    expect(await ask(payments, '/charges/txn_124', 404)).toBeDefined();
  });

  it('joins lines of one article and refuses a payment that is not the price', async () => {
    const items = [
      { sku: 'LAMP-01', quantity: 1, unit_cents: 10 },
      { sku: ' lamp-01', quantity: 2, unit_cents: 10 },
    ];
    const payment = { card: 'card_ann', cents: 30 };

    expect(await callTask(validateOrder, { id: 'o', items, payment })).toMatchObject({
      items: [{ sku: 'LAMP-01', quantity: 3, unit_cents: 10 }],
    });
    await expect(
      callTask(validateOrder, { id: 'o', items, payment: { ...payment, cents: 29 } }),
    ).rejects.toThrow('Order "o" costs 30 cents, and 29 are to be paid');
  });

  it('M097, M098: has a name, a description and 1800 s; beyond them it fails and undoes', async () => {
    expect(orderFulfillment.plan).toMatchObject({
      name: 'order-fulfillment',
      description: expect.stringContaining('held back at the warehouse'),
      durability: 'durable',
      timeoutMs: 1_800_000,
    });
    const provider = await standInOf(payments);
    provider.fault('POST /charges', { status: 503, times: 4, retryAfterS: 3_600 });
    const { engine, clock } = await openBench({ workflows: [orderFulfillment] });
    const { runId } = await engine.start(orderFulfillment, order);
    await until(async () => isBackingOff(await engine.get(runId)));

    await clock.advance(30 * minute - second);
    expect((await engine.get(runId)).status).toBe('processing');
    await clock.advance(second);

    await expect(engine.result(runId)).rejects.toThrow('The run took longer than 1800000 ms');
    expect((await engine.get(runId)).outcome).toMatchObject({
      undone: ['check_inventory'],
      compensation: 'complete',
    });
    expect(await ask(warehouse, '/stock/LAMP-01')).toEqual({ on_hand: 40 });
  });
});

describeWorkflow(orderFulfillment, {
  unreachable: {
    ...closedByPolicy,
    ...neverTimedOutAtTheEnd,
    ...withoutFunctions,
  },
  onDone: printWalk,
});
describeCrashes(orderFulfillment, sampled(40));
describeCrashes(orderFulfillment, {
  stores: ['lowdb'],
  modes: ['kill', 'power_loss'],
  ...sampled(16),
});

function isBackingOff({ waitingOn }: RunView): boolean {
  const kinds = waitingOn.map(({ kind }) => kind);
  return kinds.includes('retry') && !kinds.includes('attempt');
}
