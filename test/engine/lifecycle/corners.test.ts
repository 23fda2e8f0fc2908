import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineWorkflow,
  OutcomeUnknownError,
  PermanentError,
  TransientError,
} from '../../../src/index.ts';
import { aGate, createDeeds, type DeedOptions } from '../../support/deeds.ts';
import { eventsOf, hour, openBench, second, until } from '../../support/engine-bench.ts';

const input = z.object({});
const unclear = () => {
  throw new OutcomeUnknownError('the answer was lost');
};

describe('a tolerated step', () => {
  function tolerant(options: DeedOptions) {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'tolerant',
      version: 1,
      input,
      steps(w) {
        const paid = w.task('pay', deeds.task('pay', options), { input: w.input, tolerate: 'any' });
        const isPaid = w.is(paid, 'paid', ({ status }) => status === 'complete', {
          otherwise: 'Not paid.',
        });
        w.task('ship', deeds.task('ship'), { input: paid, when: isPaid });
        return w.task('report', deeds.task('report', { run: ({ input: from }) => from }), {
          input: paid,
        });
      },
    });
    return { deeds, workflow };
  }

  it('that is given up in doubt is a failure its consumers see', async () => {
    const { deeds, workflow } = tolerant({ repeat: 'unsafe', run: unclear });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await engine.decide(run.runId, 'pay', {
      outcome: 'give_up',
      actor: 'ann',
      comment: 'Nobody can tell',
    });

    expect(await run.result()).toMatchObject({
      status: 'failed',
      failure: { name: 'GivenUp', message: 'Nobody can tell' },
    });
    expect(deeds.names).toEqual(['pay', 'report']);
  });

  it('whose process died too often is a failure its consumers see', async () => {
    const { deeds, workflow } = tolerant({ run: () => new Promise(() => {}) });
    const bench = await openBench({ workflows: [workflow], settings: { maxDispatches: 3 } });
    const { runId } = await bench.engine.start(workflow, {});
    for (let death = 1; death <= 3; death += 1) {
      await until(() => deeds.of('pay').length === death);
      await bench.crash();
    }

    expect(await bench.engine.result(runId)).toMatchObject({
      status: 'failed',
      failure: { name: 'Quarantined' },
    });
    expect(deeds.of('pay')).toHaveLength(3);
  });
});

describe('A-14: a step whose process dies every time', () => {
  it('is quarantined after the deaths that are allowed; the run fails and undoes what was done', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'deadly',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        return w.task('deadly', deeds.task('deadly', { run: () => new Promise(() => {}) }), {
          input: first,
        });
      },
    });
    const harmless = defineWorkflow({
      name: 'harmless',
      version: 1,
      input,
      steps: (w) => w.sleep('nap', { for: '1h' }),
    });
    const bench = await openBench({
      workflows: [workflow, harmless],
      settings: { maxDispatches: 3 },
    });
    const { runId } = await bench.engine.start(workflow, {});
    const other = await bench.engine.start(harmless, {});
    for (let death = 1; death <= 3; death += 1) {
      await until(() => deeds.of('deadly').length === death);
      await bench.crash();
    }

    await expect(bench.engine.result(runId)).rejects.toThrow(
      "Workflow failed at step 'deadly': The process died 3 times",
    );
    expect(deeds.names.at(-1)).toBe('undo first');
    expect(await bench.engine.get(runId)).toMatchObject({
      outcome: {
        undone: ['first'],
        notUndone: [{ step: 'deadly', reason: expect.stringContaining('nobody knows') }],
        compensation: 'partial',
      },
    });
    await bench.clock.advance(hour);
    expect(await bench.engine.get(other.runId)).toMatchObject({ status: 'complete' });
  });
});

