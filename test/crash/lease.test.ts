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
