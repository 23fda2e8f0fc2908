import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createOrchestrator,
  defineTask,
  defineWorkflow,
  SignalboxError,
} from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { openBench, second, until } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

function order() {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'order',
    version: 1,
    input: z.object({ item: z.string() }),
    steps: (w) => w.task('ship', deeds.task('ship'), { input: w.input.$.item }),
  });
  return { deeds, workflow };
}

describe('D-12: starts while the orchestrator closes', () => {
  it('are each accepted, and executed later if not now, or refused as closed', async () => {
    const { deeds, workflow } = order();
    const bench = await openBench({ workflows: [workflow] });
    const starts = Array.from({ length: 1_000 }, (_, index) => ({
      item: `item ${index}`,
      begun: index < 500 ? bench.engine.start(workflow, { item: `item ${index}` }) : null,
    }));

    const closing = bench.engine.close({ graceMs: 0 });
    const outcomes = await Promise.allSettled(
      starts.map(({ begun, item }) => begun ?? bench.engine.start(workflow, { item })),
    );
    await bench.clock.advance(0);
    await closing;
    const next = await bench.restart();

    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(SignalboxError);
      expect(reason).toMatchObject({ code: 'CLOSED' });
    }
    const accepted = outcomes.flatMap((outcome, index) =>
      outcome.status === 'fulfilled' ? [{ run: outcome.value, item: `item ${index}` }] : [],
    );
    expect(refused.length).toBeGreaterThanOrEqual(500);
    expect(accepted.length).toBeGreaterThan(0);
    for (const { run } of accepted) await next.result(run.runId);
    expect(deeds.all.map(({ input }) => String(input)).sort()).toEqual(
      accepted.map(({ item }) => item).sort(),
    );
  });

  it('what was accepted and never begun is executed by the next, once', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'narrow',
      version: 1,
      input: z.object({ n: z.number() }),
      steps: (w) =>
        w.task('work', deeds.task('work', { queue: 'narrow', run: () => gate.pass() }), {
          input: w.input.$.n,
        }),
    });
    const bench = await openBench({
      workflows: [workflow],
      dispatcher: { queues: { narrow: 1 } },
    });
    const runs = await Promise.all([1, 2, 3].map((n) => bench.engine.start(workflow, { n })));
    await gate.reached;

    gate.open();
    const next = await bench.restart();

    for (const { runId } of runs) expect(await next.result(runId)).toBeNull();
    expect(deeds.of('work').map(({ input }) => input)).toEqual([1, 2, 3]);
  });

  it('every change is refused once it is closed; reading goes on', async () => {
    const { workflow } = order();
    const { engine, store, clock, log } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { item: 'book' });
    await engine.drive(runId, 'finished');
    await engine.close();

    for (const change of [
      () => engine.start(workflow, { item: 'pen' }),
      () => engine.cancel(runId),
      () => engine.retry(runId),
      () => engine.pause(runId),
      () => engine.signal(runId, 'paid', {}),
      () => engine.publish('paid', {}),
      () => engine.decide(runId, 'completion', { outcome: 'approved', actor: 'ann' }),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'CLOSED' });

    expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
    const other = await createOrchestrator({
      workflows: [workflow],
      store,
      clock,
      logger: log.logger,
    });
    await until(async () => (await other.list()).runs.length === 1);
    await other.close();
  });
});

describe('A-13: a grace longer than the lease', () => {
  it('leaves what ends within it to the process that closes', async () => {
    const sides: string[] = [];
    const gate = aGate<unknown>();
    const { a, b, advance, settled } = await openPair({
      workflows: (side) => [
        defineWorkflow({
          name: 'slow',
          version: 1,
          input: z.object({}),
          steps(w) {
            const run = () => {
              sides.push(side);
              return side === 'a' ? gate.pass() : 'by b';
            };
            return w.task('work', createDeeds().task('work', { run }), { input: w.input });
          },
        }),
      ],
    });
    const { runId } = await a.engine.start('slow', {});
    await gate.reached;

    const closing = a.engine.close({ graceMs: 60 * second });
    await advance(15 * second);
    gate.open('by a');
    await settled(closing);

    expect(await settled(b.engine.result(runId))).toBe('by a');
    expect(sides).toEqual(['a']);
  });
});

describe('A-13: an undo cut off by closing', () => {
  it('has not failed, and is done again by the next', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    let isFirst = true;
    const cutOff = defineTask({
      name: 'book',
      input: z.unknown(),
      output: z.string(),
      run: async () => 'booked',
      async compensate({ signal }) {
        if (!isFirst) return;
        isFirst = false;
        void gate.pass();
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        });
      },
    });
    const failing = deeds.task('pay', {
      run() {
        throw new Error('no money');
      },
    });
    const workflow = defineWorkflow({
      name: 'trip',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('pay', failing, { input: w.task('book', cutOff, { input: {} }) }),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await gate.reached;

    const next = await bench.restart();

    const { outcome } = await next.drive(runId, 'finished');
    expect(outcome).toMatchObject({ compensation: 'complete', undone: ['book'], notUndone: [] });
  });
});
