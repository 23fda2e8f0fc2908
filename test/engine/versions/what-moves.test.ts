/** Everything a run can wait for, taken along to another version; and everything that must not be. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Builder,
  defineEvent,
  defineTask,
  defineWorkflow,
  type Ref,
  TransientError,
} from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { day, hour, openBench } from '../../support/engine-bench.ts';

const input = z.object({});
const asked = { workflow: 'flow', to: 2, actor: 'olga', reason: 'new process' } as const;
const paid = defineEvent({ name: 'paid', payload: z.object({}) });
const lost = defineEvent({ name: 'lost', payload: z.object({}) });

type Steps = (w: Builder<{}, {}>) => Ref<unknown>;

const flow = (version: number, steps: Steps, more: object = {}) =>
  defineWorkflow({ name: 'flow', version, input, ...more, steps: (w) => steps(w as never) });

/** A run that stands where the first version has led it; both versions are registered. */
async function standing(first: Steps, second: Steps, more: object = {}) {
  const bench = await openBench({ workflows: [flow(1, first, more)] });
  const { runId } = await bench.engine.start('flow', {});
  await bench.clock.advance(0);
  const engine = await bench.restart({ workflows: [flow(1, first, more), flow(2, second, more)] });
  return { bench, engine, runId };
}

describe('a step under way', () => {
  const flaky = (name = 'call', limit?: '5d') => {
    const state = { fails: true };
    const call = defineTask({
      name,
      input: z.unknown(),
      output: z.string(),
      compensate: 'none',
      retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1d' } },
      async run({ attempt }) {
        if (state.fails) throw new TransientError('busy');
        return `attempt ${attempt}`;
      },
    });
    const steps =
      (id: string): Steps =>
      (w) =>
        w.task(id, call, { input: {}, ...(limit === undefined ? {} : { within: limit }) });
    return { state, steps };
  };

  it('that backs off keeps its attempts and its time', async () => {
    const { state, steps } = flaky();
    const { bench, engine, runId } = await standing(steps('call'), steps('call'));
    const before = (await engine.get(runId)).waitingOn;

    expect((await engine.migrate(asked)).runs).toMatchObject([{ outcome: 'moved' }]);

    expect((await engine.get(runId)).waitingOn).toEqual(before);
    state.fails = false;
    bench.clock.jump(day);
    await engine.sweep();
    expect(await engine.result(runId)).toBe('attempt 2');
  });

  it('that has been tried is not renamed: its idempotency key would be another', async () => {
    const { steps } = flaky();
    const { engine } = await standing(steps('call'), steps('ring'));

    const report = await engine.migrate({ ...asked, mapping: { steps: { call: 'ring' } } });

    expect(report.runs).toMatchObject([
      {
        outcome: 'cannot',
        reasons: expect.arrayContaining([
          { step: 'call', text: expect.stringContaining('old name'), remedy: 'perform' },
          { step: 'call', text: expect.stringContaining('cannot be given up'), remedy: null },
        ]),
      },
    ]);
  });

  it('gets the time limit that only the new version has, from now on', async () => {
    const { steps } = flaky();
    const { bench, engine, runId } = await standing(
      steps('call'),
      flaky('call', '5d').steps('call'),
    );

    await engine.migrate(asked);

    const { waitingOn } = await engine.get(runId);
    const until = new Date(bench.clock.nowMs() + 5 * day).toISOString();
    expect(waitingOn).toContainEqual(expect.objectContaining({ step: 'call', until }));
    bench.clock.jump(6 * day);
    await engine.sweep();
    await expect(engine.result(runId)).rejects.toThrow(/took longer/);
  });

  it('that sleeps wakes when it was to wake, under another name', async () => {
    const sleeps =
      (id: string): Steps =>
      (w) => {
        const slept = w.sleep(id, { for: '10d' });
        return w.task('end', createDeeds().task('end'), { input: {}, after: [slept] });
      };
    const { bench, engine, runId } = await standing(sleeps('rest'), sleeps('nap'));
    bench.clock.jump(9 * day);

    await engine.migrate({ ...asked, mapping: { steps: { rest: 'nap' } } });

    bench.clock.jump(day);
    await engine.sweep();
    expect(await engine.result(runId)).toBe('end done');
  });

  it.each([
    ['another event', (w: Parameters<Steps>[0]) => w.waitFor('wait', lost)],
    ['a review', (w: Parameters<Steps>[0]) => w.review('wait')],
  ] as const)('that became %s begins anew if that is said', async (_text, second) => {
    const { engine, runId } = await standing((w) => w.waitFor('wait', paid), second);
    expect((await engine.migrate(asked)).runs).toMatchObject([{ outcome: 'needs_mapping' }]);

    await engine.migrate({ ...asked, mapping: { perform: ['wait'] } });

    const [waiting] = (await engine.get(runId)).waitingOn;
    if (waiting?.kind === 'review')
      await engine.decide(runId, 'wait', { outcome: 'approved', actor: 'a' });
    else await engine.signal(runId, lost, {});
    await expect(engine.result(runId)).resolves.toBeDefined();
  });

  it('that is at work is waited for: nothing happens to it', async () => {
    const deeds = createDeeds();
    const gate = aGate<unknown>();
    const steps: Steps = (w) =>
      w.task('call', deeds.task('call', { run: () => gate.pass() }), { input: {} });
    const bench = await openBench({ workflows: [flow(1, steps)] });
    const { runId } = await bench.engine.start('flow', {});
    await gate.reached;
    const engine = await bench.crash({ workflows: [flow(1, steps), flow(2, steps)] });

    const report = await engine.migrate(asked);

    expect(report.runs).toMatchObject([{ outcome: 'busy', reasons: [{ step: null }] }]);
    gate.open('done');
    expect(await engine.result(runId)).toBe('done');
    expect(await engine.get(runId)).toMatchObject({ version: 1 });
  });

  it('that nobody knows the outcome of stays in doubt', async () => {
    const gate = aGate<unknown>();
    const deeds = createDeeds();
    const task = deeds.task('pay', { repeat: 'unsafe', run: () => gate.pass() });
    const steps: Steps = (w) => w.task('pay', task, { input: {} });
    const bench = await openBench({ workflows: [flow(1, steps)] });
    const { runId } = await bench.engine.start('flow', {});
    await gate.reached;
    const engine = await bench.crash({ workflows: [flow(1, steps), flow(2, steps)] });
    await engine.drive(runId);

    expect((await engine.migrate(asked)).runs).toMatchObject([{ outcome: 'moved' }]);

    await engine.decide(runId, 'pay', { outcome: 'happened', output: 'paid', actor: 'ann' });
    expect(await engine.result(runId)).toBe('paid');
    expect(deeds.names).toEqual(['pay']);
  });

  it('that is a child goes on; the child moves by itself', async () => {
    const part = (version: number) =>
      defineWorkflow({ name: 'part', version, input, steps: (w) => w.review('look') });
    const steps: Steps = (w) => w.child('sub', part(1), { input: {} });
    const bench = await openBench({ workflows: [flow(1, steps)] });
    const { runId } = await bench.engine.start('flow', {});
    await bench.engine.drive(runId);
    const engine = await bench.restart({ workflows: [flow(1, steps), flow(2, steps), part(2)] });

    await engine.migrate(asked);
    await engine.migrate({ ...asked, workflow: 'part' });

    const [child] = (await engine.list({ parent: runId })).runs;
    expect(child).toMatchObject({ version: 2 });
    await engine.decide(child?.runId ?? '', 'look', { outcome: 'approved', actor: 'ann' });
    expect(await engine.result(runId)).toMatchObject({ outcome: 'approved' });
    expect(await engine.get(runId)).toMatchObject({ version: 2 });
  });
});

