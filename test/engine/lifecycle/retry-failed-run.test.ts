import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow, PermanentError } from '../../../src/index.ts';
import { createDeeds, type Deeds } from '../../support/deeds.ts';
import { entryOf, eventsOf, hour, openBench, statusesOf } from '../../support/engine-bench.ts';

const input = z.object({});

/** Fails until told otherwise. */
function aFlaw() {
  const flaw = { isMended: false };
  const run = () => {
    if (!flaw.isMended) throw new PermanentError('not yet');
    return 'mended';
  };
  return { flaw, run };
}

describe('M051: retrying a run that kept what it had done', () => {
  function kept() {
    const deeds = createDeeds();
    const { flaw, run } = aFlaw();
    const paid = defineEvent({ name: 'paid', payload: z.object({ sum: z.number() }) });
    const part = defineWorkflow({
      name: 'part',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('inner', deeds.task('inner'), { input: w.input }),
    });
    const workflow = defineWorkflow({
      name: 'kept',
      version: 1,
      input: z.object({ items: z.array(z.string()) }),
      onFailure: 'keep',
      context: { count: { schema: z.number(), initial: 0, reduce: 'sum' } },
      steps(w) {
        const one = w.task('one', deeds.task('one', { retry: { maxAttempts: 2 } }), {
          input: w.input,
          within: '1h',
        });
        const review = w.review('look', { show: one });
        const approved = w.is(review, 'approved', ({ outcome }) => outcome === 'approved');
        const payment = w.waitFor('payment', paid, { after: [review] });
        const nap = w.sleep('nap', { for: '1h', after: [payment] });
        const sub = w.child('sub', part, { input: { nap } });
        const mapped = w.map('each', w.input.$.items, {}, (item) =>
          w.task('work', deeds.task('work'), { input: item }),
        );
        w.update('count', 1, { after: [sub] });
        w.milestone('halfway', { after: [sub] });
        w.task('never', deeds.task('never'), {
          input: one,
          when: w.not(approved, { otherwise: 'Approved.' }),
        });
        const tried = w.task(
          'tried',
          deeds.task('tried', { run: () => Promise.reject(new PermanentError('oh')) }),
          { input: one, tolerate: 'any', fallback: deeds.task('instead') },
        );
        const two = w.task('two', deeds.task('two', { run }), {
          input: { one, sub, mapped, tried, payment },
        });
        return w.task('three', deeds.task('three'), { input: two });
      },
    });
    return { deeds, flaw, workflow, paid };
  }

  async function failed() {
    const { deeds, flaw, workflow, paid } = kept();
    const bench = await openBench({ workflows: [workflow] });
    const run = await bench.engine.start(workflow, { items: ['x', 'y'] });
    const { runId } = run;
    await bench.engine.drive(runId);
    await bench.engine.decide(runId, 'look', { outcome: 'approved', actor: 'ann' });
    await bench.engine.drive(runId);
    await bench.engine.signal(runId, paid, { sum: 3 });
    await bench.engine.drive(runId);
    await bench.clock.advance(hour);
    await bench.engine.drive(runId, 'finished');
    return { ...bench, bench, deeds, flaw, workflow, run, runId };
  }

  it('goes on at the failed step; nothing that completed runs again, recorded results are used', async () => {
    const { engine, deeds, flaw, run, runId } = await failed();
    const before = [...deeds.names];
    expect(await engine.get(runId)).toMatchObject({
      status: 'failed',
      outcome: { compensation: 'nothing' },
    });
    flaw.isMended = true;

    await engine.retry(runId, { actor: 'ann', reason: 'The disk was replaced' });

    expect(await run.result()).toBe('three done');
    expect(deeds.names.slice(before.length)).toEqual(['two', 'three']);
    expect(deeds.of('two')[1]).toMatchObject({
      input: deeds.of('two')[0]?.input,
      key: deeds.of('two')[0]?.key,
    });
    expect(await engine.get(runId)).toMatchObject({ generation: 1, context: { count: 1 } });
    expect((await statusesOf(engine, runId)).slice(-5)).toEqual([
      'failed',
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });

  it('is on record: who, why, and what was used again', async () => {
    const { engine, flaw, run, runId } = await failed();
    flaw.isMended = true;

    await engine.retry(runId, { actor: 'ann', reason: 'The disk was replaced' });
    await run.result();

    expect(await entryOf(engine, runId, 'run.retried')).toMatchObject({
      actor: 'ann',
      from: 'failed',
      to: 'pending',
      data: { afresh: false, reason: 'The disk was replaced' },
    });
    expect(await entryOf(engine, runId, 'run.started')).toMatchObject({
      data: {
        reused: expect.arrayContaining([
          'one',
          'look',
          'payment',
          'nap',
          'sub',
          'each',
          'never',
          'tried',
        ]),
      },
    });
    expect((await eventsOf(engine, runId)).filter((event) => event.endsWith('.late'))).toEqual([]);
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('keeps the time at which a milestone was reached', async () => {
    const { engine, clock, flaw, run, runId } = await failed();
    const { milestones } = await engine.get(runId);
    flaw.isMended = true;
    await clock.advance(hour);

    await engine.retry(runId);
    await run.result();

    expect(milestones).toHaveLength(1);
    expect((await engine.get(runId)).milestones).toEqual(milestones);
  });

  it('works over a crash between failure and retry, and again after a second failure', async () => {
    const { bench, deeds, flaw, run, runId } = await failed();
    const before = deeds.names.length;
    await bench.crash();

    await bench.engine.retry(runId);
    await bench.engine.drive(runId, 'finished');
    await bench.crash();
    flaw.isMended = true;
    await bench.engine.retry(runId);
    await bench.engine.drive(runId, 'finished');

    expect(deeds.names.slice(before)).toEqual(['two', 'two', 'three']);
    expect(await bench.engine.result(run.runId)).toBe('three done');
  });

  it('goes on from the closing review that rejected it', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'rejected',
      version: 1,
      input,
      onFailure: 'keep',
      steps: (w) =>
        w.finish(w.task('one', deeds.task('one'), { input: w.input }), { approve: 'person' }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'completion', { outcome: 'rejected', actor: 'ann' });
    await engine.drive(run.runId, 'finished');

    await engine.retry(run.runId);
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'completion', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toBe('one done');
    expect(deeds.names).toEqual(['one']);
    expect(await statusesOf(engine, run.runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'failed',
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });

  it('asks again where the review itself failed the run', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'asked-again',
      version: 1,
      input,
      onFailure: 'keep',
      steps(w) {
        const one = w.task('one', deeds.task('one'), { input: w.input });
        return w.review('look', { show: one, onRejected: 'fail' });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'look', { outcome: 'rejected', actor: 'ann' });
    await engine.drive(run.runId, 'finished');

    await engine.retry(run.runId);
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toMatchObject({ outcome: 'approved' });
    expect(deeds.names).toEqual(['one']);
  });
});

describe('K-07, M051: retrying a run that was rolled back', () => {
  function rolledBack(undo?: () => void) {
    const deeds = createDeeds();
    const { flaw, run } = aFlaw();
    const workflow = defineWorkflow({
      name: 'rolled-back',
      version: 1,
      input,
      steps(w) {
        const one = w.task('one', deeds.task('one'), { input: w.input });
        const two = w.task(
          'two',
          deeds.task('two', undo === undefined ? {} : { compensate: undo }),
          { input: one },
        );
        return w.task('three', deeds.task('three', { run }), { input: two });
      },
    });
    return { deeds, flaw, workflow };
  }

  async function failed(undo?: () => void) {
    const { deeds, flaw, workflow } = rolledBack(undo);
    const bench = await openBench({ workflows: [workflow] });
    const run = await bench.engine.start(workflow, {});
    await bench.engine.drive(run.runId, 'finished');
    return { ...bench, bench, deeds, flaw, run, runId: run.runId };
  }

  const keys = (deeds: Deeds, what: string) => deeds.of(what).map((deed) => deed.key);

  it('starts afresh: everything runs again, under new idempotency keys', async () => {
    const { engine, deeds, flaw, run, runId } = await failed();
    flaw.isMended = true;

    await engine.retry(runId, { actor: 'ann' });

    expect(await run.result()).toBe('mended');
    expect(deeds.names).toEqual([
      'one',
      'two',
      'three',
      'undo two',
      'undo one',
      'one',
      'two',
      'three',
    ]);
    expect(await engine.get(runId)).toMatchObject({
      generation: 2,
      status: 'complete',
      outcome: null,
    });
    for (const what of ['one', 'two', 'three']) expect(new Set(keys(deeds, what)).size).toBe(2);
  });

  it('shows both passes in the history, each entry with its generation', async () => {
    const { engine, flaw, run, runId } = await failed();
    flaw.isMended = true;

    await engine.retry(runId, { actor: 'ann' });
    await run.result();

    const completions = (await engine.history(runId)).filter(
      ({ event }) => event === 'one.completed',
    );
    expect(completions.map(({ generation, attempt }) => [generation, attempt])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(await entryOf(engine, runId, 'run.retried')).toMatchObject({
      actor: 'ann',
      data: { afresh: true },
    });
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('undoes the second pass under keys of its own when that fails too', async () => {
    const { engine, deeds, runId } = await failed();

    await engine.retry(runId);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      generation: 2,
      outcome: { undone: ['two', 'one'], notUndone: [], compensation: 'complete' },
    });
    expect(new Set(keys(deeds, 'undo two')).size).toBe(2);
  });

  it('also after a crash in between', async () => {
    const { bench, deeds, flaw, runId } = await failed();
    flaw.isMended = true;
    await bench.crash();

    await bench.engine.retry(runId);

    expect(await bench.engine.result(runId)).toBe('mended');
    expect(deeds.of('one')).toHaveLength(2);
  });

  it('refuses after a partial rollback unless somebody accepts it, with a reason', async () => {
    const { engine, deeds, flaw, run, runId } = await failed(() => {
      throw new PermanentError('cannot be undone now');
    });
    flaw.isMended = true;
    const before = await engine.get(runId);
    expect(before).toMatchObject({
      outcome: { compensation: 'partial', notUndone: [{ step: 'two' }] },
    });

    await expect(engine.retry(runId)).rejects.toMatchObject({
      code: 'NOT_UNDONE',
      message: expect.stringContaining('"two"'),
      hint: expect.stringContaining('acceptNotUndone and a reason'),
      details: { notUndone: [{ step: 'two', reason: 'cannot be undone now' }] },
    });
    await expect(engine.retry(runId, { acceptNotUndone: true })).rejects.toMatchObject({
      code: 'NOT_UNDONE',
    });
    await expect(engine.retry(runId, { reason: 'please' })).rejects.toMatchObject({
      code: 'NOT_UNDONE',
    });
    expect(await engine.get(runId)).toEqual(before);
    expect(deeds.names.slice(-2)).toEqual(['undo two', 'undo one']);

    await engine.retry(runId, { acceptNotUndone: true, reason: 'two is harmless', actor: 'ann' });

    expect(await run.result()).toBe('mended');
    expect(await entryOf(engine, runId, 'run.retried')).toMatchObject({
      actor: 'ann',
      data: { reason: 'two is harmless' },
    });
    expect((await eventsOf(engine, runId)).filter((event) => event === 'run.retried')).toHaveLength(
      1,
    );
  });

  it('takes one of two retries at the same instant', async () => {
    const { engine, deeds, flaw, run, runId } = await failed();
    flaw.isMended = true;

    const answers = await Promise.allSettled([engine.retry(runId), engine.retry(runId)]);
    await run.result();

    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(answers[1]).toMatchObject({ reason: { code: 'INVALID_TRANSITION' } });
    expect(deeds.of('one')).toHaveLength(2);
  });
});

describe('a step whose fallback failed as well, and whose failure is tolerated', () => {
  it('leads the retry the same way as before', async () => {
    const deeds = createDeeds();
    const { flaw, run } = aFlaw();
    const broken = () => Promise.reject(new PermanentError('oh'));
    const workflow = defineWorkflow({
      name: 'kept',
      version: 1,
      input,
      onFailure: 'keep',
      steps(w) {
        const tried = w.task('tried', deeds.task('tried', { run: broken }), {
          input: {},
          tolerate: 'any',
          fallback: deeds.task('instead', { run: broken }),
        });
        const isLost = w.is(tried, 'lost', ({ status }) => status === 'failed');
        const noted = w.task('note', deeds.task('note'), { input: {}, when: isLost });
        return w.task('last', deeds.task('last', { run }), { input: { noted } });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'failed' });
    flaw.isMended = true;

    await engine.retry(runId);

    expect(await engine.result(runId)).toBe('mended');
    expect(deeds.all.at(-1)).toMatchObject({ what: 'last', input: { noted: 'note done' } });
    expect(deeds.names).toEqual(['tried', 'instead', 'note', 'last', 'last']);
  });
});
