import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { entryOf, eventsOf, openBench, statusesOf, until } from '../../support/engine-bench.ts';

const input = z.object({});
const refuse = () => {
  throw new PermanentError('refused');
};

describe('a fallback', () => {
  function withFallback(fallback: () => unknown) {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'fallback',
      version: 1,
      input,
      steps(w) {
        const priced = w.task(
          'price',
          deeds.task('live-price', { run: refuse, compensate: 'none' }),
          {
            input: w.input,
            fallback: deeds.task('list-price', { run: fallback }),
          },
        );
        return w.task(
          'sell',
          deeds.task('sell', { run: ({ input: price }) => (price === 1 ? refuse() : price) }),
          { input: priced },
        );
      },
    });
    return { deeds, workflow };
  }

  it("runs with the same input when the task has failed for good, and its result is the step's", async () => {
    const { deeds, workflow } = withFallback(() => 99);
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    expect(await run.result()).toBe(99);
    expect(deeds.names).toEqual(['live-price', 'list-price', 'sell']);
    expect(await entryOf(engine, run.runId, 'price.completed')).toMatchObject({
      data: { fallback: true },
    });
  });

  it('is undone by its own handler', async () => {
    const { deeds, workflow } = withFallback(() => 1);
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(/step 'sell'/);
    expect(deeds.names).toEqual(['live-price', 'list-price', 'sell', 'undo list-price']);
    expect(deeds.of('undo list-price')).toMatchObject([{ output: 1 }]);
  });

  it('that fails as well fails the run with its own error', async () => {
    const { workflow } = withFallback(() => {
      throw new PermanentError('no list either');
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'price': no list either");
  });

  it('runs after the retries of the task, with attempts of its own', async () => {
    const deeds = createDeeds();
    let left = 2;
    const workflow = defineWorkflow({
      name: 'patient',
      version: 1,
      input,
      steps: (w) =>
        w.task(
          'price',
          deeds.task('live', {
            retry: { maxAttempts: 2 },
            run: () => Promise.reject(new TransientError('busy')),
          }),
          {
            input: w.input,
            fallback: deeds.task('list', {
              retry: { maxAttempts: 3 },
              run: () => (left-- > 0 ? Promise.reject(new TransientError('also busy')) : 7),
            }),
          },
        ),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});

    await clock.advance(1_000);
    await clock.advance(1_000);
    await clock.advance(2_000);

    expect(await run.result()).toBe(7);
    expect(deeds.all.map(({ what, attempt }) => [what, attempt])).toEqual([
      ['live', 1],
      ['live', 2],
      ['list', 1],
      ['list', 2],
      ['list', 3],
    ]);
  });
});

