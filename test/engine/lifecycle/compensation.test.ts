import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds, type Deeds } from '../../support/deeds.ts';
import { entryOf, eventsOf, openBench, statusesOf, until } from '../../support/engine-bench.ts';

/** `first → … → last` of which one fails for good. */
function aChain(length: number, failing: number) {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'chain',
    version: 1,
    input: z.unknown(),
    steps(w) {
      let last = w.derive('begin', w.input, (): unknown => 0);
      for (let step = 1; step <= length; step += 1) {
        const run = () => {
          if (step === failing) throw new PermanentError(`no ${step}`);
          return step;
        };
        last = w.task(`s${step}`, deeds.task(`s${step}`, { run }), { input: last });
      }
      return last;
    },
  });
  return { deeds, workflow };
}

describe('K-01: a step that fails for good', () => {
  const n = 6;
  it.each([1, 2, 3, 4, 5, 6])(
    `at step %i of ${n} undoes exactly the steps before it, newest first`,
    async (k) => {
      const { deeds, workflow } = aChain(n, k);
      const { engine } = await openBench({ workflows: [workflow] });
      const run = await engine.start(workflow, {});

      await expect(run.result()).rejects.toThrow(`Workflow failed at step 's${k}': no ${k}`);

      const before = Array.from({ length: k - 1 }, (_, index) => `s${index + 1}`);
      const undone = before.toReversed();
      expect(deeds.names).toEqual([...before, `s${k}`, ...undone.map((step) => `undo ${step}`)]);
      expect(await engine.get(run.runId)).toMatchObject({
        status: 'failed',
        outcome: {
          failure: {
            step: `s${k}`,
            name: 'PermanentError',
            message: `Workflow failed at step 's${k}': no ${k}`,
          },
          completed: before,
          undone,
          notUndone: [],
          compensation: k === 1 ? 'nothing' : 'complete',
        },
      });
      expect(await statusesOf(engine, run.runId)).toEqual(
        k === 1
          ? ['pending', 'processing', 'failed']
          : ['pending', 'processing', 'compensating', 'failed'],
      );
    },
  );

  it('M249: task 4 of 6 fails: 3, 2, 1 are undone in that order, 4 is not, 5 and 6 never ran', async () => {
    const { deeds, workflow } = aChain(6, 4);
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(/step 's4'/);
    expect(deeds.names).toEqual(['s1', 's2', 's3', 's4', 'undo s3', 'undo s2', 'undo s1']);
  });
});

