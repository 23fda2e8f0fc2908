import { expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createOrchestrator, defineTask, defineWorkflow } from '../../src/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silence } from './support/session.ts';

const done: string[] = [];
const work = defineTask({
  name: 'work',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  async run({ input }) {
    done.push(input);
    return `${input}!`;
  },
});
const inner = defineWorkflow({
  name: 'inner',
  version: 1,
  input: z.string(),
  steps: (w) => w.task('work', work, { input: w.input }),
});
const withTask = defineWorkflow({
  name: 'with-task',
  version: 1,
  input: z.string(),
  steps(w) {
    const called = w.child('called', inner, { input: w.input });
    return w.task('after', work, { input: called });
  },
});
const withMap = defineWorkflow({
  name: 'with-map',
  version: 1,
  input: z.string(),
  steps(w) {
    const called = w.child('called', inner, { input: w.input });
    const list = w.derive('list', called, (value) => [value]);
    return w.map('mapped', list, {}, (value) => w.task('after', work, { input: value }));
  },
});

it.each([withTask, withMap])(
  'keeps a run whose commit is on its way while leases are renewed: $name',
  async (workflow) => {
    done.length = 0;
    const clock = new ManualClock();
    const memory = createMemoryStore();
    let release = () => {};
    const store: Store = {
      ...memory,
      shared: true,
      // the commit that takes the result of the child in takes long
      async commit(batch) {
        if (batch.some(({ answers }) => answers.length > 0)) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        return memory.commit(batch);
      },
    };
    const settings = { leaseMs: 3_000, pollMs: 1_500 };
    const orchestrator = await createOrchestrator({
      workflows: [workflow],
      store,
      clock,
      logger: silence,
      settings,
    });

    const { runId } = await orchestrator.start(workflow.name, 'x');
    await clock.advance(2_500);
    release();
    await clock.advance(30_000);

    expect(await orchestrator.get(runId)).toMatchObject({ status: 'complete' });
    expect(done).toEqual(['x', 'x!']);
  },
);

it('closing takes no run away from the process that is at work on it', async () => {
  const clock = new ManualClock();
  const store: Store = { ...createMemoryStore(), shared: true };
  let finish = () => {};
  let begun = 0;
  const long = defineTask({
    name: 'long',
    input: z.string(),
    output: z.string(),
    compensate: 'none',
    async run({ input, signal }) {
      begun += 1;
      await new Promise<void>((resolve, reject) => {
        finish = resolve;
        signal.addEventListener('abort', () => reject(new Error('Cut off')));
      });
      return input;
    },
  });
  const workflow = defineWorkflow({
    name: 'long',
    version: 1,
    input: z.string(),
    steps: (w) => w.task('long', long, { input: w.input }),
  });
  const settings = { leaseMs: 3_000, pollMs: 500 };
  const open = () =>
    createOrchestrator({ workflows: [workflow], store, clock, logger: silence, settings });
  const working = await open();
  const looking = await open();

  const { runId } = await working.start(workflow, 'x');
  await clock.advance(100);
  await looking.explain(runId);
  await Promise.all([looking.close(), clock.advance(6_000)]);
  await clock.advance(2_000);
  finish();
  await clock.advance(10_000);

  expect(await working.get(runId)).toMatchObject({ status: 'complete' });
  expect(begun).toBe(1);
});

it('does not count an end in good order as a death of the process', async () => {
  const clock = new ManualClock();
  const store = createMemoryStore();
  let begun = 0;
  let isDone = false;
  const long = defineTask({
    name: 'long',
    input: z.string(),
    output: z.string(),
    compensate: 'none',
    async run({ input }) {
      begun += 1;
      return isDone ? input : new Promise<never>(() => {});
    },
  });
  const inTask = defineWorkflow({
    name: 'long-in-task',
    version: 1,
    input: z.string(),
    steps: (w) => w.task('long', long, { input: w.input }),
  });
  const inMap = defineWorkflow({
    name: 'long-in-map',
    version: 1,
    input: z.array(z.string()),
    steps: (w) => w.map('longs', w.input, {}, (item) => w.task('long', long, { input: item })),
  });
  const open = () =>
    createOrchestrator({
      workflows: [inTask, inMap],
      store,
      clock,
      logger: silence,
      settings: { maxDispatches: 2 },
    });
  const first = await open();
  const { runId } = await first.start(inTask, 'x');
  const mapped = await first.start(inMap, ['y']);
  await clock.advance(100);
  await Promise.all([first.close({ graceMs: 100 }), clock.advance(200)]);
  for (let deploy = 0; deploy < 5; deploy += 1) {
    const orchestrator = await open();
    await clock.advance(100);
    await Promise.all([orchestrator.close({ graceMs: 100 }), clock.advance(200)]);
  }
  isDone = true;
  const last = await open();
  await clock.advance(100);

  expect(await last.get(runId)).toMatchObject({ status: 'complete' });
  expect(await last.get(mapped.runId)).toMatchObject({ status: 'complete' });
  expect(begun).toBe(14);
});