describe('tolerated failures', () => {
  const reserve = defineTask({
    name: 'reserve',
    input: z.object({ stock: z.number() }),
    output: z.object({ reserved: z.number() }),
    failures: { sold_out: z.object({ left: z.number() }), closed: z.object({}) },
    compensate: 'none',
    async run({ input: { stock }, fail }) {
      if (stock === 0) fail('sold_out', { left: 0 });
      if (stock === 1) fail('closed', {});
      if (stock === 2) throw new PermanentError('the shelf broke');
      return { reserved: 1 };
    },
  });
  const byCode = defineWorkflow({
    name: 'by-code',
    version: 1,
    input: z.object({ stock: z.number() }),
    steps: (w) => w.task('reserve', reserve, { input: w.input, tolerate: ['sold_out'] }),
  });
  const byAny = defineWorkflow({
    name: 'by-any',
    version: 1,
    input: z.object({ stock: z.number() }),
    steps: (w) => w.task('reserve', reserve, { input: w.input, tolerate: 'any' }),
  });

  it('by code are data with their detail', async () => {
    const { engine } = await openBench({ workflows: [byCode] });

    expect(await (await engine.start(byCode, { stock: 0 })).result()).toEqual({
      status: 'sold_out',
      detail: { left: 0 },
    });
    expect(await (await engine.start(byCode, { stock: 9 })).result()).toEqual({
      status: 'complete',
      value: { reserved: 1 },
    });
  });

  it('leave every other failure to fail the run', async () => {
    const { engine } = await openBench({ workflows: [byCode] });

    await expect((await engine.start(byCode, { stock: 1 })).result()).rejects.toMatchObject({
      details: { outcome: { failure: { step: 'reserve', code: 'closed' } } },
    });
    await expect((await engine.start(byCode, { stock: 2 })).result()).rejects.toThrow(
      'the shelf broke',
    );
  });

  it('any of them are `failed` with name, message and attempts', async () => {
    const { engine } = await openBench({ workflows: [byAny] });

    expect(await (await engine.start(byAny, { stock: 2 })).result()).toEqual({
      status: 'failed',
      failure: {
        name: 'PermanentError',
        message: 'the shelf broke',
        retryable: false,
        attempts: 1,
      },
    });
    expect(await (await engine.start(byAny, { stock: 0 })).result()).toMatchObject({
      status: 'failed',
    });
  });

  it('M204: do not feed the steps behind as if they were data of the task', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'guarded',
      version: 1,
      input: z.object({ stock: z.number() }),
      steps(w) {
        const reserved = w.task('reserve', reserve, { input: w.input, tolerate: 'any' });
        const isDone = w.is(reserved, 'reserved', ({ status }) => status === 'complete', {
          otherwise: 'Nothing was reserved.',
        });
        return w.task('ship', deeds.task('ship'), { input: reserved, when: isDone });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { stock: 2 });
    await run.result();

    expect(deeds.names).toEqual([]);
    expect(await entryOf(engine, run.runId, 'ship.skipped')).toMatchObject({
      data: { reason: 'Nothing was reserved.' },
    });
  });
});

describe('w.fail', () => {
  it('ends the run as failed with its message, after compensation', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'limit',
      version: 1,
      input: z.object({ amount: z.number() }),
      steps(w) {
        const held = w.task('hold', deeds.task('hold'), { input: w.input });
        const tooMuch = w.is(w.input.$.amount, 'too much', (amount) => amount > 10);
        w.fail('too_much', 'More than 10 is not allowed', { when: tooMuch, after: [held] });
        return w.task('ship', deeds.task('ship'), { input: held, after: ['too_much'] });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { amount: 11 });

    await expect(run.result()).rejects.toThrow(
      "Workflow failed at step 'too_much': More than 10 is not allowed",
    );
    expect(deeds.names).toEqual(['hold', 'undo hold']);
    expect(await (await engine.start(workflow, { amount: 10 })).result()).toBe('ship done');
  });

  it('speaks for itself, also right after a failure that was tolerated', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'tolerated-then-failed',
      version: 1,
      input,
      steps(w) {
        const tried = w.task('try', deeds.task('try', { run: refuse }), {
          input: w.input,
          tolerate: 'any',
        });
        const failed = w.is(tried, 'it failed', ({ status }) => status === 'failed');
        w.fail('give_up', 'Nothing else to try', { when: failed });
        return tried;
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(
      "Workflow failed at step 'give_up': Nothing else to try",
    );
  });
});

