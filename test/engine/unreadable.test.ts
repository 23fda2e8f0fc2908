import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import type { Courier } from '../../src/engine/courier.ts';
import { createSweeper } from '../../src/engine/sweeper.ts';
import { createUnreadable } from '../../src/engine/unreadable.ts';
import type { WorkDeps } from '../../src/engine/work-deps.ts';
import {
  createOrchestrator,
  defineEvent,
  defineWorkflow,
  SignalboxError,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { createDeeds } from '../support/deeds.ts';
import { minute, openBench } from '../support/engine-bench.ts';
import { createLogBook } from '../support/log-book.ts';

/** Waits for ten seconds, then works. */
const napping = (version: number, task: string) =>
  defineWorkflow({
    name: 'napping',
    version,
    input: z.object({}),
    steps(w) {
      const nap = w.sleep('nap', { for: '10s' });
      return w.task('work', createDeeds().task(task), { input: {}, after: [nap] });
    },
  });

const paid = defineEvent({ name: 'paid', payload: z.object({}) });
const waiting = (name: string) =>
  defineWorkflow({
    name,
    version: 1,
    input: z.object({}),
    steps: (w) => w.waitFor('money', paid),
  });

/** A run whose time comes while the engine does not know its task. */
async function stuck() {
  const old = napping(1, 'old');
  const bench = await openBench({ workflows: [old] });
  const { runId } = await bench.engine.start(old, {});
  await bench.engine.drive(runId);
  const next = napping(2, 'new');
  const engine = await bench.restart({ workflows: [next] });
  await bench.clock.advance(minute);
  expect(await engine.get(runId)).toMatchObject({ status: 'processing' });
  return { bench, engine, runId, old, next };
}

const migration = { workflow: 'napping', to: 2, actor: 'ann', reason: 'the task is gone' };

describe('I-03: a run that cannot go on here', () => {
  it('goes on once it is on a version that is known', async () => {
    const { engine, bench, runId } = await stuck();

    await engine.migrate(migration);
    await bench.clock.advance(minute);

    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
  });

  it('goes on when another process has moved it', async () => {
    const { engine, bench, runId, next } = await stuck();
    const { store, clock, log } = bench;
    const other = await createOrchestrator({
      workflows: [next],
      store,
      clock,
      logger: log.logger,
      settings: { lookAfter: 'own' },
    });

    await other.migrate(migration);
    await other.close({ graceMs: 0 });
    await clock.advance(10 * minute);

    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
  });

  it('goes on at once when the workflows are replaced by ones that have what it needs', async () => {
    const { engine, bench, runId, old, next } = await stuck();

    engine.replaceWorkflows([old, next]);
    await bench.clock.advance(0);

    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
  });

  it('keeps no event from others, and gets it when it is known again', async () => {
    const [gone, here] = [waiting('gone'), waiting('here')];
    const bench = await openBench({ workflows: [gone, here] });
    const first = await bench.engine.start(gone, {});
    const second = await bench.engine.start(here, {});
    await bench.engine.drive(second.runId);

    const engine = await bench.restart({ workflows: [here] });
    await engine.publish(paid, {});
    expect(await engine.result(second.runId)).toEqual({});

    const again = await bench.restart({ workflows: [gone, here] });
    expect(await again.result(first.runId)).toEqual({});
  });

  it('hides no run that can, however many there are', async () => {
    const clock = new ManualClock();
    const due = [...Array.from({ length: 1_200 }, (_, index) => `stuck ${index}`), 'sound'];
    const tended: string[] = [];
    const deps = {
      store: {
        shared: false,
        claimable: async ({ limit }: { limit: number }) => due.slice(0, limit),
        nextDueAtMs: async () => null,
      },
      runs: {
        async own(runId: string) {
          if (runId !== 'sound') throw new SignalboxError('DEFINITION_MISSING', 'No such task');
          tended.push(runId);
          return null;
        },
      },
      holds: { lifted: () => [] },
      inFlight: new Map(),
      settings: { maxSleepMs: 30_000, pollMs: 500 },
      log: createLogBook().logger,
      isClosed: () => false,
      clock,
    };
    const courier = { broadcast: async () => {} } as unknown as Courier;
    const unreadable = createUnreadable(clock, 30_000);
    const sweeper = createSweeper(deps as unknown as WorkDeps, courier, unreadable, null, () => {});

    await sweeper.sweep();
    await sweeper.sweep();

    expect(tended).toEqual(['sound', 'sound']);
  });

  it('fails rather than wait for ever for the result of a child that is gone', async () => {
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.object({}),
      steps: (w) => w.review('look'),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input: z.object({}),
      steps: (w) => w.child('child', child, { input: {} }),
    });
    const gone = new Set<string>();
    const inner = createMemoryStore();
    const store = {
      ...inner,
      load: async (runId: string) => (gone.has(runId) ? null : inner.load(runId)),
    };
    const bench = await openBench({ workflows: [parent], store });
    const { runId } = await bench.engine.start(parent, {});
    const { waitingOn } = await bench.engine.drive(runId);
    const childId = waitingOn[0]?.runId ?? '';

    const other = await bench.restart({ workflows: [child] });
    await other.decide(childId, 'look', { outcome: 'approved', actor: 'ann' });
    expect(await other.drive(childId)).toMatchObject({ status: 'complete' });
    gone.add(childId);
    const engine = await bench.restart({ workflows: [parent] });

    const { status, outcome } = await engine.drive(runId, 'finished');
    expect(status).toBe('failed');
    expect(outcome?.failure?.message).toContain('removed before its result was read');
  });
});
