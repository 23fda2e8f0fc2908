import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import {
  createOrchestrator,
  type Dispatcher,
  defineTask,
  defineWorkflow,
  type OrchestratorOptions,
  TransientError,
} from '../../../src/index.ts';
import { eventsOf, openBench, second, until } from '../../support/engine-bench.ts';

describe('mode local', () => {
  it('M261: runs attempts, undos and items of maps past the dispatcher', async () => {
    const { engine, jobs } = await aBench({ mode: 'local' });

    const { runId } = await engine.start(failing, [1, 2]);

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(await eventsOf(engine, runId)).toContain('undo.completed');
    expect(jobs).toEqual([]);
    expect(await engine.explain(runId)).toMatchObject({ mode: 'local', durability: 'durable' });
  });

  it('hands everything to a dispatcher that was given, unless told otherwise', async () => {
    const { engine, jobs } = await aBench({});

    const { runId } = await engine.start(failing, [1, 2]);

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(jobs).toHaveLength(3);
    expect(await engine.get(runId)).toMatchObject({ mode: 'queued' });
  });

  it('commits, and waits for timers, as otherwise', async () => {
    const { engine, clock } = await aBench({ mode: 'local' });
    const { runId } = await engine.start(flaky, 1);
    await until(async () => (await engine.get(runId)).waitingOn[0]?.kind === 'retry');

    await clock.advance(second);

    expect(await engine.result(runId)).toBe(2);
  });

  it('lets running attempts end when it closes, and begins no other', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = chainOf('slow', async () => {
      await gate.promise;
      return 1;
    });
    const store = createMemoryStore();
    const { engine } = await aBench({ mode: 'local', workflows: [slow], store });
    const { runId } = await engine.start(slow, 1);
    const closing = engine.close({ graceMs: 60_000 });

    gate.resolve();
    await closing;

    const history = await store.history(runId, { afterSeq: 0, limit: 100 });
    expect(history.map(({ event }) => event)).toEqual([
      'run.created',
      'run.started',
      'a.completed',
    ]);
  });

  it('is refused under another name', async () => {
    const options = { workflows: [flaky], store: createMemoryStore(), mode: 'locale' };

    // as from plain JavaScript
    const opening = createOrchestrator(options as never);

    await expect(opening).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('"local", "queued" or "auto"'),
    });
  });
});

const numbers = { input: z.number(), output: z.number() };
const times = defineTask({
  name: 'times',
  ...numbers,
  compensate: async () => {},
  run: async ({ input }) => input * 2,
});
const failing = defineWorkflow({
  name: 'failing',
  version: 1,
  input: z.array(z.number()),
  steps(w) {
    const doubled = w.map('each', w.input, {}, (item) => w.task('double', times, { input: item }));
    w.fail('never', 'It cannot be', { after: [doubled] });
    return doubled;
  },
});
const flaky = defineWorkflow({
  name: 'flaky',
  version: 1,
  input: z.number(),
  steps: (w) =>
    w.task(
      'call',
      defineTask({
        name: 'call',
        ...numbers,
        compensate: 'none',
        retry: { maxAttempts: 2 },
        async run({ input, attempt }) {
          if (attempt === 1) throw new TransientError('not yet');
          return input * 2;
        },
      }),
      { input: w.input },
    ),
});

function chainOf(name: string, run: () => Promise<number>) {
  const task = defineTask({ name: 'wait', ...numbers, compensate: 'none', run });
  return defineWorkflow({
    name,
    version: 1,
    input: z.number(),
    steps: (w) => w.task('b', task, { input: w.task('a', task, { input: w.input }) }),
  });
}

/** A bench with a dispatcher that notes what it is given. */
async function aBench(options: Partial<Pick<OrchestratorOptions, 'mode' | 'store' | 'workflows'>>) {
  const jobs: string[] = [];
  const dispatcher: Dispatcher = {
    dispatch(job) {
      jobs.push(job.id);
      void job.run();
    },
    depth: { waiting: 0, running: 0 },
    async drain() {},
  };
  const bench = await openBench({ workflows: [failing, flaky], dispatcher, ...options });
  return { ...bench, engine: bench.engine, jobs };
}