describe('an unsafe fallback', () => {
  function withFallback(run: DeedOptions['run']) {
    const deeds = createDeeds();
    const instead = deeds.task('instead', {
      repeat: 'unsafe',
      retry: { maxAttempts: 3 },
      timeout: '30s',
      ...(run === undefined ? {} : { run }),
    });
    const workflow = defineWorkflow({
      name: 'fallback',
      version: 1,
      input,
      steps(w) {
        const paid = w.task(
          'pay',
          deeds.task('pay', { run: () => Promise.reject(new PermanentError('no')) }),
          { input: w.input, fallback: instead },
        );
        return w.task(
          'after',
          deeds.task('after', {
            run: ({ input: from }) =>
              from === 'fail' ? Promise.reject(new PermanentError('no')) : from,
          }),
          { input: paid },
        );
      },
    });
    return { deeds, workflow };
  }

  async function doubtful() {
    let left = 1;
    const made = withFallback(() => (left-- > 0 ? unclear() : 'paid'));
    const bench = await openBench({ workflows: [made.workflow] });
    const run = await bench.engine.start(made.workflow, {});
    await until(() => made.deeds.of('instead').length === 1);
    await bench.clock.advance(hour);
    return { ...bench, ...made, run, runId: run.runId };
  }

  it('is not run again without asking either', async () => {
    const { engine, deeds, runId } = await doubtful();

    expect(deeds.of('instead')).toHaveLength(1);
    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ kind: 'review', step: 'pay' }] });
  });

  it('that happened goes on with its output, and is undone by its own handler', async () => {
    const { engine, deeds, run, runId } = await doubtful();

    await engine.decide(runId, 'pay', { outcome: 'happened', actor: 'ann', output: 'fail' });

    await expect(run.result()).rejects.toThrow(/step 'after'/);
    expect(deeds.names).toEqual(['pay', 'instead', 'after', 'undo instead']);
    expect(deeds.of('undo instead')).toMatchObject([{ output: 'fail' }]);
  });

  it('that did not happen runs again; one that is given up fails the run', async () => {
    const again = await doubtful();
    await again.engine.decide(again.runId, 'pay', { outcome: 'did_not_happen', actor: 'ann' });
    const given = await doubtful();
    await given.engine.decide(given.runId, 'pay', { outcome: 'give_up', actor: 'ann' });

    expect(await again.run.result()).toBe('paid');
    expect(again.deeds.names).toEqual(['pay', 'instead', 'instead', 'after']);
    await expect(given.run.result()).rejects.toThrow(/step 'pay'/);
    expect(await given.engine.get(given.runId)).toMatchObject({
      outcome: { notUndone: [{ step: 'pay' }] },
    });
  });

  it('is asked about after a crash as well', async () => {
    const gate = aGate<unknown>();
    const { deeds, workflow } = withFallback(() => gate.pass());
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await gate.reached;

    const engine = await bench.crash();
    await engine.drive(runId);

    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ kind: 'review', step: 'pay' }] });
    expect(deeds.of('instead')).toHaveLength(1);
  });
});

describe('a fallback with a breaker', () => {
  it('waits for it like any other task', async () => {
    const deeds = createDeeds();
    let isUp = false;
    const instead = deeds.task('instead', {
      breaker: { name: 'spare', failureThreshold: 1, resetAfter: '60s' },
      retry: { maxAttempts: 9 },
      run: () => (isUp ? 'spare' : Promise.reject(new TransientError('busy'))),
    });
    const workflow = defineWorkflow({
      name: 'spare',
      version: 1,
      input,
      steps: (w) =>
        w.task(
          'call',
          deeds.task('call', { run: () => Promise.reject(new PermanentError('no')) }),
          { input: w.input, fallback: instead },
        ),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(() => deeds.of('instead').length === 1);
    await clock.advance(30 * second);
    const waiting = await engine.get(run.runId);
    isUp = true;
    await clock.advance(30 * second);

    expect(waiting.waitingOn).toMatchObject([{ kind: 'breaker', step: 'call' }]);
    expect(await run.result()).toBe('spare');
    expect(deeds.names).toEqual(['call', 'instead', 'instead']);
  });
});

describe('a run that kept what it had done and is retried', () => {
  function flawed(pay: DeedOptions, fallback?: DeedOptions) {
    const deeds = createDeeds();
    const flaw = { isMended: false };
    const workflow = defineWorkflow({
      name: 'flawed',
      version: 1,
      input,
      onFailure: 'keep',
      steps(w) {
        const paid = w.task('pay', deeds.task('pay', pay), {
          input: w.input,
          ...(fallback === undefined ? {} : { fallback: deeds.task('instead', fallback) }),
        });
        const next = w.task(
          'next',
          deeds.task('next', {
            run: () => (flaw.isMended ? 'done' : Promise.reject(new PermanentError('not yet'))),
          }),
          { input: paid },
        );
        return w.finish(next, { approve: 'person' });
      },
    });
    return { deeds, flaw, workflow };
  }

  it('goes on with the output a person had vouched for', async () => {
    const { deeds, flaw, workflow } = flawed({ repeat: 'unsafe', run: unclear });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);
    await engine.decide(runId, 'pay', { outcome: 'happened', actor: 'ann', output: 'receipt' });
    await engine.drive(runId, 'finished');
    flaw.isMended = true;

    await engine.retry(runId);

    expect(await engine.drive(runId)).toMatchObject({ status: 'waiting_review' });
    expect(deeds.of('next').map(({ input: from }) => from)).toEqual(['receipt', 'receipt']);
    expect(deeds.of('pay')).toHaveLength(1);
  });

  it.each([
    ['only the fallback can be undone', 'none', undefined, ['undo next', 'undo instead']],
    ['only the task itself can be undone', undefined, 'none', ['undo next']],
  ] as const)(
    'and then cancelled undoes what its fallback had done (%s)',
    async (_text, own, others, undone) => {
      const refuse = () => Promise.reject(new PermanentError('no'));
      const { deeds, flaw, workflow } = flawed(
        { run: refuse, ...(own === undefined ? {} : { compensate: own }) },
        others === undefined ? {} : { compensate: others },
      );
      const { engine } = await openBench({ workflows: [workflow] });
      const { runId } = await engine.start(workflow, {});
      await engine.drive(runId, 'finished');
      flaw.isMended = true;
      await engine.retry(runId);
      await engine.drive(runId);

      await engine.cancel(runId);

      expect(await engine.drive(runId, 'finished')).toMatchObject({
        status: 'cancelled',
        outcome: { notUndone: [] },
      });
      expect(deeds.names.filter((name) => name.startsWith('undo'))).toEqual(undone);
    },
  );
});

describe('a step in doubt', () => {
  async function inDoubt(step: { within?: '1h' } = {}, timeout?: '1h') {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'doubtful',
      version: 1,
      input,
      ...(timeout === undefined ? {} : { timeout }),
      steps(w) {
        const first = w.task('first', deeds.task('first'), { input: w.input });
        return w.task('pay', deeds.task('pay', { repeat: 'unsafe', run: unclear }), {
          input: first,
          ...step,
        });
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await bench.engine.drive(runId);
    return { ...bench, deeds, runId };
  }
  const notKnown = {
    undone: ['first'],
    notUndone: [{ step: 'pay', reason: expect.stringContaining('Nobody knows') }],
    compensation: 'partial',
  };

  it('of a run that is cancelled stays not undone', async () => {
    const { engine, runId } = await inDoubt();

    await engine.cancel(runId);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'cancelled',
      waitingOn: [],
      outcome: notKnown,
    });
    await expect(
      engine.decide(runId, 'pay', { outcome: 'happened', actor: 'ann', output: 1 }),
    ).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
  });

  it('whose time is over stays not undone', async () => {
    const { engine, clock, runId } = await inDoubt({ within: '1h' });

    await clock.advance(hour);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { failure: { name: 'StepTimedOut' }, ...notKnown },
    });
  });

  it('of a run whose time is over stays not undone', async () => {
    const { engine, clock, runId } = await inDoubt({}, '1h');

    await clock.advance(hour);

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'failed',
      outcome: { failure: { name: 'RunTimedOut' }, ...notKnown },
    });
  });
});

