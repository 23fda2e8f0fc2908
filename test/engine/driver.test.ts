import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAnnouncer } from '../../src/engine/announcer.ts';
import { createDriver } from '../../src/engine/driver.ts';
import type { LiveRun } from '../../src/engine/live-run.ts';
import type { Reader } from '../../src/engine/reader.ts';
import type { RunTable } from '../../src/engine/run-table.ts';
import { defineWorkflow } from '../../src/index.ts';
import type { RunCommit } from '../../src/ports/store.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { aGate, createDeeds } from '../support/deeds.ts';
import { openBench } from '../support/engine-bench.ts';
import { createFaultyStore } from '../support/faulty-store.ts';
import { createLogBook } from '../support/log-book.ts';

const asking = defineWorkflow({
  name: 'asking',
  version: 1,
  input: z.object({}),
  steps: (w) => w.review('look'),
});

describe('whoever waits for a run', () => {
  it.each(Array.from({ length: 10 }, (_, after) => after))(
    'hears of an end that comes %d turns after the first look',
    async (after) => {
      const run = { runId: 'run', status: 'processing', waitingOn: [], heldBy: [], paused: false };
      const announcer = createAnnouncer(createLogBook().logger);
      const driver = createDriver({
        reader: { get: async () => ({ ...run }) } as unknown as Reader,
        runs: { isPending: () => false } as unknown as RunTable,
        announcer,
        clock: new ManualClock(),
        pollMs: null,
      });

      const driven = driver.drive('run', 'waiting');
      for (let turn = 0; turn < after; turn += 1) await Promise.resolve();
      run.status = 'complete';
      announcer.announce(
        { header: { id: 'run', workflow: 'any' } } as LiveRun,
        { history: [{ to: 'complete' }] } as unknown as RunCommit,
      );

      expect(await driven).toMatchObject({ status: 'complete' });
    },
  );

  it('hears that the change on its way when it looked has not come about', async () => {
    const faulty = createFaultyStore();
    const { engine } = await openBench({ workflows: [asking], store: faulty.store });
    const { runId } = await engine.start(asking, {});
    await engine.drive(runId);

    faulty.outage = 1;
    const approved = { outcome: 'approved', actor: 'ann' } as const;
    const decided = engine.decide(runId, 'look', approved).catch((error: unknown) => error);
    // the commit is on its way, and is not written before this turn of the event loop is over
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    const driven = engine.drive(runId);

    expect(await decided).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await driven).toMatchObject({ waitingOn: [{ kind: 'review' }] });
  });

  it('hears that the engine has closed, and gets what ended before', async () => {
    const gate = aGate();
    const working = defineWorkflow({
      name: 'working',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('work', createDeeds().task('work', { run: gate.pass }), { input: {} }),
    });
    const { engine, clock } = await openBench({ workflows: [asking, working] });
    const asked = await engine.start(asking, {});
    const worked = await engine.start(working, {});
    await gate.reached;

    const ends = [engine.result(asked.runId), engine.drive(asked.runId, 'finished')];
    const closed = { status: 'rejected', reason: expect.objectContaining({ code: 'CLOSED' }) };
    const told = Promise.allSettled([...ends, worked.result()]);
    const closing = engine.close({ graceMs: 1_000 });
    gate.open();
    await clock.advance(0);
    await closing;

    expect(await told).toEqual([closed, closed, { status: 'fulfilled', value: null }]);
    await expect(engine.result(asked.runId)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await engine.drive(asked.runId)).toMatchObject({ waitingOn: [{ kind: 'review' }] });
  });
});
