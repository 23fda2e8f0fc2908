import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow, type StartOptions } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { entryOf, openBench } from '../../support/engine-bench.ts';

/** Half of a character: no Unicode, and nothing UTF-8 or canonical JSON has a form for. */
const half = '\ud800';
const posted = defineEvent({ name: 'posted', payload: z.unknown() });
const waiting = defineWorkflow({
  name: 'waiting',
  version: 1,
  input: z.unknown(),
  steps(w) {
    const got = w.waitFor('got', posted, { early: 'reject' });
    return w.review('look', { form: z.unknown() as never, after: [got] });
  },
});

describe('G-08: half a character', () => {
  it.each([
    ['as a value', { deep: `a${half}b` }, 'deep'],
    ['as a key', { deep: { [half]: 1 } }, 'deep'],
    ['as the whole', half, 'value'],
  ])('%s is no output: the step fails and names it', async (_, value, path) => {
    const deeds = createDeeds();
    const workflow = single(deeds.task('make', { run: () => value }));
    const { engine, log } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, null);

    const view = await engine.drive(run.runId, 'finished');
    expect(view.outcome?.failure).toMatchObject({ step: 'only', name: 'OutputInvalid' });
    expect(view.outcome?.failure?.message).toMatch(new RegExp(`${path}.*surrogate`));
    expect(log.saying('could not be carried out')).toEqual([]);
  });

  it('is no input, payload or form', async () => {
    const { engine } = await openBench({ workflows: [waiting] });
    const run = await engine.start(waiting, null);

    await expect(engine.start(waiting, { a: half })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(engine.signal(run.runId, posted, half)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(engine.publish(posted, { a: half })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await engine.signal(run.runId, posted, null);
    await engine.drive(run.runId);
    const form = { a: half };
    await expect(
      engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann', form }),
    ).rejects.toMatchObject({ code: 'FORM_INVALID' });
  });

  it('is nothing a mapper may make', async () => {
    const workflow = defineWorkflow({
      name: 'mapped',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.derive('made', w.input, () => half),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, null);

    expect((await engine.get(run.runId)).outcome?.failure).toMatchObject({ step: 'made' });
  });

  it.each<[string, () => unknown]>([
    ['the message', () => new Error(`broken ${half}`)],
    ['the name', () => Object.assign(new Error('x'), { name: half })],
    ['the cause', () => new Error('x', { cause: new Error(half) })],
    ['a text', () => half],
    ['a part', () => new AggregateError([new Error(half)], 'many')],
    [
      'a message that is cut in the middle of a character',
      () => new Error(`${'x'.repeat(1_999)}😀`),
    ],
  ])('in %s of what a task throws fails the run all the same', async (_, make) => {
    const deeds = createDeeds();
    const workflow = single(
      deeds.task('broken', {
        run() {
          throw make();
        },
      }),
    );
    const { engine, log } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, null);

    const view = await engine.drive(run.runId, 'finished');
    expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'only' } } });
    expect(JSON.stringify(await entryOf(engine, run.runId, 'only.failed'))).not.toContain('\\ud8');
    expect(await engine.verify(run.runId)).toMatchObject({ fault: null });
    expect(log.saying('could not')).toEqual([]);
  });

  it('in an undo that throws is recorded all the same', async () => {
    const deeds = createDeeds();
    const undoing = deeds.task('undoing', {
      compensate() {
        throw new Error(half);
      },
    });
    const workflow = defineWorkflow({
      name: 'undone',
      version: 1,
      input: z.unknown(),
      steps(w) {
        const a = w.task('a', undoing, { input: w.input });
        return w.fail('no', `No way`, { after: [a] });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, null);

    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { notUndone: [{ step: 'a' }] },
    });
  });

  it('is no detail of a declared failure', async () => {
    const declared = defineTask({
      name: 'declared',
      input: z.unknown(),
      output: z.string(),
      failures: { full: z.string() },
      compensate: 'none',
      run: async ({ fail }) => fail('full', half),
    });
    const workflow = defineWorkflow({
      name: 'declaring',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('only', declared, { input: w.input, tolerate: ['full'] }),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, null);

    expect((await engine.drive(run.runId, 'finished')).outcome?.failure).toMatchObject({
      name: 'FailureInvalid',
    });
  });

  it('is refused in what people say of a run', async () => {
    const { engine } = await openBench({ workflows: [waiting] });
    const run = await engine.start(waiting, null);
    const before = await engine.get(run.runId);
    const { runId } = run;

    const answers = await Promise.allSettled([
      engine.cancel(runId, { reason: half }),
      engine.cancel(runId, { actor: half }),
      engine.pause(runId, { reason: half }),
      engine.pause(runId, { actor: half }),
      engine.signal(runId, posted, null, { actor: half }),
      engine.signal(runId, posted, null, { id: half }),
      engine.signal(runId, half, null),
      engine.decide(runId, 'look', { outcome: 'approved', actor: half }),
      engine.decide(runId, 'look', { outcome: 'approved', actor: 'ann', comment: half }),
      engine.decide(runId, 'look', { outcome: 'approved', actor: 'ann', groups: [half] }),
      engine.publish(posted, null, { actor: half }),
      engine.publish(posted, null, { id: half }),
    ]);

    const refused = {
      status: 'rejected',
      reason: expect.objectContaining({ code: 'INPUT_INVALID' }),
    };
    expect(answers).toEqual(answers.map(() => refused));

    expect(await engine.get(runId)).toEqual(before);
  });
});

describe('options of a start', () => {
  it.each<[string, StartOptions]>([
    ['an actor that is half a character', { actor: half }],
    ['an empty actor', { actor: '' }],
    ['an endless actor', { actor: 'x'.repeat(10_000) }],
    ['a label named by half a character', { labels: { [half]: 'x' } }],
    ['a label of half a character', { labels: { a: half } }],
    ['a label that is no text', { labels: { a: 7 as never } }],
    ['labels that are a list', { labels: ['a'] as never }],
    ['a priority that does not exist', { priority: 'urgent' as never }],
    ['a key that is half a character', { key: half }],
    ['an empty key', { key: '' }],
    ['a key that is no text', { key: 7 as never }],
    ['an endless key', { key: 'x'.repeat(10_000) }],
    ['an option that does not exist', { prio: 'high' } as never],
  ])('refuse %s, and name it', async (_, options) => {
    const { engine } = await openBench({ workflows: [waiting] });

    const starting = engine.start(waiting, null, options);

    await expect(starting).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(starting).rejects.toThrow(new RegExp(Object.keys(options)[0]!.slice(0, 5), 'i'));
    expect((await engine.list()).runs).toEqual([]);
  });

  it.each(['constructor', 'toString', '../x', 'a b', 'Ä', '😀'])(
    'G-01: take a label named %j for data',
    async (name) => {
      const { engine } = await openBench({ workflows: [waiting] });
      const labels = JSON.parse(`{ ${JSON.stringify(name)}: "x" }`) as { [name: string]: string };

      const run = await engine.start(waiting, null, { labels });

      expect(Object.entries((await engine.get(run.runId)).labels)).toEqual([[name, 'x']]);
      expect((await engine.list({ labels })).runs).toHaveLength(1);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    },
  );
});

function single(task: ReturnType<ReturnType<typeof createDeeds>['task']>) {
  return defineWorkflow({
    name: 'single',
    version: 1,
    input: z.unknown(),
    steps: (w) => w.task('only', task, { input: w.input }),
  });
}
