import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, entryOf, eventsOf, hour, openBench, until } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

const paid = defineEvent({
  name: 'order.paid',
  payload: z.object({ id: z.string(), sum: z.number().optional() }),
});
const other = defineEvent({ name: 'order.lost', payload: z.object({}) });
const input = z.object({ id: z.string().optional() });

function waiting(
  options: { within?: '1h'; onTimeout?: 'fail' | 'continue'; early?: 'keep' | 'reject' } = {},
) {
  return defineWorkflow({
    name: 'waiting',
    version: 1,
    input,
    steps: (w) => w.waitFor('payment', paid, options),
  });
}

/** Waits for the event three times, one after the other, after a review. */
function thrice() {
  return defineWorkflow({
    name: 'thrice',
    version: 1,
    input,
    steps(w) {
      const gate = w.review('gate');
      const one = w.waitFor('one', paid, { after: [gate] });
      const two = w.waitFor('two', paid, { after: [one] });
      const three = w.waitFor('three', paid, { after: [two] });
      return w.derive('all', [one, two, three], (all) => all.map(({ id }) => id));
    },
  });
}

describe('a signal', () => {
  it('ends the wait for it, with who sent it on record', async () => {
    const workflow = waiting();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    expect(await engine.drive(run.runId)).toMatchObject({
      status: 'processing',
      waitingOn: [
        {
          kind: 'event',
          step: 'payment',
          event: 'order.paid',
          what: 'event "order.paid"',
          until: null,
        },
      ],
    });

    const answer = await engine.signal(
      run.runId,
      paid,
      { id: 'p-1', sum: 3 },
      { actor: 'bank', id: 's-1' },
    );

    expect(answer).toEqual({ delivered: true });
    expect(await run.result()).toEqual({ id: 'p-1', sum: 3 });
    expect(await entryOf(engine, run.runId, 'payment.received')).toMatchObject({
      actor: 'bank',
      output: { id: 'p-1', sum: 3 },
      data: { signal: 's-1' },
    });
  });

  it('that the workflow does not know is refused with the names it waits for', async () => {
    const workflow = waiting();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});

    await expect(engine.signal(runId, other, {})).rejects.toMatchObject({
      code: 'SIGNAL_UNKNOWN',
      message: expect.stringContaining('it waits for: order.paid'),
    });
  });

  it('whose payload does not fit is refused with paths; the run waits on', async () => {
    const workflow = waiting();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);

    await expect(engine.signal(runId, 'order.paid', { id: 7 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('id'),
      details: { issues: [{ path: ['id'] }] },
    });
    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ kind: 'event' }] });
  });

  it('D-11: to a finished run is refused, and nothing is stored', async () => {
    const workflow = waiting();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.signal(run.runId, paid, { id: 'p-1' });
    await run.result();
    const before = await engine.get(run.runId);

    const late = engine.signal(run.runId, paid, { id: 'p-2' });

    await expect(late).rejects.toMatchObject({
      code: 'RUN_FINISHED',
      message: expect.stringContaining('is complete'),
    });
    expect(await engine.get(run.runId)).toEqual(before);
  });

  it('D-04: to a run that does not exist is refused', async () => {
    const { engine } = await openBench({ workflows: [waiting()] });

    await expect(engine.signal('nobody', paid, { id: 'p-1' })).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    });
  });
});

