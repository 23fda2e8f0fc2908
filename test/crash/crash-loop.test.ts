import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import {
  createOrchestrator,
  defineTask,
  defineWorkflow,
  type Orchestrator,
  PermanentError,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silence } from './support/session.ts';

const never = () => new Promise<never>(() => {});
/** Kills the process, as far as anybody can see: nothing comes after it. */
let deaths = 0;
const die = () => {
  deaths += 1;
  return never();
};

const fine = defineTask({
  name: 'fine',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  run: async ({ input }) => input,
});
const broken = defineTask({
  name: 'broken',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  async run() {
    throw new PermanentError('Broken');
  },
});
const deadly = defineTask({
  name: 'deadly',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  run: die,
});
const deadlyToUndo = defineTask({
  name: 'deadly-to-undo',
  input: z.string(),
  output: z.string(),
  compensate: die,
  run: async ({ input }) => input,
});
const undone: string[] = [];
const undoable = defineTask({
  name: 'undoable',
  input: z.string(),
  output: z.string(),
  async compensate({ input }) {
    undone.push(input);
  },
  run: async ({ input }) => input,
});

const base = { version: 1, input: z.string() };
const workflows = [
  defineWorkflow({
    ...base,
    name: 'in-a-task',
    steps(w) {
      const before = w.task('before', undoable, { input: w.input });
      return w.task('deadly', deadly, { input: before });
    },
  }),
  defineWorkflow({
    ...base,
    name: 'in-a-fallback',
    steps(w) {
      const before = w.task('before', undoable, { input: w.input });
      return w.task('main', broken, { input: before, fallback: deadly });
    },
  }),
  defineWorkflow({
    ...base,
    name: 'in-an-item-of-a-map',
    steps(w) {
      const before = w.task('before', undoable, { input: w.input });
      const list = w.derive('list', before, (value) => ['a', value, 'b']);
      return w.map('mapped', list, { concurrency: 1 }, (item) => {
        const first = w.task('first', fine, { input: item });
        return w.task('deadly', deadly, { input: first });
      });
    },
  }),
  defineWorkflow({
    ...base,
    name: 'in-the-undo-of-a-step',
    steps(w) {
      const before = w.task('before', undoable, { input: w.input });
      const made = w.task('made', deadlyToUndo, { input: before });
      return w.task('broken', broken, { input: made });
    },
  }),
  defineWorkflow({
    ...base,
    name: 'in-the-task-that-is-told',
    onFailed: defineTask({
      name: 'told',
      input: z.looseObject({ completedSteps: z.array(z.string()) }),
      compensate: 'none',
      run: die,
    }),
    steps(w) {
      const before = w.task('before', undoable, { input: w.input });
      return w.task('broken', broken, { input: before });
    },
  }),
];
const innocent = defineWorkflow({
  ...base,
  name: 'innocent',
  steps(w) {
    const first = w.task('first', fine, { input: w.input });
    const nap = w.sleep('nap', { for: '1s', after: [first] });
    return w.task('second', fine, { input: first, after: [nap] });
  },
});

describe('A-14: a process that dies again and again', () => {
  it.each(
    workflows.flatMap((workflow) => [1, 3].map((max) => [workflow.name, max, workflow] as const)),
  )(
    '%s: after %i deaths the run is given up, and others have gone on',
    async (_, maxDispatches, workflow) => {
      deaths = 0;
      undone.length = 0;
      const memory = createMemoryStore();
      const clock = new ManualClock();
      const open = (): Promise<Orchestrator> =>
        createOrchestrator({
          workflows: [workflow, innocent],
          store: memory,
          clock,
          logger: silence,
          settings: { maxDispatches },
        });

      let orchestrator = await open();
      const { runId } = await orchestrator.start(workflow.name, 'x');
      const other = await orchestrator.start(innocent, 'y');
      await clock.advance(500);
      for (let life = 2; life <= maxDispatches + 3; life += 1) {
        orchestrator = await open();
        await clock.advance(500);
      }

      expect(deaths).toBe(maxDispatches);
      expect(await orchestrator.get(other.runId)).toMatchObject({ status: 'complete' });
      const view = await orchestrator.get(runId);
      expect(view).toMatchObject({ status: 'failed', waitingOn: [] });
      expect(undone).toEqual(['x']);
      const names = (await orchestrator.history(runId)).map(({ error }) => error?.['name']);
      expect(names).toContain('Quarantined');
    },
  );
});
