import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, hour, openBench } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

function anOrder(deeds = createDeeds()) {
  const workflow = defineWorkflow({
    name: 'order',
    version: 1,
    input: z.object({ id: z.string(), amount: z.number().optional() }),
    steps: (w) =>
      w.task('ship', deeds.task('ship', { compensate: 'none', run: ({ input }) => input }), {
        input: w.input,
      }),
  });
  return { deeds, workflow };
}

describe('D-01: starts with the same key', () => {
  it('50 times at once make one run, and all get its id and its result', async () => {
    const { deeds, workflow } = anOrder();
    const { engine } = await openBench({ workflows: [workflow] });

    const runs = await Promise.all(
      Array.from({ length: 50 }, () => engine.start(workflow, { id: 'o-1' }, { key: 'o-1' })),
    );

    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
    expect(runs.filter(({ created }) => created)).toHaveLength(1);
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(
      runs.map(() => ({ id: 'o-1' })),
    );
    expect(deeds.names).toEqual(['ship']);
    expect((await engine.list()).runs).toHaveLength(1);
  });

  it('after completion find the finished run and its result', async () => {
    const { deeds, workflow } = anOrder();
    const { engine, clock, log } = await openBench({ workflows: [workflow] });
    const first = await engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });
    await first.result();
    await clock.advance(hour);

    const second = await engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });

    expect(second).toMatchObject({ runId: first.runId, created: false });
    expect(await second.result()).toEqual({ id: 'o-1' });
    expect(deeds.names).toEqual(['ship']);
    expect(log.saying('known key')).toMatchObject([{ runId: first.runId, key: 'o-1' }]);
  });

  it.each([
    ['one millisecond before 24 hours find the earlier run', day - 1, false],
    ['exactly 24 hours later make a new one', day, true],
  ])('M040: %s', async (_text, waitMs, created) => {
    const { deeds, workflow } = anOrder();
    const { engine, clock } = await openBench({
      workflows: [workflow],
      settings: { maxSleepMs: day },
    });
    const first = await engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });
    await first.result();
    await clock.advance(waitMs);

    const second = await engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });
    await second.result();

    expect(second.created).toBe(created);
    expect(second.runId !== first.runId).toBe(created);
    expect(deeds.names).toHaveLength(created ? 2 : 1);
  });

  it('across a crash find the run of the earlier process', async () => {
    const { workflow } = anOrder();
    const bench = await openBench({ workflows: [workflow] });
    const first = await bench.engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });

    const engine = await bench.crash();
    const second = await engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });

    expect(second).toMatchObject({ runId: first.runId, created: false });
    expect(await second.result()).toEqual({ id: 'o-1' });
  });

  it('belong to the workflow: two workflows may use the same key', async () => {
    const { workflow } = anOrder();
    const other = defineWorkflow({
      name: 'other',
      version: 1,
      input: z.object({ id: z.string() }),
      steps: (w) => w.derive('d', w.input, ({ id }) => id),
    });
    const { engine } = await openBench({ workflows: [workflow, other] });

    const a = await engine.start(workflow, { id: 'o-1' }, { key: 'o-1' });
    const b = await engine.start(other, { id: 'o-1' }, { key: 'o-1' });

    expect([a.created, b.created]).toEqual([true, true]);
    expect(a.runId).not.toBe(b.runId);
  });

  it('from two processes at once make one run', async () => {
    const deeds = createDeeds();
    const { a, b, advanceUntil } = await openPair({ workflows: () => [anOrder(deeds).workflow] });

    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? a : b).engine.start('order', { id: 'o-1' }, { key: 'o-1' }),
      ),
    );

    const [{ runId } = { runId: '' }] = runs;
    expect(new Set(runs.map((run) => run.runId)).size).toBe(1);
    expect(runs.filter(({ created }) => created)).toHaveLength(1);
    await advanceUntil(async () => (await a.engine.get(runId)).status === 'complete');
    expect(deeds.names).toEqual(['ship']);
  });
});

describe('D-02: the same key with another input', () => {
  it('is refused as a conflict that names the run, not answered with the old result', async () => {
    const { deeds, workflow } = anOrder();
    const { engine } = await openBench({ workflows: [workflow] });
    const first = await engine.start(workflow, { id: 'o-1', amount: 1 }, { key: 'o-1' });

    const other = engine.start(workflow, { id: 'o-1', amount: 2 }, { key: 'o-1' });

    await expect(other).rejects.toMatchObject({
      code: 'KEY_CONFLICT',
      message: expect.stringContaining(`"o-1" of workflow "order" belongs to run "${first.runId}"`),
      details: { runId: first.runId },
    });
    await first.result();
    expect(deeds.names).toEqual(['ship']);
  });

  it('is the same input if only the order of its fields differs', async () => {
    const { workflow } = anOrder();
    const { engine } = await openBench({ workflows: [workflow] });
    const first = await engine.start(workflow, { id: 'o-1', amount: 1 }, { key: 'o-1' });

    const second = await engine.start(workflow, { amount: 1, id: 'o-1' }, { key: 'o-1' });

    expect(second).toMatchObject({ runId: first.runId, created: false });
  });

  it('refuses all but one of different inputs at the same instant', async () => {
    const { deeds, workflow } = anOrder();
    const { engine } = await openBench({ workflows: [workflow] });

    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, amount) =>
        engine.start(workflow, { id: 'o-1', amount }, { key: 'o-1' }),
      ),
    );

    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(9);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'KEY_CONFLICT' });
    expect((await engine.list()).runs).toHaveLength(1);
    expect(deeds.names.length).toBeLessThanOrEqual(1);
  });
});