describe('signals that come early', () => {
  it('D-04: are kept and consumed first in, first out, each once', async () => {
    const workflow = thrice();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    for (const id of ['a', 'b', 'c']) {
      expect(await engine.signal(run.runId, paid, { id })).toEqual({ delivered: false });
    }
    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toEqual(['a', 'b', 'c']);
    expect(
      (await eventsOf(engine, run.runId)).filter((event) => event === 'signal.kept'),
    ).toHaveLength(3);
  });

  it('stay behind the ones that came before, also over a crash', async () => {
    const workflow = thrice();
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await bench.engine.drive(runId);
    await bench.engine.signal(runId, paid, { id: 'a' });
    await bench.engine.signal(runId, paid, { id: 'b' });

    const engine = await bench.crash();
    await engine.decide(runId, 'gate', { outcome: 'approved', actor: 'ann' });
    await engine.drive(runId);
    await engine.signal(runId, paid, { id: 'c' });

    expect(await engine.result(runId)).toEqual(['a', 'b', 'c']);
  });

  it('D-04: are refused as not expected where the wait says so', async () => {
    const workflow = defineWorkflow({
      name: 'strict',
      version: 1,
      input,
      steps(w) {
        const gate = w.review('gate');
        return w.waitFor('payment', paid, { after: [gate], early: 'reject' });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await expect(engine.signal(run.runId, paid, { id: 'a' })).rejects.toMatchObject({
      code: 'SIGNAL_NOT_EXPECTED',
    });
    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });
    await engine.drive(run.runId);
    await engine.signal(run.runId, paid, { id: 'b' });

    expect(await run.result()).toEqual({ id: 'b' });
  });

  it('are bounded: the 101st is refused, those before are kept', async () => {
    const workflow = thrice();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    for (let n = 0; n < 100; n += 1) await engine.signal(run.runId, paid, { id: `p-${n}` });

    await expect(engine.signal(run.runId, paid, { id: 'too many' })).rejects.toMatchObject({
      code: 'SIGNAL_BUFFER_FULL',
      message: expect.stringContaining('100'),
      hint: expect.stringContaining('again'),
    });
    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toEqual(['p-0', 'p-1', 'p-2']);
  });

  it('are bounded in age: after 30 days they make room', async () => {
    const workflow = thrice();
    const { engine, clock } = await openBench({
      workflows: [workflow],
      settings: { maxSleepMs: 10 * day },
    });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    for (let n = 0; n < 100; n += 1) await engine.signal(run.runId, paid, { id: `old-${n}` });
    await clock.advance(31 * day);

    await engine.signal(run.runId, paid, { id: 'new' });
    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });

    expect(await engine.drive(run.runId)).toMatchObject({ waitingOn: [{ step: 'two' }] });
    expect(await entryOf(engine, run.runId, 'one.received')).toMatchObject({
      output: { id: 'new' },
    });
  });

  it('for a wait that was skipped or is over are not kept for ever', async () => {
    const workflow = defineWorkflow({
      name: 'optional',
      version: 1,
      input: z.object({ card: z.boolean() }),
      steps(w) {
        const byCard = w.is(w.input.$.card, 'by card', (card) => card);
        w.waitFor('payment', paid, { when: byCard });
        return w.review('gate');
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { card: false });
    await engine.drive(runId);

    await expect(engine.signal(runId, paid, { id: 'a' })).rejects.toMatchObject({
      code: 'SIGNAL_NOT_EXPECTED',
    });
  });
});

describe('D-03: the same id', () => {
  it('delivered five times has one effect, and every delivery the same answer', async () => {
    const workflow = thrice();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });
    await engine.drive(run.runId);

    const answers = [];
    for (let n = 0; n < 5; n += 1)
      answers.push(await engine.signal(run.runId, paid, { id: 'a' }, { id: 'evt-1' }));

    expect(answers).toEqual(Array.from({ length: 5 }, () => ({ delivered: true })));
    expect(await engine.drive(run.runId)).toMatchObject({ waitingOn: [{ step: 'two' }] });
  });

  it('delivered five times at once has one effect', async () => {
    const workflow = thrice();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });
    await engine.drive(run.runId);

    const answers = await Promise.all(
      Array.from({ length: 5 }, () => engine.signal(run.runId, paid, { id: 'a' }, { id: 'evt-1' })),
    );

    expect(answers.filter(({ delivered }) => delivered)).not.toHaveLength(0);
    expect(await engine.drive(run.runId)).toMatchObject({ waitingOn: [{ step: 'two' }] });
    expect(
      (await eventsOf(engine, run.runId)).filter((event) => event.endsWith('.received')),
    ).toHaveLength(1);
  });

  it('delivered while it is kept, and across a restart, has one effect', async () => {
    const workflow = thrice();
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await bench.engine.drive(runId);
    await bench.engine.signal(runId, paid, { id: 'a' }, { id: 'evt-1' });
    await bench.engine.signal(runId, paid, { id: 'a' }, { id: 'evt-1' });

    const engine = await bench.crash();
    await engine.signal(runId, paid, { id: 'a' }, { id: 'evt-1' });
    await engine.decide(runId, 'gate', { outcome: 'approved', actor: 'ann' });
    await engine.drive(runId);
    await engine.signal(runId, paid, { id: 'a' }, { id: 'evt-1' });

    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ step: 'two' }] });
    expect((await eventsOf(engine, runId)).filter((event) => event === 'signal.kept')).toHaveLength(
      1,
    );
  });

  it('delivered again after the run has ended is answered as before', async () => {
    const workflow = waiting();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.signal(run.runId, paid, { id: 'a' }, { id: 'evt-1' });
    await run.result();

    expect(await engine.signal(run.runId, paid, { id: 'a' }, { id: 'evt-1' })).toEqual({
      delivered: true,
    });
  });

  it('delivered to two processes at once has one effect', async () => {
    const { a, b, settled } = await openPair({ workflows: () => [thrice()] });
    const { runId } = await a.engine.start('thrice', {});
    await settled(b.engine.decide(runId, 'gate', { outcome: 'approved', actor: 'ann' }));

    await settled(
      Promise.allSettled(
        [a, b, a, b].map(({ engine }) => engine.signal(runId, paid, { id: 'a' }, { id: 'evt-1' })),
      ),
    );

    expect(
      (await eventsOf(a.engine, runId)).filter(
        (event) => event.endsWith('.received') || event === 'signal.kept',
      ),
    ).toHaveLength(1);
  });

  it('in two runs are two signals', async () => {
    const workflow = waiting();
    const { engine } = await openBench({ workflows: [workflow] });
    const runs = [await engine.start(workflow, {}), await engine.start(workflow, {})];

    for (const { runId } of runs) await engine.signal(runId, paid, { id: 'a' }, { id: 'evt-1' });

    for (const run of runs) expect(await run.result()).toEqual({ id: 'a' });
  });
});

