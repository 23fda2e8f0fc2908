import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, hour, openBench, second } from '../../support/engine-bench.ts';

function workflows() {
  const deeds = createDeeds();
  const child = defineWorkflow({
    name: 'child',
    version: 1,
    input: z.unknown(),
    steps: (w) => w.task('work', deeds.task('work'), { input: w.input }),
  });
  const parent = defineWorkflow({
    name: 'parent',
    version: 1,
    input: z.object({}),
    steps: (w) => w.child('sub', child, { input: {} }),
  });
  const asked = defineWorkflow({
    name: 'asked',
    version: 1,
    input: z.object({}),
    steps: (w) => w.review('look'),
  });
  const broken = defineWorkflow({
    name: 'broken',
    version: 1,
    input: z.object({}),
    steps: (w) => w.fail('never', 'Out of order'),
  });
  return { child, parent, asked, broken };
}

/** One completed parent with its child, one failed run, one that waits; an hour between them. */
async function filled() {
  const { parent, asked, broken } = workflows();
  const bench = await openBench({ workflows: [parent, asked, broken] });
  const { engine, clock } = bench;
  const first = await engine.start(parent, {}, { key: 'k', labels: { team: 'ops' } });
  await engine.drive(first.runId, 'finished');
  await clock.advance(hour);
  const second_ = await engine.start(broken, {});
  await engine.drive(second_.runId, 'finished');
  await clock.advance(hour);
  const third = await engine.start(asked, {}, { labels: { team: 'ops' } });
  await engine.drive(third.runId);
  const { runs } = await engine.list({ parent: first.runId });
  return {
    bench,
    engine,
    clock,
    parent: first.runId,
    child: runs[0]?.runId ?? '',
    failed: second_.runId,
    waiting: third.runId,
  };
}

const ids = (runs: readonly { runId: string }[]) => runs.map(({ runId }) => runId).toSorted();

describe('list', () => {
  it('finds the children of a run, and combines conditions', async () => {
    const { engine, parent, child, failed, waiting } = await filled();

    expect(ids((await engine.list({ parent })).runs)).toEqual([child]);
    expect(ids((await engine.list({ labels: { team: 'ops' } })).runs)).toEqual(
      [parent, child, waiting].toSorted(),
    );
    expect(
      ids((await engine.list({ labels: { team: 'ops' }, status: ['complete'] })).runs),
    ).toEqual([parent, child].toSorted());
    expect(ids((await engine.list({ status: ['failed', 'processing'] })).runs)).toEqual(
      [failed, waiting].toSorted(),
    );
    expect(ids((await engine.list({ hasReview: true })).runs)).toEqual([waiting]);
    expect((await engine.list({ parent: waiting })).runs).toEqual([]);
    expect((await engine.list({ workflow: 'unknown' })).runs).toEqual([]);
  });

  it('refuses a page of no runs, of too many, and a cursor it never gave', async () => {
    const { engine } = await filled();

    for (const query of [{ limit: 0 }, { limit: 1_001 }, { limit: 1.5 }, { cursor: 'nonsense' }])
      await expect(engine.list(query)).rejects.toThrow();
  });
});

