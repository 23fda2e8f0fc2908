import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, type Orchestrator, PermanentError } from '../../../src/index.ts';
import { aGate, createDeeds, type Deeds } from '../../support/deeds.ts';
import {
  entryOf,
  eventsOf,
  openBench,
  second,
  statusesOf,
  until,
} from '../../support/engine-bench.ts';

const input = z.object({});

async function childOf(engine: Orchestrator, parent: string): Promise<string> {
  const { runs } = await engine.list({ parent });
  expect(runs).toHaveLength(1);
  return runs[0]?.runId ?? '';
}

/** `first`, then a child of `book` and `pay`, then `last`. */
function booking(
  deeds: Deeds,
  work: { pay?: () => unknown; last?: () => unknown; undoBook?: () => Promise<void> } = {},
) {
  const child = defineWorkflow({
    name: 'booking',
    version: 1,
    input: z.unknown(),
    steps(w) {
      const { undoBook, pay } = work;
      const book = deeds.task('book', undoBook === undefined ? {} : { compensate: undoBook });
      const booked = w.task('book', book, { input: w.input });
      return w.task('pay', deeds.task('pay', pay === undefined ? {} : { run: pay }), {
        input: booked,
      });
    },
  });
  const parent = defineWorkflow({
    name: 'trip',
    version: 1,
    input,
    steps(w) {
      const first = w.task('first', deeds.task('first'), { input: w.input });
      const booked = w.child('booking', child, { input: first });
      const { last } = work;
      return w.task('last', deeds.task('last', last === undefined ? {} : { run: last }), {
        input: booked,
      });
    },
  });
  return { child, parent };
}

const broken = () => Promise.reject(new PermanentError('broken'));

describe('cancelling a parent', () => {
  it('cancels its child, which drains and undoes what it had done; then the parent undoes its own', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const { parent } = booking(deeds, { pay: () => gate.pass() });
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await gate.reached;
    const childId = await childOf(engine, runId);

    await engine.cancel(runId, { reason: 'rain', actor: 'ann' });
    await clock.advance(0);
    const draining = await engine.get(runId);
    gate.open();

    expect(draining).toMatchObject({ status: 'processing', waitingOn: [{ kind: 'child' }] });
    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'], compensation: 'complete', cancelled: { reason: 'rain' } },
    });
    expect(await engine.get(childId)).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['pay', 'book'], cancelled: { reason: `Run "${runId}" stops` } },
    });
    expect(await entryOf(engine, childId, 'run.cancelled')).toMatchObject({
      actor: `run:${runId}`,
      data: { mode: 'drain' },
    });
    expect(deeds.names).toEqual(['first', 'book', 'pay', 'undo pay', 'undo book', 'undo first']);
  });

  it('with abort aborts what the child runs', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const { parent } = booking(deeds, { pay: () => gate.pass() });
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await gate.reached;
    const childId = await childOf(engine, runId);

    await engine.cancel(runId, { mode: 'abort' });
    await clock.advance(11 * second);

    expect(await entryOf(engine, childId, 'run.cancelled')).toMatchObject({
      data: { mode: 'abort' },
    });
    expect(await engine.get(childId)).toMatchObject({ status: 'cancelled' });
    expect(await engine.get(runId)).toMatchObject({ status: 'cancelled' });
    expect(deeds.names).toEqual(['first', 'book', 'pay', 'undo book', 'undo first']);
  });

  it('withdraws an open review of the child', async () => {
    const deeds = createDeeds();
    const child = defineWorkflow({
      name: 'asked',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const done = w.task('done', deeds.task('done'), { input: w.input });
        return w.review('look', { show: done });
      },
    });
    const parent = defineWorkflow({
      name: 'asking',
      version: 1,
      input,
      steps: (w) => w.child('asked', child, { input: {} }),
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId);
    const childId = await childOf(engine, runId);

    await engine.cancel(runId);

    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'cancelled' });
    expect(await engine.get(childId)).toMatchObject({ status: 'cancelled', waitingOn: [] });
    expect(deeds.names).toEqual(['done', 'undo done']);
    await expect(
      engine.decide(childId, 'look', { outcome: 'approved', actor: 'ann' }),
    ).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
  });

  it('before its child has been started leaves no child running', async () => {
    const deeds = createDeeds();
    const { parent } = booking(deeds);
    const bench = await openBench({ workflows: [parent] });
    // As a crash would: the message is stored, nobody reads it yet.
    let isHeld = true;
    const { store } = bench;
    const inbox = store.inbox.bind(store);
    store.inbox = async (runId) => (isHeld && runId === null ? [] : inbox(runId));
    const { runId } = await bench.engine.start(parent, {});
    await until(async () => (await eventsOf(bench.engine, runId)).includes('first.completed'));

    await bench.engine.cancel(runId);
    isHeld = false;
    const engine = await bench.crash();

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['first'] },
    });
    expect(await engine.get(await childOf(engine, runId))).toMatchObject({ status: 'cancelled' });
    expect(deeds.names.filter((name) => name === 'undo first')).toHaveLength(1);
    expect(deeds.names).not.toContain('pay');
  });
});