describe('a correlated wait', () => {
  const correlated = () =>
    defineWorkflow({
      name: 'correlated',
      version: 1,
      input: z.object({ id: z.string() }),
      steps: (w) => w.waitFor('payment', paid, { where: { id: w.input.$.id } }),
    });

  it('takes only the event whose fields match; others are kept for a wait they fit', async () => {
    const workflow = correlated();
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { id: 'o-1' });
    await engine.drive(run.runId);

    expect(await engine.signal(run.runId, paid, { id: 'o-2' })).toEqual({ delivered: false });
    expect(await engine.get(run.runId)).toMatchObject({ status: 'processing' });
    expect(await engine.signal(run.runId, paid, { id: 'o-1' })).toEqual({ delivered: true });

    expect(await run.result()).toEqual({ id: 'o-1' });
  });

  it('takes from what came early the one that fits, not the oldest', async () => {
    const workflow = defineWorkflow({
      name: 'late-correlation',
      version: 1,
      input: z.object({ id: z.string() }),
      steps(w) {
        const gate = w.review('gate');
        return w.waitFor('payment', paid, { after: [gate], where: { id: w.input.$.id } });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { id: 'o-2' });
    await engine.drive(run.runId);
    await engine.signal(run.runId, paid, { id: 'o-1' });
    await engine.signal(run.runId, paid, { id: 'o-2', sum: 2 });

    await engine.decide(run.runId, 'gate', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toEqual({ id: 'o-2', sum: 2 });
  });

  it('of two waits in parallel gives each its own', async () => {
    const workflow = defineWorkflow({
      name: 'two',
      version: 1,
      input,
      steps(w) {
        const a = w.waitFor('a', paid, { where: { id: 'A' } });
        const b = w.waitFor('b', paid, { where: { id: 'B' } });
        return w.derive('both', { a, b }, (both) => both);
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await engine.signal(run.runId, paid, { id: 'B' });
    await engine.signal(run.runId, paid, { id: 'A' });

    expect(await run.result()).toEqual({ a: { id: 'A' }, b: { id: 'B' } });
  });
});

describe('a wait with a limit', () => {
  it('fails the run when the event does not come', async () => {
    const workflow = waiting({ within: '1h' });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    expect(await engine.drive(run.runId)).toMatchObject({
      waitingOn: [{ until: new Date(clock.nowMs() + hour).toISOString() }],
    });

    await clock.advance(hour - 1);
    expect(await engine.get(run.runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);

    await expect(run.result()).rejects.toThrow(
      `Workflow failed at step 'payment': Event "order.paid" did not come in time`,
    );
  });

  it('goes on without it where it says so, and makes the consumer look', async () => {
    const workflow = waiting({ within: '1h', onTimeout: 'continue' });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const late = await engine.start(workflow, {});
    const inTime = await engine.start(workflow, {});
    await engine.drive(late.runId);
    await engine.drive(inTime.runId);

    await engine.signal(inTime.runId, paid, { id: 'a' });
    await clock.advance(hour);

    expect(await late.result()).toEqual({ status: 'timed_out' });
    expect(await inTime.result()).toEqual({ status: 'received', value: { id: 'a' } });
  });

  it('that is over does not take a later signal', async () => {
    const workflow = defineWorkflow({
      name: 'over',
      version: 1,
      input,
      steps(w) {
        const payment = w.waitFor('payment', paid, { within: '1h', onTimeout: 'continue' });
        return w.review('gate', { show: payment, after: [payment] });
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await clock.advance(hour);

    await expect(engine.signal(run.runId, paid, { id: 'a' })).rejects.toMatchObject({
      code: 'SIGNAL_NOT_EXPECTED',
    });
  });
});

describe('between runs', () => {
  const deeds = createDeeds();
  const seller = defineWorkflow({
    name: 'seller',
    version: 1,
    input: z.object({ id: z.string() }),
    steps(w) {
      const sold = w.task('sell', deeds.task('sell', { compensate: 'none' }), { input: w.input });
      const told = w.emit('tell', paid, { payload: { id: w.input.$.id }, after: [sold] });
      return w.derive('end', { told }, () => 'sold');
    },
  });
  const listener = defineWorkflow({
    name: 'listener',
    version: 1,
    input: z.object({ id: z.string() }),
    steps: (w) => w.waitFor('payment', paid, { where: { id: w.input.$.id } }),
  });
  const started = defineWorkflow({
    name: 'started',
    version: 1,
    input: z.object({ id: z.string() }),
    startOn: [paid],
    steps: (w) =>
      w.task('react', deeds.task('react', { compensate: 'none', run: ({ input: from }) => from }), {
        input: w.input,
      }),
  });

  it('an emitted event reaches every run that waits for it and starts the workflows it starts', async () => {
    const { engine } = await openBench({ workflows: [seller, listener, started] });
    const waits = [
      await engine.start(listener, { id: 'x' }),
      await engine.start(listener, { id: 'x' }),
    ];
    const otherwise = await engine.start(listener, { id: 'y' });
    for (const { runId } of [...waits, otherwise]) await engine.drive(runId);

    const run = await engine.start(seller, { id: 'x' });
    expect(await run.result()).toBe('sold');

    for (const wait of waits) expect(await wait.result()).toEqual({ id: 'x' });
    expect(await engine.get(otherwise.runId)).toMatchObject({ status: 'processing' });
    await until(async () => (await engine.list({ workflow: 'started' })).runs.length > 0);
    const { runs } = await engine.list({ workflow: 'started' });
    expect(runs).toHaveLength(1);
    expect(await engine.result(runs[0]?.runId ?? '')).toEqual({ id: 'x' });
    expect(runs[0]).toMatchObject({ actor: `run:${run.runId}` });
  });

  it('a published event with an id starts a workflow once, however often it comes', async () => {
    const { engine, clock } = await openBench({ workflows: [started] });

    for (let n = 0; n < 5; n += 1)
      await engine.publish(paid, { id: 'z' }, { id: 'evt-9', actor: 'bank' });
    await clock.advance(0);

    const { runs } = await engine.list({ workflow: 'started' });
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ actor: 'bank' });
  });

  it('also across a restart', async () => {
    const bench = await openBench({ workflows: [started] });
    await bench.engine.publish(paid, { id: 'z' }, { id: 'evt-9' });

    const engine = await bench.crash();
    await engine.publish(paid, { id: 'z' }, { id: 'evt-9' });

    expect((await engine.list({ workflow: 'started' })).runs).toHaveLength(1);
  });

  it('a published event nobody wants does no harm', async () => {
    const { engine } = await openBench({ workflows: [listener] });

    await expect(engine.publish('nobody.cares', { a: 1 })).resolves.toBeUndefined();
  });

  it('a payload one workflow refuses keeps no other from it', async () => {
    const strict = defineWorkflow({
      name: 'strict',
      version: 1,
      input: z.object({ id: z.string(), sum: z.number() }),
      startOn: [paid as never],
      steps: (w) => w.derive('d', w.input, ({ id }) => id),
    });
    const { engine, log } = await openBench({ workflows: [strict, started, listener] });
    const wait = await engine.start(listener, { id: 'x' });
    await engine.drive(wait.runId);

    await engine.publish(paid, { id: 'x' });

    expect(await wait.result()).toEqual({ id: 'x' });
    expect((await engine.list({ workflow: 'started' })).runs).toHaveLength(1);
    expect((await engine.list({ workflow: 'strict' })).runs).toHaveLength(0);
    expect(log.saying('started no run')).toMatchObject([{ workflow: 'strict' }]);
  });

  it('an event emitted in the instant of a crash is delivered once afterwards', async () => {
    const bench = await openBench({ workflows: [seller, started] });
    const { runId } = await bench.engine.start(seller, { id: 'x' });
    await until(async () => (await eventsOf(bench.engine, runId)).includes('tell.completed'));

    const engine = await bench.crash();
    await engine.drive(runId, 'finished');
    await bench.clock.advance(hour);

    expect((await engine.list({ workflow: 'started' })).runs).toHaveLength(1);
  });

  it('a wait may be for an event another process publishes', async () => {
    const { a, b, settled } = await openPair({ workflows: () => [listener] });
    const { runId } = await a.engine.start('listener', { id: 'x' });

    await settled(b.engine.publish(paid, { id: 'x' }));

    expect(await settled(a.engine.result(runId))).toEqual({ id: 'x' });
  });
});
