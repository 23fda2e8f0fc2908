import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { defineTask, defineWorkflow, PermanentError } from '../../../src/index.ts';
import { entryOf, openBench } from '../../support/engine-bench.ts';
import { recorder } from '../../support/replayed.ts';

function anOrder() {
  const broken = new Set(['refund']);
  const undone: string[] = [];
  const step = (name: string) =>
    defineTask({
      name,
      input: z.unknown(),
      output: z.string(),
      run: async () => name,
      compensate: async ({ idempotencyKey }) => {
        if (broken.has(name)) throw new PermanentError('The bank is closed.');
        undone.push(`${name} ${idempotencyKey.length}`);
      },
    });
  const send = defineTask({
    name: 'send',
    input: z.unknown(),
    output: z.string(),
    run: async () => 'sent',
    compensate: 'irreversible',
  });
  const workflow = defineWorkflow({
    name: 'order',
    version: 1,
    input: z.object({ id: z.string() }),
    steps(w) {
      const reserved = w.task('reserve', step('reserve'), { input: w.input });
      const paid = w.task('pay', step('refund'), { input: reserved });
      const sent = w.task('send', send, { input: paid });
      return w.finish(sent, { approve: 'person' });
    },
  });
  return { workflow, broken, undone };
}

async function aPartlyUndoneRun() {
  const order = anOrder();
  const recording = recorder(createMemoryStore());
  const bench = await openBench({ workflows: [order.workflow], store: recording.store });
  const { runId } = await bench.engine.start(order.workflow, { id: '1' });
  await bench.engine.drive(runId);
  const before = await bench.engine.undoList(runId);
  await bench.engine.decide(runId, 'completion', { outcome: 'rejected', actor: 'ann' });
  await bench.engine.drive(runId, 'finished');
  return { ...order, ...bench, bench, runId, before, recording };
}

const given = { actor: 'op', reason: 'The bank has opened.' };

describe('what compensation has left', () => {
  it('the undo list says beforehand what a cancellation would undo, and afterwards what has become of it', async () => {
    const { engine, runId, before } = await aPartlyUndoneRun();

    expect(before.map(({ step, state }) => `${step}: ${state}`)).toEqual([
      'send: irreversible',
      'pay: open',
      'reserve: open',
    ]);
    expect((await engine.undoList(runId)).map(({ step, state }) => `${step}: ${state}`)).toEqual([
      'send: irreversible',
      'pay: failed',
      'reserve: undone',
    ]);
    expect((await engine.get(runId)).outcome).toMatchObject({ compensation: 'partial' });
  });

  it('is undone when it is tried again, with who and why in the history', async () => {
    const { engine, runId, broken, undone } = await aPartlyUndoneRun();
    await expect(engine.retryUndo(runId, 'pay', given)).rejects.toMatchObject({
      code: 'NOT_UNDONE',
    });
    broken.clear();

    await Promise.all([
      engine.retryUndo(runId, 'pay', given),
      engine.retryUndo(runId, 'pay', given),
    ]);

    expect(undone.filter((name) => name.startsWith('refund'))).toHaveLength(1);
    expect((await engine.get(runId)).outcome).toMatchObject({
      undone: ['reserve', 'pay'],
      notUndone: [{ step: 'send' }],
      compensation: 'partial',
    });
    const entries = (await engine.history(runId)).filter(({ event }) => event === 'undo.retried');
    expect(entries).toMatchObject([
      { settles: null, error: { message: 'The bank is closed.' } },
      { settles: 'complete', actor: 'op', data: { reason: given.reason } },
    ]);
    await expect(engine.retryUndo(runId, 'pay', given)).rejects.toMatchObject({
      code: 'NOTHING_TO_UNDO',
    });
  });

  it('is resolved by hand with a reason; then the outcome is whole and the run may be tried again', async () => {
    const { engine, runId, recording, workflow, bench } = await aPartlyUndoneRun();
    await expect(engine.retryUndo(runId, 'send', given)).rejects.toMatchObject({
      code: 'NOT_UNDONE',
    });
    await engine.resolveUndo(runId, 'send', { actor: 'op', reason: 'The customer knows.' });
    const shut = expect.objectContaining({ event: 'run.retried', open: false });
    expect((await engine.explain(runId)).events).toContainEqual(shut);
    await engine.resolveUndo(runId, 'pay', { actor: 'op', reason: 'Paid back in cash.' });

    const restarted = await bench.restart();

    const open = expect.objectContaining({ event: 'run.retried', open: true, blockedBy: [] });
    expect((await restarted.explain(runId)).events).toContainEqual(open);
    expect((await restarted.get(runId)).outcome).toMatchObject({
      undone: ['reserve'],
      notUndone: [],
      resolved: [
        { step: 'send', actor: 'op', reason: 'The customer knows.' },
        { step: 'pay', reason: 'Paid back in cash.' },
      ],
      compensation: 'complete',
    });
    expect(await entryOf(restarted, runId, 'undo.resolved')).toMatchObject({
      step: 'pay',
      actor: 'op',
    });
    expect(await recording.expectReplays(runId, [workflow])).toBeGreaterThan(3);
    await restarted.retry(runId, { actor: 'op' });
    await restarted.drive(runId);
    expect(await restarted.get(runId)).toMatchObject({ status: 'waiting_review', generation: 2 });
    expect((await restarted.verify(runId)).fault).toBeNull();
  });

  it('is nothing while the run goes on, and nothing of what was kept', async () => {
    const { workflow } = anOrder();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { id: '1' });
    await engine.drive(runId);

    await expect(engine.resolveUndo(runId, 'pay', given)).rejects.toMatchObject({
      code: 'NOTHING_TO_UNDO',
    });
  });
});