describe('M202: onFailed', () => {
  function withNotice(handle: (told: unknown) => void, retry?: { maxAttempts: number }) {
    const deeds = createDeeds();
    const notice = defineTask({
      name: 'notice',
      input: z.unknown(),
      compensate: 'none',
      ...(retry === undefined ? {} : { retry }),
      run: async ({ input: told }) => handle(told),
    });
    const workflow = defineWorkflow({
      name: 'noticed',
      version: 1,
      input: z.object({ id: z.string() }),
      onFailed: notice,
      steps(w) {
        const done = w.task('one', deeds.task('one'), { input: w.input });
        return w.task('two', deeds.task('two', { run: refuse }), { input: done });
      },
    });
    return { deeds, workflow };
  }

  it('is told of the failure once, after compensation, and changes nothing', async () => {
    const told: unknown[] = [];
    const { deeds, workflow } = withNotice((each) => {
      told.push(each, [...deeds.names]);
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { id: 'a' });
    await expect(run.result()).rejects.toThrow('refused');

    expect(told).toEqual([
      {
        run: expect.objectContaining({ runId: run.runId, workflow: 'noticed' }),
        input: { id: 'a' },
        failure: expect.objectContaining({ message: "Workflow failed at step 'two': refused" }),
        completedSteps: ['one'],
        compensation: 'complete',
      },
      ['one', 'two', 'undo one'],
    ]);
    expect(await eventsOf(engine, run.runId)).toContain('run.failure_handled');
    expect(await engine.get(run.runId)).toMatchObject({ status: 'failed', waitingOn: [] });
  });

  it('that fails is noted; the run stays as failed as it was', async () => {
    const { workflow } = withNotice(() => {
      throw new PermanentError('mail is down');
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { id: 'a' });
    await expect(run.result()).rejects.toThrow("step 'two'");

    expect(await entryOf(engine, run.runId, 'run.failure_not_handled')).toMatchObject({
      error: { message: 'mail is down' },
    });
    expect(await engine.verify(run.runId)).toMatchObject({ fault: null });
  });

  it('is taken up again after a crash', async () => {
    let told = 0;
    const { workflow } = withNotice(() => {
      told += 1;
      if (told === 1) bench.kill();
    });
    const bench = await openBench({ workflows: [workflow] });
    const run = await bench.engine.start(workflow, { id: 'a' });
    await until(() => told === 1);

    await bench.crash();

    expect(await bench.engine.drive(run.runId, 'finished')).toMatchObject({ status: 'failed' });
    expect(told).toBe(2);
  });
});

describe('what a run shares', () => {
  const deeds = createDeeds();
  const amount = defineTask({
    name: 'amount',
    input: z.number(),
    output: z.number(),
    compensate: 'none',
    run: async ({ input: value }) => value,
  });
  const counted = defineWorkflow({
    name: 'counted',
    version: 1,
    input,
    context: {
      total: { schema: z.number(), initial: 100, reduce: 'sum' },
      seen: { schema: z.array(z.number()), initial: [], reduce: 'append' },
      most: { schema: z.number(), initial: 0, reduce: 'max' },
      facts: {
        schema: z.object({ a: z.number().optional(), b: z.number().optional() }),
        initial: {},
        reduce: 'merge',
      },
      product: {
        schema: z.number(),
        initial: 1,
        reduce: { name: 'times', run: (a: number, b: number) => a * b },
      },
    },
    steps(w) {
      const a = w.task('a', amount, { input: 3 });
      const b = w.task('b', amount, { input: 4 });
      for (const [name, each] of [
        ['a', a],
        ['b', b],
      ] as const) {
        w.update('total', each);
        w.update('seen', each);
        w.update('most', each);
        w.update('facts', { [name]: each });
        w.update('product', each);
      }
      const { total } = w.context;
      return w.task('read', deeds.task('read'), { input: total, after: [a, b] });
    },
  });

  it('M082, M089: is updated in the commit of the step, by its reducer, and read when a step starts', async () => {
    const { engine } = await openBench({ workflows: [counted] });

    const run = await engine.start(counted, {});
    await run.result();

    expect(await engine.get(run.runId)).toMatchObject({
      context: { total: 107, seen: [3, 4], most: 4, facts: { a: 3, b: 4 }, product: 12 },
    });
    expect(deeds.of('read').filter(({ runId }) => runId === run.runId)).toMatchObject([
      { input: 107 },
    ]);
  });

  it('is updated by parallel steps in the order of their commits', async () => {
    const { engine } = await openBench({ workflows: [counted] });
    const run = await engine.start(counted, {});
    await run.result();

    const completions = (await eventsOf(engine, run.runId)).filter((event) =>
      /^[ab]\.completed$/.test(event),
    );
    const order = completions.map((event) => (event === 'a.completed' ? 3 : 4));

    expect(await engine.get(run.runId)).toMatchObject({ context: { seen: order } });
  });

  it('keeps milestones readable, also after the end', async () => {
    const workflow = defineWorkflow({
      name: 'shipping',
      version: 1,
      input,
      steps(w) {
        const packed = w.task('pack', amount, { input: 1 });
        w.milestone('packed', { after: [packed] });
        const nap = w.sleep('nap', { for: '1h', after: [packed] });
        w.milestone('shipped', { after: [nap] });
        return packed;
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    const at = new Date(clock.nowMs()).toISOString();

    const half = await engine.get(run.runId);
    await clock.advance(3_600_000);
    await run.result();

    expect(half.milestones).toEqual([{ name: 'packed', at }]);
    expect((await engine.get(run.runId)).milestones).toEqual([
      { name: 'packed', at },
      { name: 'shipped', at: new Date(clock.nowMs()).toISOString() },
    ]);
  });
});

describe('M210: a branch', () => {
  const routed = (deeds = createDeeds()) => {
    const workflow = defineWorkflow({
      name: 'routed',
      version: 1,
      input: z.object({ level: z.enum(['critical', 'warning', 'normal']) }),
      steps(w) {
        const handled = w.choose('route', w.input, 'level', {
          critical: () => {
            const paged = w.task('page', deeds.task('page'), { input: w.input });
            const stopped = w.task('shutdown', deeds.task('shutdown'), { input: w.input });
            return w.derive('both', { paged, stopped }, () => 'handled');
          },
          warning: () => w.task('ticket', deeds.task('ticket'), { input: w.input }),
          normal: () => undefined,
        });
        return w.task('resolve', deeds.task('resolve'), { input: handled });
      },
    });
    return { deeds, workflow };
  };

  it.each([
    ['critical', ['page', 'resolve', 'shutdown'], ['ticket']],
    ['warning', ['resolve', 'ticket'], ['page', 'shutdown']],
    ['normal', ['resolve'], ['page', 'shutdown', 'ticket']],
  ] as const)('M193: not taken never blocks the join (%s)', async (level, ran, skipped) => {
    const { deeds, workflow } = routed();
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { level });
    await run.result();

    expect(deeds.names.toSorted()).toEqual(ran);
    expect(deeds.names.at(-1)).toBe('resolve');
    const events = await eventsOf(engine, run.runId);
    expect(events.filter((event) => event.endsWith('.skipped')).toSorted()).toEqual(
      skipped.map((step) => `${step}.skipped`),
    );
    expect(await statusesOf(engine, run.runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });
});

describe('H-05: functions of the definition', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      /boom/,
    ],
    [
      'returns a promise',
      () => Promise.resolve(true),
      /must return true or false at once, not a promise/,
    ],
    ['returns something else', () => 'yes', /must return true or false at once, not string/],
  ])('a predicate that %s fails the run at that guard', async (_text, test, message) => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'guarded',
      version: 1,
      input,
      steps(w) {
        const done = w.task('one', deeds.task('one'), { input: w.input });
        const guard = w.is(done, 'is fine', test as () => never);
        return w.task('two', deeds.task('two'), { input: done, when: guard });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toMatchObject({
      message: expect.stringMatching(message),
      details: { outcome: { failure: { step: '?is fine' }, undone: ['one'] } },
    });
    expect(deeds.names).toEqual(['one', 'undo one']);
  });
});

describe('what stands in for a task', () => {
  it('has an idempotency key and checkpoints of its own: it does something else', async () => {
    const keys: string[] = [];
    const computed: unknown[] = [];
    const attempt = (name: string, ending: () => string) =>
      defineTask({
        name,
        input: z.unknown(),
        output: z.string(),
        compensate: 'none',
        async run({ idempotencyKey, checkpoint }) {
          keys.push(idempotencyKey);
          computed.push(await checkpoint('made', async () => name));
          return ending();
        },
      });
    const main = attempt('main', () => {
      throw new PermanentError('no');
    });
    const spare = attempt('spare', () => 'spare');
    const workflow = defineWorkflow({
      name: 'spared',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('a', main, { input: w.input, fallback: spare }),
    });
    const bench = await openBench({ workflows: [workflow] });

    const run = await bench.engine.start(workflow, {});

    expect(await run.result()).toBe('spare');
    expect(computed).toEqual(['main', 'spare']);
    expect(new Set(keys).size).toBe(2);
  });
});