describe('what a run has and is', () => {
  it('a paused run stays paused, and its time does not run', async () => {
    const review: Steps = (w) => w.review('look', { expires: '10d' });
    const { bench, engine, runId } = await standing(review, review);
    await engine.pause(runId);
    bench.clock.jump(20 * day);

    await engine.migrate(asked);

    expect(await engine.get(runId)).toMatchObject({ paused: true, version: 2 });
    await engine.resume(runId);
    const until = new Date(bench.clock.nowMs() + 10 * day).toISOString();
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review', until }]);
  });

  it('a deadline the new version does not have is taken away', async () => {
    const { bench, engine, runId } = await standing(
      (w) => w.review('look', { expires: '10d' }),
      (w) => w.review('look'),
    );

    await engine.migrate(asked);
    bench.clock.jump(100 * day);
    await engine.sweep();

    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review', until: null }]);
    await engine.decide(runId, 'look', { outcome: 'approved', actor: 'ann' });
    expect(await engine.result(runId)).toMatchObject({ outcome: 'approved' });
  });

  it('a run that has not begun starts in the new version', async () => {
    const deeds = createDeeds();
    const does =
      (name: string): Steps =>
      (w) =>
        w.task(name, deeds.task(name), { input: {} });
    const bench = await openBench({ workflows: [flow(1, does('old'))] });
    const startAt = bench.clock.nowMs() + hour;
    const { runId } = await bench.engine.start('flow', {}, { startAt });
    const engine = await bench.restart({ workflows: [flow(2, does('new'))] });

    await engine.migrate(asked);
    bench.clock.jump(2 * hour);
    await engine.sweep();

    expect(await engine.result(runId)).toBe('new done');
  });

  it('what was done is undone in the new version, under the new name', async () => {
    const deeds = createDeeds();
    const steps =
      (name: string): Steps =>
      (w) => {
        const booked = w.task(name, deeds.task('book'), { input: { seat: 7 } });
        return w.review('look', { show: booked, onRejected: 'fail' });
      };
    const { engine, runId } = await standing(steps('book'), steps('reserve'));

    await engine.migrate({ ...asked, mapping: { steps: { book: 'reserve' } } });
    await engine.decide(runId, 'look', { outcome: 'rejected', actor: 'ann' });
    const view = await engine.drive(runId, 'finished');

    expect(view).toMatchObject({ status: 'failed', outcome: { compensation: 'complete' } });
    expect(deeds.of('undo book')).toMatchObject([{ input: { seat: 7 }, output: 'book done' }]);
  });

  it.each([
    ['gone', null, /does not have it/],
    ['done by another task', { task: 'rent' }, /another task/],
    ['not undone any more', { compensate: 'none' as const }, /whether and how/],
    ['given another input', { seat: 8 }, /input is put together/],
  ] as const)('what was done and is %s keeps the run where it is', async (_text, change, why) => {
    const deeds = createDeeds();
    const {
      task = 'book',
      compensate,
      seat = 7,
    } = { ...change } as {
      task?: string;
      compensate?: 'none';
      seat?: number;
    };
    const book = (name: string, how: object, given: number): Steps => {
      return (w) => {
        const booked = w.task('book', deeds.task(name, how), { input: { seat: given } });
        return w.review('look', { after: [booked] });
      };
    };
    const second: Steps =
      change === null
        ? (w) => w.review('look')
        : book(task, compensate === undefined ? {} : { compensate }, seat);
    const { engine } = await standing(book('book', {}, 7), second);

    const report = await engine.migrate(asked);

    expect(report.runs).toMatchObject([
      { outcome: 'cannot', reasons: [{ step: 'book', text: expect.stringMatching(why) }] },
    ]);
  });

  it('a run that is being undone ends on its own version', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const steps: Steps = (w) => {
      const booked = w.task('book', deeds.task('book', { compensate: () => gate.pass() }), {
        input: {},
      });
      return w.review('look', { after: [booked] });
    };
    const bench = await openBench({ workflows: [flow(1, steps), flow(2, steps)] });
    const { runId } = await bench.engine.start('flow', {});
    await bench.engine.drive(runId);
    await bench.engine.migrate({ ...asked, to: 1 });
    await bench.engine.cancel(runId);
    await gate.reached;

    const report = await bench.engine.migrate({ ...asked, to: 2 });

    expect(report.runs).toMatchObject([
      { outcome: 'cannot', reasons: [{ text: expect.stringContaining('stopped or undone') }] },
    ]);
    gate.open();
    expect(await bench.engine.drive(runId, 'finished')).toMatchObject({ status: 'cancelled' });
  });

  it('the context: keys stay, new ones begin, and what does not fit is upcast by the mapping', async () => {
    const versioned = (version: number, context: object) =>
      defineWorkflow({
        name: 'flow',
        version,
        input,
        context: context as { count: { schema: z.ZodNumber; initial: number; reduce: 'sum' } },
        steps(w) {
          w.update('count', 2);
          return w.derive(
            'end',
            { look: w.review('look'), context: w.context },
            (all) => all.context,
          );
        },
      });
    const count = { schema: z.number(), initial: 0, reduce: 'sum' };
    const first = versioned(1, { count });
    const second = versioned(2, {
      count: { ...count, schema: z.number().min(100), initial: 100 },
      kind: { schema: z.string(), initial: 'plain', reduce: 'replace' },
    });
    const bench = await openBench({ workflows: [first] });
    const { runId } = await bench.engine.start('flow', {});
    await bench.engine.drive(runId);
    const engine = await bench.restart({ workflows: [first, second] });
    expect((await engine.migrate(asked)).runs).toMatchObject([
      { outcome: 'needs_mapping', reasons: [{ text: expect.stringContaining('"count"') }] },
    ]);

    const context = (old: object) => ({ count: Number(Reflect.get(old, 'count')) * 100 });
    await engine.migrate({ ...asked, mapping: { context } });

    expect(await engine.get(runId)).toMatchObject({ context: { count: 200, kind: 'plain' } });
  });

  it('a result of a review is not a mapping’s to give', async () => {
    const { engine } = await standing(
      (w) => w.review('look'),
      (w) => w.review('look', { after: [w.review('first')] }),
    );

    const results = { first: { outcome: 'approved', actor: 'olga' } };
    const report = await engine.migrate({ ...asked, mapping: { results } });

    expect(report.runs).toMatchObject([{ outcome: 'cannot' }]);
    expect(report.runs[0]?.reasons).toContainEqual({
      step: 'first',
      text: expect.stringContaining('decided by people'),
      remedy: null,
    });
  });

  it('a sensitive result of a step that is gone stays redacted in its history', async () => {
    const secret = defineTask({
      name: 'secret',
      input: z.unknown(),
      output: z.object({ pin: z.string().meta({ sensitive: true }) }),
      compensate: 'none',
      run: async () => ({ pin: 'mellon' }),
    });
    const { engine, runId } = await standing(
      (w) => w.review('look', { after: [w.task('secret', secret, { input: {} })] }),
      (w) => w.review('look'),
    );

    await engine.migrate(asked);

    expect(JSON.stringify(await engine.history(runId))).not.toContain('mellon');
  });

  it('moments before a move can be looked at; those after it are refused, politely', async () => {
    const { engine, runId } = await standing(
      (w) => w.review('look'),
      (w) => w.review('consent'),
    );
    await engine.migrate({ ...asked, mapping: { steps: { look: 'consent' } } });
    const history = await engine.history(runId);
    const moved = history.find(({ event }) => event === 'run.migrated')?.seq ?? 0;

    expect(await engine.at(runId, moved - 1)).toMatchObject({ waitingOn: [{ step: 'look' }] });
    await expect(engine.at(runId, moved)).rejects.toMatchObject({
      code: 'HISTORY_UNREADABLE',
      message: expect.stringContaining('moved to another version'),
    });
    await expect(engine.fork(runId, { at: 2 })).rejects.toMatchObject({
      code: 'HISTORY_UNREADABLE',
      message: expect.stringContaining('cannot be forked'),
    });
  });

  it('a failed run that was kept is retried in the version it was moved to before it failed', async () => {
    const deeds = createDeeds();
    const state = { isBroken: true };
    const steps =
      (name: string): Steps =>
      (w) => {
        const first = w.task(name, deeds.task('first', { compensate: 'none' }), { input: {} });
        const look = w.review('look', { after: [first] });
        const run = () => {
          if (state.isBroken) throw new Error('broken');
          return 'fixed';
        };
        return w.task('last', deeds.task('last', { compensate: 'none', run }), {
          input: { first, look },
        });
      };
    const keep = { onFailure: 'keep' };
    const { engine, runId } = await standing(steps('one'), steps('uno'), keep);
    await engine.migrate({ ...asked, mapping: { steps: { one: 'uno' } } });
    await engine.decide(runId, 'look', { outcome: 'approved', actor: 'ann' });
    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'failed' });
    state.isBroken = false;

    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('fixed');
    expect(deeds.names).toEqual(['first', 'last', 'last']);
    expect(deeds.all.at(-1)).toMatchObject({ input: { first: 'first done' } });
  });
});
