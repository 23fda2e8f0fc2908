import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLocalDispatcher } from '../../../src/adapters/local/dispatcher.ts';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { defineWorkflow, TransientError } from '../../../src/index.ts';
import type { Dispatcher, Job } from '../../../src/ports/dispatcher.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { openBench, second } from '../../support/engine-bench.ts';

function aDispatcher(dispatch: (job: Job, inner: Dispatcher) => void): Dispatcher {
  const inner = createLocalDispatcher();
  return { ...inner, dispatch: (job) => dispatch(job, inner) };
}

describe('a dispatcher that is not there for a moment', () => {
  it('stops no other run, and gets the work again', async () => {
    let isThere = false;
    const dispatcher = aDispatcher((job, inner) => {
      if (!isThere) throw new Error('no connection to the queue');
      inner.dispatch(job);
    });
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'order',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('ship', deeds.task('ship'), { input: w.input }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow], dispatcher });

    const first = await engine.start(workflow, {});
    isThere = true;
    const next = await engine.start(workflow, {});
    expect(await next.result()).toBe('ship done');
    await clock.advance(second);

    expect(await first.result()).toBe('ship done');
    expect(deeds.names).toEqual(['ship', 'ship']);
  });
});

describe('a dispatcher that cannot be emptied', () => {
  it('keeps no run from the next process', async () => {
    const gate = aGate();
    const drain = async () => {
      throw new Error('no connection to the queue');
    };
    const workflow = defineWorkflow({
      name: 'order',
      version: 1,
      input: z.object({}),
      steps: (w) =>
        w.task('ship', createDeeds().task('ship', { run: gate.pass }), { input: w.input }),
    });
    const { engine, store, clock } = await openBench({
      workflows: [workflow],
      dispatcher: { ...createLocalDispatcher(), drain },
      store: { ...createMemoryStore(), shared: true },
    });
    const { runId } = await engine.start(workflow, {});
    await gate.reached;
    const leasedUntilMs = async () => (await store.load(runId))?.state.lease?.expiresAtMs ?? 0;
    expect(await leasedUntilMs()).toBeGreaterThan(clock.nowMs());

    await engine.close({ graceMs: second });
    gate.open();

    expect(await leasedUntilMs()).toBeLessThanOrEqual(clock.nowMs());
  });
});

describe('a dispatcher that runs each id once', () => {
  it('runs every item of a map, every retry, and what is told of every failure', async () => {
    const given = new Set<string>();
    const dispatcher = aDispatcher((job, inner) => {
      if (given.has(job.id)) return;
      given.add(job.id);
      inner.dispatch(job);
    });
    const deeds = createDeeds();
    const flaky = deeds.task('send', {
      compensate: 'none',
      retry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '1s' } },
      run({ input, attempt }) {
        if (attempt === 1) throw new TransientError('busy');
        if (input === 'bad') throw new Error('refused');
      },
    });
    const workflow = defineWorkflow({
      name: 'mailing',
      version: 1,
      input: z.array(z.string()),
      onFailed: deeds.task('told', { compensate: 'none' }),
      steps: (w) =>
        w.map('each', w.input, { concurrency: 2 }, (item) =>
          w.task('send', flaky, { input: item }),
        ),
    });
    const { engine, clock } = await openBench({ workflows: [workflow], dispatcher });

    const sent = await engine.start(workflow, ['a', 'b', 'c']);
    await clock.advance(5 * second);
    expect(await engine.get(sent.runId)).toMatchObject({ status: 'complete' });

    const { runId } = await engine.start(workflow, ['bad']);
    await clock.advance(5 * second);
    await engine.retry(runId);
    await clock.advance(5 * second);

    expect(await engine.drive(runId)).toMatchObject({ status: 'failed' });
    expect(deeds.of('told')).toHaveLength(2);
  });
});
