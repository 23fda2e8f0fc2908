import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { openBench, until } from '../../support/engine-bench.ts';

const why = { reason: 'something is wrong' };

it('a map that was to begin has done nothing, and leaves nothing to undo', async () => {
  const deeds = createDeeds();
  const gate = aGate();
  const workflow = defineWorkflow({
    name: 'mapping',
    version: 1,
    input: z.array(z.number()),
    steps(w) {
      const first = w.task('first', deeds.task('first', { run: gate.pass }), { input: w.input });
      return w.map('each', w.input, { concurrency: 1, after: [first] }, (item) =>
        w.task('one', deeds.task('one'), { input: item }),
      );
    },
  });
  const { engine } = await openBench({ workflows: [workflow] });
  const { runId } = await engine.start(workflow, [1, 2]);
  await gate.reached;
  await engine.pause(runId);
  gate.open();
  await until(async () => (await engine.get(runId)).waitingOn.some(({ kind }) => kind === 'map'));

  await engine.cancel(runId);

  expect(await engine.drive(runId, 'finished')).toMatchObject({
    status: 'cancelled',
    outcome: { undone: ['first'], notUndone: [], compensation: 'complete' },
  });
  expect(deeds.names).toEqual(['first', 'undo first']);
});

it.each(['all', { workflow: 'mapping' }] as const)(
  'a map of which items have completed undoes them (%o)',
  async (scope) => {
    const deeds = createDeeds();
    const gate = aGate();
    const one = deeds.task('one', { run: ({ input }) => (input === 2 ? gate.pass() : null) });
    const workflow = defineWorkflow({
      name: 'mapping',
      version: 1,
      input: z.array(z.number()),
      steps: (w) =>
        w.map('each', w.input, { concurrency: 1 }, (item) => w.task('one', one, { input: item })),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, [1, 2, 3]);
    await gate.reached;
    await engine.pauseRuns(scope, why);
    gate.open();
    await clock.advance(0);

    await engine.cancel(runId);
    await engine.resumeRuns(scope);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      outcome: { undone: ['each'], notUndone: [], compensation: 'complete' },
    });
    expect(deeds.names).toEqual(['one', 'one', 'undo one', 'undo one']);
  },
);

it('an attempt of a process that died may have taken effect: it is finished and undone', async () => {
  const deeds = createDeeds();
  let isFirst = true;
  const workflow = defineWorkflow({
    name: 'single',
    version: 1,
    input: z.object({}),
    steps(w) {
      const run = () => {
        if (!isFirst) return null;
        isFirst = false;
        return new Promise(() => {});
      };
      return w.task('work', deeds.task('work', { run }), { input: {} });
    },
  });
  const bench = await openBench({ workflows: [workflow] });
  const { runId } = await bench.engine.start(workflow, {});
  await until(() => deeds.names.length === 1);
  await bench.engine.pauseRuns('all', why);
  const engine = await bench.crash();
  await bench.clock.advance(1_000);

  await engine.cancel(runId);
  await engine.resumeRuns('all');

  expect(await engine.drive(runId, 'finished')).toMatchObject({
    status: 'cancelled',
    outcome: { undone: ['work'], compensation: 'complete' },
  });
  expect(deeds.names).toEqual(['work', 'work', 'undo work']);
});

it('an item of a process that died may have taken effect: it is finished and undone, however long the pause', async () => {
  const deeds = createDeeds();
  let isFirst = true;
  const run = () => {
    if (!isFirst) return null;
    isFirst = false;
    return new Promise(() => {});
  };
  const one = deeds.task('one', { run });
  const workflow = defineWorkflow({
    name: 'mapping',
    version: 1,
    input: z.array(z.number()),
    steps: (w) =>
      w.map('each', w.input, { concurrency: 1 }, (item) => w.task('one', one, { input: item })),
  });
  const bench = await openBench({ workflows: [workflow] });
  const { runId } = await bench.engine.start(workflow, [1, 2, 3]);
  await until(() => deeds.names.length === 1);
  await bench.engine.pauseRuns('all', why);
  const engine = await bench.crash();
  await bench.clock.advance(1_000);

  await engine.cancel(runId);
  await bench.clock.advance(1_000);
  await engine.resumeRuns('all');

  expect(await engine.drive(runId, 'finished')).toMatchObject({
    status: 'cancelled',
    outcome: { undone: ['each'], compensation: 'complete' },
  });
  expect(deeds.names).toEqual(['one', 'one', 'undo one']);
});
