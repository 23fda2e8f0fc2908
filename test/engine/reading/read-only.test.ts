import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import { defineEvent, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, openBench } from '../../support/engine-bench.ts';

const paid = defineEvent({ name: 'paid', payload: z.object({}) });

function asked() {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'asked',
    version: 1,
    input: z.object({}),
    steps(w) {
      const done = w.task('done', deeds.task('done'), { input: w.input });
      const look = w.review('look', { show: done, expires: '24h' });
      return w.task('after', deeds.task('after', { run: ({ input }) => input }), { input: look });
    },
  });
  const broken = defineWorkflow({
    name: 'broken',
    version: 1,
    input: z.object({}),
    steps: (w) => w.fail('never', 'Out of order'),
  });
  return { deeds, workflows: [workflow, broken] };
}

const stores = {
  sqlite: (directory: string, readOnly: boolean) =>
    openSqliteStore(join(directory, 'runs.sqlite'), { readOnly }),
  lowdb: (directory: string, readOnly: boolean) => openLowdbStore(directory, { readOnly }),
};

/** A store with a completed, a failed and a waiting run, and an engine that may only read it. */
async function reading(kind: keyof typeof stores) {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-reading-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const made = asked();
  const store = await stores[kind](directory, false);
  const writer = await openBench({ workflows: made.workflows, store });
  const complete = await writer.engine.start('asked', {}, { labels: { team: 'ops' } });
  await writer.engine.drive(complete.runId);
  await writer.engine.decide(complete.runId, 'look', { outcome: 'approved', actor: 'ann' });
  await writer.engine.drive(complete.runId, 'finished');
  const failed = await writer.engine.start('broken', {});
  await writer.engine.drive(failed.runId, 'finished');
  const waiting = await writer.engine.start('asked', {});
  await writer.engine.drive(waiting.runId);
  await writer.engine.close();
  await store.close();
  const reader = await stores[kind](directory, true);
  onTestFinished(() => reader.close());
  const bench = await openBench({ workflows: made.workflows, store: reader, clock: writer.clock });
  return {
    ...bench,
    deeds: made.deeds,
    complete: complete.runId,
    failed: failed.runId,
    waiting: waiting.runId,
  };
}

describe.each(['sqlite', 'lowdb'] as const)('a %s store opened for reading', (kind) => {
  it('shows runs, histories, explanations and reports', async () => {
    const { engine, complete, failed, waiting } = await reading(kind);

    expect((await engine.list()).runs.map(({ runId }) => runId).toSorted()).toEqual(
      [complete, failed, waiting].toSorted(),
    );
    expect((await engine.list({ hasReview: true })).runs).toMatchObject([{ runId: waiting }]);
    expect((await engine.list({ labels: { team: 'ops' } })).runs).toMatchObject([
      { runId: complete },
    ]);
    expect(await engine.get(waiting)).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'review', shown: 'done done' }],
    });
    expect((await engine.history(complete)).at(-1)).toMatchObject({ to: 'complete' });
    expect(await engine.explain(waiting)).toMatchObject({
      events: expect.arrayContaining([
        { event: 'look.decided', open: true, blockedBy: [], judgedBy: ['canDecide'] },
      ]),
    });
    expect(await engine.verify(complete)).toMatchObject({ fault: null });
    expect(await engine.breakers()).toEqual([]);
    expect(await engine.damaged()).toEqual([]);
    const exported: string[] = [];
    for await (const { header } of engine.export()) exported.push(header.id);
    expect(exported.toSorted()).toEqual([complete, failed, waiting].toSorted());
  });

  it('gives results of runs that have ended, and drives those that wait no further', async () => {
    const { engine, complete, failed, waiting } = await reading(kind);

    expect(await engine.result(complete)).toMatchObject({ outcome: 'approved' });
    await expect(engine.result(failed)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining('Out of order'),
    });
    expect(await engine.drive(waiting)).toMatchObject({ waitingOn: [{ kind: 'review' }] });
  });

  it('refuses every change, and nothing has changed', async () => {
    const { engine, clock, complete, failed, waiting } = await reading(kind);
    const finishedBefore = new Date(clock.nowMs() + day);
    const before = await engine.list();

    for (const change of [
      () => engine.start('asked', {}),
      () => engine.decide(waiting, 'look', { outcome: 'approved', actor: 'ann' }),
      () => engine.signal(waiting, paid, {}),
      () => engine.publish(paid, {}),
      () => engine.cancel(waiting),
      () => engine.retry(failed),
      () => engine.pause(waiting),
      () => engine.resume(waiting),
      () => engine.prune({ finishedBefore }),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });

    expect(await engine.list()).toEqual(before);
    const dry = await engine.prune({ finishedBefore, dryRun: true });
    expect(dry.toSorted()).toEqual([complete, failed].toSorted());
  });

  it('lets no deadline pass and takes nothing up; closing it is quiet', async () => {
    const { engine, clock, log, deeds, waiting } = await reading(kind);
    const before = deeds.names.length;

    await clock.advance(2 * day);
    await engine.sweep();
    await engine.close();

    expect(await engine.get(waiting)).toMatchObject({ waitingOn: [{ kind: 'review' }] });
    expect(deeds.names).toHaveLength(before);
    expect(log.at('error')).toEqual([]);
    expect(log.at('warn')).toEqual([]);
  });
});