describe('prune', () => {
  it('removes what ended before the time, and says so before with dryRun', async () => {
    const { engine, clock, parent, child, failed, waiting } = await filled();
    const finishedBefore = new Date(clock.nowMs() - hour - 1);

    const dry = await engine.prune({ finishedBefore, dryRun: true });
    expect(dry.toSorted()).toEqual([parent, child].toSorted());
    expect((await engine.list()).runs).toHaveLength(4);
    const gone = await engine.prune({ finishedBefore });

    expect(gone.toSorted()).toEqual(dry.toSorted());
    expect(ids((await engine.list()).runs)).toEqual([failed, waiting].toSorted());
    await expect(engine.get(parent)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(engine.history(child)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(engine.verify(parent)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('by status or workflow leaves the others, and a run that waits in any case', async () => {
    const { engine, clock, parent, child, failed, waiting } = await filled();
    const finishedBefore = new Date(clock.nowMs() + 10 * day);

    expect(await engine.prune({ finishedBefore, status: ['failed'] })).toEqual([failed]);
    expect(await engine.prune({ finishedBefore, workflow: 'child' })).toEqual([child]);
    expect(await engine.prune({ finishedBefore, workflow: 'asked' })).toEqual([]);
    expect(await engine.prune({ finishedBefore })).toEqual([parent]);
    expect(ids((await engine.list()).runs)).toEqual([waiting]);
  });

  it('frees the key of a run that is gone', async () => {
    const { engine, clock, parent } = await filled();
    const before = await engine.start('parent', {}, { key: 'k' });
    await engine.prune({ finishedBefore: new Date(clock.nowMs()) });

    const after = await engine.start('parent', {}, { key: 'k' });

    expect(before).toMatchObject({ runId: parent, created: false });
    expect(after).toMatchObject({ created: true });
    expect(await after.result()).toBe('work done');
  });
});

describe('export', () => {
  it('gives every run with its whole history, as of one moment', async () => {
    const { engine, parent, child, failed, waiting } = await filled();
    const exported = [];

    for await (const run of engine.export()) {
      // Whatever happens meanwhile is not in it.
      if (exported.length === 0)
        await engine.decide(waiting, 'look', { outcome: 'approved', actor: 'ann' });
      exported.push(run);
    }

    expect(exported.map(({ header }) => header.id).toSorted()).toEqual(
      [parent, child, failed, waiting].toSorted(),
    );
    expect(exported.find(({ header }) => header.id === waiting)?.state.status).toBe('processing');
    for (const { header, state, history } of exported) {
      expect(history).toHaveLength(state.seq);
      expect(history.at(-1)?.hash).toBe(state.headHash);
      expect(header.createdAtMs).toBeGreaterThan(0);
    }
  });
});

describe('erasing', () => {
  it('takes values away and leaves the chain, the result says nothing any more', async () => {
    const { bench, engine, parent, child } = await filled();
    const { length } = await engine.history(child);

    await bench.store.erase(
      child,
      Array.from({ length }, (_, index) => index + 1),
    );

    expect(await engine.verify(child)).toEqual({ runId: child, entries: length, fault: null });
    expect(await engine.verify(parent)).toMatchObject({ fault: null });
    expect((await engine.history(child)).every((entry) => !('output' in entry))).toBe(true);
    expect(await engine.get(child)).toMatchObject({ status: 'complete' });
    expect(await engine.result(child)).toBeNull();
  });
});

describe('history', () => {
  it('is read from any place on, in pages of any size', async () => {
    const { engine, parent } = await filled();
    const whole = await engine.history(parent);

    for (const limit of [1, 2, 3, 1_000]) {
      const read = [];
      for (let afterSeq = 0; ; ) {
        const page = await engine.history(parent, { afterSeq, limit });
        if (page.length === 0) break;
        read.push(...page);
        afterSeq = page.at(-1)?.seq ?? afterSeq;
      }
      expect(read).toEqual(whole);
    }
    expect(await engine.history(parent, { afterSeq: 1_000 })).toEqual([]);
  });

  it('keeps a snapshot every 64 entries, and shows it to nobody', async () => {
    const { engine, clock, bench, waiting } = await filled();
    for (let round = 0; round < 40; round += 1) {
      await engine.pause(waiting);
      await engine.resume(waiting);
    }
    await clock.advance(second);

    const stored = await bench.store.history(waiting, { afterSeq: 0, limit: 1_000 });
    const shown = await engine.history(waiting);

    expect(stored.filter((entry) => 'snapshot' in entry).map(({ seq }) => seq)).toEqual([64]);
    expect(shown.some((entry) => 'snapshot' in entry)).toBe(false);
    expect(await engine.verify(waiting)).toMatchObject({ fault: null });
    await engine.decide(waiting, 'look', { outcome: 'approved', actor: 'ann' });
    expect(await engine.result(waiting)).toMatchObject({ outcome: 'approved' });
  });
});
