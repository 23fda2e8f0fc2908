import { describe, expect, it } from 'vitest';
import { createLedger } from '../../machines/ledger.ts';
import { fixtures } from '../../machines/webhook-router/fixtures.ts';
import payment from '../../machines/webhook-router/payment.json' with { type: 'json' };
import unknown from '../../machines/webhook-router/unknown.json' with { type: 'json' };
import { webhookReceived, webhookRouter } from '../../machines/webhook-router/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  undoneAtOnce,
  undoneAtTheEndOnly,
  withoutFunctions,
} from './support/unreachable.ts';

useDataDirectory();

const user = { id: 'wh-3', type: 'user.created', data: { user_id: 'u-1', email: 'a@example.com' } };
const order = { id: 'wh-4', type: 'order.cancelled', data: { order_id: 'o-1', reason: 'late' } };

describe('webhook router', () => {
  it.each([
    [user, 'handle_user_creation', 'users'],
    [payment, 'handle_payment_completion', 'payments'],
    [order, 'handle_order_cancellation', 'cancellations'],
  ])('M092: $type goes to its handler', async (sent, handler, ledger) => {
    const { engine } = await openBench({ workflows: [webhookRouter] });

    const answer = await (await engine.start(webhookRouter, sent)).result();

    expect(answer).toMatchObject({ handled: true, handler });
    expect(await createLedger('webhook-router', ledger).read(answer.entry_id)).toEqual({
      status: 'done',
      details: { webhook: sent.id, ...sent.data },
    });
  });

  it('M092, M093: an event of another type is kept and warned of', async () => {
    const { engine, log } = await openBench({ workflows: [webhookRouter] });

    const answer = await (await engine.start(webhookRouter, unknown)).result();

    expect(answer).toMatchObject({ handled: false, handler: 'log_unknown_event' });
    expect(await createLedger('webhook-router', 'unknown').read(answer.entry_id)).toEqual({
      status: 'done',
      details: unknown,
    });
    expect(log.saying('no handler for this type of event')).toMatchObject([
      { level: 'warn', type: 'parcel.lost' },
    ]);
  });

  it('M092: a webhook starts a run, and its repeat starts no other', async () => {
    const { engine } = await openBench({ workflows: [webhookRouter] });

    await engine.publish(webhookReceived, payment, { id: payment.id });
    await engine.publish(webhookReceived, payment, { id: payment.id });

    const { runs } = await engine.list({ workflow: 'webhook-router' });
    expect(runs).toHaveLength(1);
    expect(await engine.result(runs[0]?.runId ?? '')).toMatchObject({
      handler: 'handle_payment_completion',
    });
  });

  it('fails on data its handler cannot use, and has entered nothing', async () => {
    const { engine } = await openBench({ workflows: [webhookRouter] });

    const run = await engine.start(webhookRouter, { ...payment, data: { order_id: 'o-1' } });

    await expect(run.result()).rejects.toThrow(
      `Workflow failed at step 'payment': Webhook "wh-1" of type "payment.completed": payment_id, cents do not fit`,
    );
  });
});

describeWorkflow(webhookRouter, {
  ...fixtures,
  unreachable: {
    ...closedByPolicy,
    ...neverTimedOut,
    ...withoutFunctions,
    ...undoneAtOnce,
    ...undoneAtTheEndOnly,
  },
  onDone: printWalk,
});
describeCrashes(webhookRouter, { ...fixtures, ...sampled(40) });
describeCrashes(webhookRouter, { ...fixtures, stores: ['lowdb'], ...sampled(16) });