describe('an undo', () => {
  it('M064, M126: gets the input and the output of its own step, restored as the step saw them', async () => {
    const seen: unknown[] = [];
    const book = defineTask({
      name: 'book',
      input: z.object({ seat: z.string() }),
      output: z.object({
        booking: z.string(),
        at: z.codec(z.string(), z.date(), {
          decode: (text) => new Date(text),
          encode: (date) => date.toISOString(),
        }),
      }),
      compensate: async ({ input, output, attempt, idempotencyKey, run }) => {
        seen.push({ input, output, attempt, idempotencyKey, workflow: run.workflow });
      },
      run: async ({ input }) => ({ booking: `b-${input.seat}`, at: new Date(0).toISOString() }),
    });
    const fail = createDeeds().task('fail', {
      run: () => {
        throw new Error('sold out');
      },
    });
    const workflow = defineWorkflow({
      name: 'trip',
      version: 1,
      input: z.object({}),
      steps(w) {
        const out = w.task('out', book, { input: { seat: '1A' } });
        const back = w.task('back', book, { input: { seat: '2B' }, after: [out] });
        return w.task('pay', fail, { input: back });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow('sold out');

    expect(seen).toEqual([
      {
        input: { seat: '2B' },
        output: { booking: 'b-2B', at: new Date(0) },
        attempt: 1,
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
        workflow: 'trip',
      },
      {
        input: { seat: '1A' },
        output: { booking: 'b-1A', at: new Date(0) },
        attempt: 1,
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
        workflow: 'trip',
      },
    ]);
    expect(
      new Set(seen.map((each) => (each as { idempotencyKey: string }).idempotencyKey)).size,
    ).toBe(2);
  });

  it('is retried by its own policy with the same key', async () => {
    let failures = 2;
    const { deeds, workflow } = aTwoStep({
      undoRetry: { maxAttempts: 3 },
      compensate: () => {
        if (failures-- > 0) throw new TransientError('busy');
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(() => deeds.of('undo first').length === 1);

    await clock.advance(999);
    expect(deeds.of('undo first')).toHaveLength(1);
    await clock.advance(1);
    await clock.advance(2_000);

    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      outcome: { undone: ['first'], compensation: 'complete' },
    });
    expect(deeds.of('undo first').map((deed) => deed.attempt)).toEqual([1, 2, 3]);
    expect(new Set(deeds.of('undo first').map((deed) => deed.key)).size).toBe(1);
    expect(
      (await eventsOf(engine, run.runId)).filter((event) => event === 'undo.failed'),
    ).toHaveLength(2);
  });

  it('K-02, M062: that fails for good is recorded, the others still run, and onFailed hears of it once', async () => {
    const deeds = createDeeds();
    const told: unknown[] = [];
    const alert = defineTask({
      name: 'alert',
      input: z.object({ compensation: z.string(), completedSteps: z.array(z.string()) }),
      compensate: 'none',
      run: async ({ input }) => void told.push(input),
    });
    const broken = () => {
      throw new PermanentError('the file is gone');
    };
    const workflow = defineWorkflow({
      name: 'report',
      version: 1,
      input: z.object({}),
      onFailed: alert,
      steps(w) {
        const a = w.task('a', deeds.task('a'), { input: w.input });
        const b = w.task('b', deeds.task('b', { compensate: broken }), { input: a });
        const c = w.task('c', deeds.task('c'), { input: b });
        return w.task('d', failingTask(deeds), { input: c });
      },
    });
    const { engine, log } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'd': no d");

    expect(deeds.names.slice(4)).toEqual(['undo c', 'undo b', 'undo a']);
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'failed',
      outcome: {
        undone: ['c', 'a'],
        notUndone: [{ step: 'b', reason: 'the file is gone' }],
        compensation: 'partial',
        failure: { message: "Workflow failed at step 'd': no d" },
      },
    });
    expect(told).toEqual([{ compensation: 'partial', completedSteps: ['a', 'b', 'c'] }]);
    expect(log.saying('compensation failed')).toMatchObject([{ level: 'warn', step: 'b' }]);
  });

  it('M129: of nothing that could be undone leaves `impossible`', async () => {
    const { workflow } = aTwoStep({
      compensate: () => {
        throw new PermanentError('never');
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(/step 'second'/);

    expect(await engine.get(run.runId)).toMatchObject({
      outcome: {
        undone: [],
        notUndone: [{ step: 'first', reason: 'never' }],
        compensation: 'impossible',
      },
    });
  });

  it('M072: is not tried for an irreversible step; the outcome is partial and names it', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'mail',
      version: 1,
      input: z.object({}),
      steps(w) {
        const written = w.task('write', deeds.task('write'), { input: w.input });
        const sent = w.task('send', deeds.task('send', { compensate: 'irreversible' }), {
          input: written,
        });
        return w.task('d', failingTask(deeds), { input: sent });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(/step 'd'/);

    expect(deeds.names).toEqual(['write', 'send', 'd', 'undo write']);
    expect(await engine.get(run.runId)).toMatchObject({
      outcome: {
        undone: ['write'],
        notUndone: [{ step: 'send', reason: expect.stringContaining('irreversible') }],
        compensation: 'partial',
      },
    });
  });

  it('is not counted for a step with nothing to undo', async () => {
    const { workflow, deeds } = aTwoStep({ compensate: 'none' });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(/step 'second'/);

    expect(deeds.names).toEqual(['first', 'second']);
    expect(await engine.get(run.runId)).toMatchObject({
      outcome: { compensation: 'nothing', notUndone: [] },
    });
    expect(await statusesOf(engine, run.runId)).not.toContain('compensating');
  });
});

describe('K-04: parallel branches', () => {
  it.each([
    ['left first', ['left', 'right'], ['undo right', 'undo left']],
    ['right first', ['right', 'left'], ['undo left', 'undo right']],
  ] as const)('are undone in reverse order of completion, %s', async (_text, order, undone) => {
    const { deeds, gates, workflow } = aFork();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    for (const step of order) {
      gates[step].open();
      await until(async () => (await eventsOf(engine, run.runId)).includes(`${step}.completed`));
    }

    await expect(run.result()).rejects.toThrow(/step 'join'/);
    expect(deeds.names.filter((name) => name.startsWith('undo'))).toEqual(undone);
  });

  it('keep that order over a restart in between', async () => {
    const { deeds, gates, workflow } = aFork();
    const bench = await openBench({ workflows: [workflow] });
    const run = await bench.engine.start(workflow, {});
    gates.right.open();
    await until(async () => (await eventsOf(bench.engine, run.runId)).includes('right.completed'));

    await bench.crash();
    gates.left.open();

    expect(await bench.engine.drive(run.runId, 'finished')).toMatchObject({
      outcome: { undone: ['left', 'right'] },
    });
    expect(deeds.names.filter((name) => name.startsWith('undo'))).toEqual([
      'undo left',
      'undo right',
    ]);
  });

  it('of which one fails let the other finish, and undo it too', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'drain',
      version: 1,
      input: z.object({}),
      steps(w) {
        const slow = w.task('slow', deeds.task('slow', { run: () => gate.pass() }), {
          input: w.input,
        });
        const bad = w.task('d', failingTask(deeds), { input: w.input });
        return w.derive('both', { slow, bad }, () => null);
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(async () => (await eventsOf(engine, run.runId)).includes('d.failed'));

    const draining = await engine.get(run.runId);
    gate.open();

    expect(draining.status).toBe('processing');
    expect(await engine.drive(run.runId, 'finished')).toMatchObject({
      outcome: { failure: { step: 'd' }, undone: ['slow'], compensation: 'complete' },
    });
  });
});

describe('what people read', () => {
  it('M063: the original error surfaces with the step and its cause', async () => {
    const deeds = createDeeds();
    const cause = new Error('ECONNREFUSED 10.0.0.1:443');
    const workflow = defineWorkflow({
      name: 'caused',
      version: 1,
      input: z.object({}),
      steps: (w) =>
        w.task(
          'pay',
          deeds.task('pay', {
            run: () => Promise.reject(new PermanentError('The bank refused', { cause })),
          }),
          { input: w.input },
        ),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: "Workflow failed at step 'pay': The bank refused",
      details: {
        runId: run.runId,
        outcome: {
          failure: {
            step: 'pay',
            name: 'PermanentError',
            cause: { name: 'Error', message: 'ECONNREFUSED 10.0.0.1:443' },
          },
        },
      },
    });
    expect(await entryOf(engine, run.runId, 'pay.failed')).toMatchObject({
      error: { message: 'The bank refused', cause: { message: 'ECONNREFUSED 10.0.0.1:443' } },
    });
  });

  it('M065: the log says what is executed, what failed with how much to roll back, and what was compensated', async () => {
    const { workflow } = aChain(3, 3);
    const { engine, log } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await run.result().catch(() => {});

    expect(log.saying('executing').map((line) => line['step'])).toEqual(['s1', 's2', 's3']);
    expect(log.at('error')).toMatchObject([
      { step: 's3', message: expect.stringContaining('2 completed step(s) to roll back') },
    ]);
    expect(log.saying('compensated').map((line) => line['step'])).toEqual(['s2', 's1']);
  });
});

function failingTask(deeds: Deeds) {
  return deeds.task('d', {
    run: () => {
      throw new PermanentError('no d');
    },
  });
}

function aTwoStep(first: Parameters<Deeds['task']>[1]) {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'two-step',
    version: 1,
    input: z.object({}),
    steps(w) {
      const done = w.task('first', deeds.task('first', first), { input: w.input });
      return w.task(
        'second',
        deeds.task('second', {
          run: () => {
            throw new PermanentError('no');
          },
        }),
        { input: done },
      );
    },
  });
  return { deeds, workflow };
}

function aFork() {
  const deeds = createDeeds();
  const gates = { left: aGate(), right: aGate() };
  const workflow = defineWorkflow({
    name: 'fork',
    version: 1,
    input: z.object({}),
    steps(w) {
      const left = w.task('left', deeds.task('left', { run: () => gates.left.pass() }), {
        input: w.input,
      });
      const right = w.task('right', deeds.task('right', { run: () => gates.right.pass() }), {
        input: w.input,
      });
      return w.task('join', failingTask(deeds), { input: { left, right } });
    },
  });
  return { deeds, gates, workflow };
}