describe('a completed child of a parent that fails', () => {
  it('is undone as `child/step`, newest first, before the earlier steps of the parent', async () => {
    const deeds = createDeeds();
    const { parent } = booking(deeds, { last: broken });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    const view = await engine.drive(runId, 'finished');

    expect(view).toMatchObject({
      status: 'failed',
      outcome: {
        undone: ['booking/pay', 'booking/book', 'first'],
        notUndone: [],
        compensation: 'complete',
      },
    });
    expect(deeds.names).toEqual([
      'first',
      'book',
      'pay',
      'last',
      'undo pay',
      'undo book',
      'undo first',
    ]);
    const undos = (await engine.history(runId)).filter(({ event }) => event === 'undo.completed');
    expect(undos.map(({ step }) => step)).toEqual(['booking/pay', 'booking/book', 'first']);
  });

  it('stays complete, and names the run that undid it', async () => {
    const deeds = createDeeds();
    const { parent } = booking(deeds, { last: broken });
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId, 'finished');
    await clock.advance(0);
    const childId = await childOf(engine, runId);

    expect(await engine.get(childId)).toMatchObject({ status: 'complete', compensatedBy: runId });
    expect(await entryOf(engine, childId, 'run.compensated')).toMatchObject({
      actor: `run:${runId}`,
      from: 'complete',
      to: 'complete',
      data: { by: runId },
    });
    expect(
      (await eventsOf(engine, childId)).filter((event) => event === 'run.compensated'),
    ).toEqual(['run.compensated']);
    expect(await statusesOf(engine, childId)).not.toContain('compensating');
    expect(await engine.verify(childId)).toMatchObject({ fault: null });
    expect(await engine.result(childId)).toBe('pay done');
  });

  it('is undone with its own inputs, outputs and ids, stable over a crash in between', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    let isFirst = true;
    const { parent } = booking(deeds, {
      last: broken,
      undoBook: async () => {
        if (!isFirst) return;
        isFirst = false;
        await gate.pass();
      },
    });
    const bench = await openBench({ workflows: [parent] });
    const { runId } = await bench.engine.start(parent, {});
    await gate.reached;

    const engine = await bench.crash();
    gate.open();
    const view = await engine.drive(runId, 'finished');

    expect(view.outcome).toMatchObject({ undone: ['booking/pay', 'booking/book', 'first'] });
    const childId = await childOf(engine, runId);
    expect(deeds.of('undo pay')).toMatchObject([
      { input: 'book done', output: 'pay done', runId: childId },
    ]);
    const books = deeds.of('undo book');
    expect(books).toHaveLength(2);
    expect(new Set(books.map(({ key }) => key)).size).toBe(1);
  });

  it('whose step cannot be undone makes the outcome of the parent partial', async () => {
    const deeds = createDeeds();
    const { parent } = booking(deeds, {
      last: broken,
      undoBook: () => Promise.reject(new PermanentError('no refund')),
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      outcome: {
        undone: ['booking/pay', 'first'],
        notUndone: [{ step: 'booking/book', reason: 'no refund' }],
        compensation: 'partial',
      },
    });
  });

  it('of a child is undone as well, by the outermost, under its whole path', async () => {
    const deeds = createDeeds();
    const inner = defineWorkflow({
      name: 'inner',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('deep', deeds.task('deep'), { input: w.input }),
    });
    const middle = defineWorkflow({
      name: 'middle',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.child('in', inner, { input: w.input }),
    });
    const parent = defineWorkflow({
      name: 'outer',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        const mid = w.child('mid', middle, { input: first });
        return w.task('last', deeds.task('last', { run: broken }), { input: mid });
      },
    });
    const { engine, clock } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});

    const view = await engine.drive(runId, 'finished');
    await clock.advance(0);

    expect(view.outcome).toMatchObject({ undone: ['mid/in/deep', 'first'] });
    expect(deeds.names).toEqual(['first', 'deep', 'last', 'undo deep', 'undo first']);
    const middleId = await childOf(engine, runId);
    const innerId = await childOf(engine, middleId);
    expect(await engine.get(innerId)).toMatchObject({ compensatedBy: runId });
    expect(await engine.get(middleId)).toMatchObject({ compensatedBy: runId });
  });

  it('that left nothing to undo is left alone', async () => {
    const deeds = createDeeds();
    const child = defineWorkflow({
      name: 'look',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('read', deeds.task('read', { compensate: 'none' }), { input: w.input }),
    });
    const parent = defineWorkflow({
      name: 'looking',
      version: 1,
      input,
      steps(w) {
        const seen = w.child('look', child, { input: {} });
        return w.task('last', deeds.task('last', { run: broken }), { input: seen });
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { undone: [], notUndone: [], compensation: 'nothing' },
    });
    expect(await engine.get(await childOf(engine, runId))).toMatchObject({ compensatedBy: null });
    expect(await statusesOf(engine, runId)).toEqual(['pending', 'processing', 'failed']);
  });

  it('is undone between the steps of the parent, in the order of completion', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const child = defineWorkflow({
      name: 'beside',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('in', deeds.task('in', { run: () => gate.pass() }), { input: w.input }),
    });
    const parent = defineWorkflow({
      name: 'order',
      version: 1,
      input,
      steps(w) {
        const early = w.task('early', deeds.task('early'), { input: {} });
        const sub = w.child('sub', child, { input: {} });
        const late = w.task('late', deeds.task('late'), { input: { sub } });
        return w.task('last', deeds.task('last', { run: broken }), { input: { early, late } });
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await until(() => deeds.of('early').length === 1);
    await gate.reached;
    gate.open();

    expect((await engine.drive(runId, 'finished')).outcome).toMatchObject({
      undone: ['late', 'sub/in', 'early'],
    });
  });

  it('a closing review that is rejected undoes the child', async () => {
    const deeds = createDeeds();
    const { child } = booking(deeds);
    const parent = defineWorkflow({
      name: 'approved',
      version: 1,
      input,
      steps(w) {
        const sub = w.child('booking', child, { input: {} });
        return w.finish(sub, { approve: 'person' });
      },
    });
    const { engine } = await openBench({ workflows: [parent] });
    const { runId } = await engine.start(parent, {});
    await engine.drive(runId);

    await engine.decide(runId, 'completion', { outcome: 'rejected', actor: 'ann' });

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { undone: ['booking/pay', 'booking/book'] },
    });
  });
});
