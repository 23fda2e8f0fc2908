import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, entryOf, hour, openBench, statusesOf } from '../../support/engine-bench.ts';

const Payment = z.object({ amount: z.number().nonnegative() });

function aPayment(finish: {
  approve: 'person' | 'automatic' | 'below 1000';
  expires?: '24h';
  requesterMayDecide?: boolean;
  assignTo?: readonly string[];
  onFailure?: 'keep';
}) {
  const deeds = createDeeds();
  const { approve, onFailure, ...rest } = finish;
  const workflow = defineWorkflow({
    name: 'payment',
    version: 1,
    input: Payment,
    ...(onFailure === undefined ? {} : { onFailure }),
    steps(w) {
      const reserved = w.task('reserve', deeds.task('reserve'), { input: w.input });
      const charged = w.task('charge', deeds.task('charge'), { input: reserved });
      const isSmall = w.is(w.input.$.amount, 'amount < 1000', (amount) => amount < 1000);
      return w.finish(
        { charged, amount: w.input.$.amount },
        { ...rest, approve: approve === 'below 1000' ? isSmall : approve },
      );
    },
  });
  return { deeds, workflow };
}

describe('the closing review', () => {
  it('M050: is passed by every run; `automatic` is recorded as the actor that decided', async () => {
    const { workflow } = aPayment({ approve: 'automatic' });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { amount: 5 });

    expect(await run.result()).toEqual({ charged: 'charge done', amount: 5 });
    expect(await statusesOf(engine, run.runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
    expect(await entryOf(engine, run.runId, 'completion.decided_by_policy')).toMatchObject({
      actor: 'policy:automatic',
      from: 'waiting_review',
      to: 'complete',
    });
  });

  it.each([
    ['0', 0],
    ['999.99', 999.99],
    ['999.9999999999999', 999.9999999999999],
  ])('E-07: a policy named "amount < 1000" decides %s by itself', async (_text, amount) => {
    const { workflow } = aPayment({ approve: 'below 1000' });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { amount });

    expect(await run.result()).toMatchObject({ amount });
    expect(await entryOf(engine, run.runId, 'completion.decided_by_policy')).toMatchObject({
      actor: 'policy:amount < 1000',
      data: { outcome: 'approved' },
    });
  });

  it.each([
    ['1000', 1000],
    ['1e3', 1e3],
    ['1000.0000000000001', 1000.0000000000001],
  ])('E-07: at %s the policy hands over to a person', async (_text, amount) => {
    const { workflow } = aPayment({ approve: 'below 1000' });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount });

    const view = await engine.drive(run.runId);

    expect(view).toMatchObject({
      status: 'waiting_review',
      waitingOn: [{ kind: 'review', step: 'completion' }],
    });
    expect(await entryOf(engine, run.runId, 'completion.decided_by_policy')).toMatchObject({
      actor: 'policy:amount < 1000',
      data: { decided: false },
      to: 'waiting_review',
    });

    await engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toMatchObject({ amount });
    expect(await entryOf(engine, run.runId, 'completion.decided')).toMatchObject({
      actor: 'ann',
      to: 'complete',
    });
  });

  it.each([
    ['the text "999"', '999'],
    ['NaN', Number.NaN],
    ['-1', -1],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['null', null],
  ])('E-07: %s is refused at the door, so no policy ever sees it', async (_text, amount) => {
    const { workflow, deeds } = aPayment({ approve: 'below 1000' });
    const { engine } = await openBench({ workflows: [workflow] });

    const refused = engine.start('payment', { amount });

    await expect(refused).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('amount'),
    });
    expect(deeds.names).toEqual([]);
    expect((await engine.list()).runs).toEqual([]);
  });

  it('a rejection compensates what was done, newest first, and then the run has failed', async () => {
    const { workflow, deeds } = aPayment({ approve: 'person' });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount: 5 });
    await engine.drive(run.runId);

    await engine.decide(run.runId, 'completion', {
      outcome: 'rejected',
      actor: 'ann',
      comment: 'Too expensive',
    });

    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: "Workflow failed at step 'completion': Too expensive",
    });
    expect(deeds.names).toEqual(['reserve', 'charge', 'undo charge', 'undo reserve']);
    expect(await statusesOf(engine, run.runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'compensating',
      'failed',
    ]);
    expect(await engine.get(run.runId)).toMatchObject({
      outcome: { compensation: 'complete', undone: ['charge', 'reserve'], notUndone: [] },
    });
  });

  it('a rejection of a run that keeps what it did fails it without undoing anything', async () => {
    const { workflow, deeds } = aPayment({ approve: 'person', onFailure: 'keep' });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount: 5 });
    await engine.drive(run.runId);

    await engine.decide(run.runId, 'completion', { outcome: 'rejected', actor: 'ann' });

    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { compensation: 'nothing', notUndone: [{ step: 'reserve' }, { step: 'charge' }] },
    });
    expect(deeds.names).toEqual(['reserve', 'charge']);
  });

  it('expires after its 24 hours and not before; then the run compensates and fails', async () => {
    const { workflow, deeds } = aPayment({ approve: 'person', expires: '24h' });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount: 5 });
    await engine.drive(run.runId);

    await clock.advance(day - 1);
    const before = await engine.get(run.runId);
    await clock.advance(1);

    expect(before.status).toBe('waiting_review');
    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'completion', name: 'ReviewExpired' }, compensation: 'complete' },
    });
    expect(deeds.names).toEqual(['reserve', 'charge', 'undo charge', 'undo reserve']);
  });

  it('says for whom it waits, until when and what happens then', async () => {
    const { workflow } = aPayment({ approve: 'person', expires: '24h', assignTo: ['finance'] });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount: 5 });
    await engine.drive(run.runId);

    const { waitingOn } = await engine.get(run.runId);

    expect(waitingOn).toEqual([
      expect.objectContaining({
        kind: 'review',
        step: 'completion',
        what: 'the decision of finance',
        assignees: ['finance'],
        since: new Date(clock.nowMs()).toISOString(),
        until: new Date(clock.nowMs() + day).toISOString(),
        shown: { charged: 'charge done', amount: 5 },
      }),
    ]);
  });

  it('is not for the person who asked for the run, if the workflow says so', async () => {
    const { workflow } = aPayment({ approve: 'person', requesterMayDecide: false });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount: 5 }, { actor: 'bob' });
    await engine.drive(run.runId);

    const own = engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'bob' });

    await expect(own).rejects.toMatchObject({ code: 'REVIEW_FORBIDDEN' });
    expect(await engine.get(run.runId)).toMatchObject({ status: 'waiting_review' });
    await engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'ann' });
    expect(await run.result()).toMatchObject({ amount: 5 });
  });

  it('is decided only as what was shown; a hash of something else is refused', async () => {
    const { workflow } = aPayment({ approve: 'person' });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { amount: 5 });
    const { waitingOn } = await engine.drive(run.runId);
    const shownHash = waitingOn[0]?.shownHash ?? '';

    const blind = engine.decide(run.runId, 'completion', {
      outcome: 'approved',
      actor: 'ann',
      shownHash: 'f'.repeat(64),
    });

    await expect(blind).rejects.toMatchObject({ code: 'REVIEW_CHANGED' });
    await engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'ann', shownHash });
    expect(await entryOf(engine, run.runId, 'completion.decided')).toMatchObject({
      data: { shownHash },
    });
  });

  it('M054: every transition moves `updatedAt` and leaves `createdAt`', async () => {
    const { workflow } = aPayment({ approve: 'person' });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const startedAt = new Date(clock.nowMs()).toISOString();
    const run = await engine.start(workflow, { amount: 5 });
    await engine.drive(run.runId);

    await clock.advance(hour);
    await engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'ann' });

    const decidedAt = new Date(clock.nowMs()).toISOString();
    expect(await engine.get(run.runId)).toMatchObject({
      runId: run.runId,
      workflow: 'payment',
      status: 'complete',
      createdAt: startedAt,
      updatedAt: decidedAt,
      finishedAt: decidedAt,
    });
  });
});