describe('of two failures', () => {
  it('the first is the error of the run, the second is on record', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'twice',
      version: 1,
      input,
      steps(w) {
        const slow = w.task('slow', deeds.task('slow', { run: () => gate.pass() }), {
          input: w.input,
        });
        const bad = w.task(
          'bad',
          deeds.task('bad', { run: () => Promise.reject(new PermanentError('first')) }),
          { input: w.input },
        );
        return w.derive('both', { slow, bad }, () => null);
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(async () => (await eventsOf(engine, run.runId)).includes('bad.failed'));

    gate.fail(new TransientError('second'));

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'bad': first");
    expect(await eventsOf(engine, run.runId)).toEqual(
      expect.arrayContaining(['bad.failed', 'slow.failed']),
    );
  });
});

describe('a retry', () => {
  it('of a cancelled run is refused: there is no way back from there', async () => {
    const workflow = defineWorkflow({
      name: 'napping',
      version: 1,
      input,
      steps: (w) => w.sleep('nap', { for: '1h' }),
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.cancel(runId);

    await expect(engine.retry(runId)).rejects.toMatchObject({
      code: 'INVALID_TRANSITION',
      message: expect.stringContaining('is cancelled'),
    });
  });
});

describe('G-11: whatever a task throws', () => {
  const cyclic = () => {
    const error: Error & { self?: unknown } = new Error('cyclic');
    error.self = error;
    error.cause = error;
    return error;
  };
  it.each([
    ['undefined', () => undefined, /undefined was thrown/],
    ['null', () => null, /null was thrown/],
    ['a text', () => 'plain text', /plain text/],
    ['a number', () => 42, /number was thrown/],
    ['an error that contains itself', cyclic, /cyclic/],
    [
      'several errors',
      () => new AggregateError([new Error('one'), new Error('two')], 'both'),
      /both; one; two/,
    ],
    [
      'an error whose message cannot be read',
      () =>
        new (class extends Error {
          override get message(): string {
            throw new Error('gotcha');
          }
        })(),
      /cannot be read/,
    ],
  ])(
    '%s: the run fails with a text somebody can use, and the process lives',
    async (_text, thrown, message) => {
      const deeds = createDeeds();
      const workflow = defineWorkflow({
        name: 'thrower',
        version: 1,
        input,
        steps: (w) =>
          w.task('throw', deeds.task('throw', { run: () => Promise.reject(thrown() as Error) }), {
            input: w.input,
          }),
      });
      const { engine } = await openBench({ workflows: [workflow] });

      const run = await engine.start(workflow, {});

      await expect(run.result()).rejects.toThrow(message);
      expect(await engine.verify(run.runId)).toMatchObject({ fault: null });
    },
  );
});
