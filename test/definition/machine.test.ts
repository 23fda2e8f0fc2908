import { describe, expect, it } from 'vitest';
import { type AnyActorRef, createActor, SimulatedClock, StateMachine, waitFor } from 'xstate';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import {
  createOrchestrator,
  defineEvent,
  defineTask,
  defineWorkflow,
  forwardWorkflow,
  OutcomeUnknownError,
  PermanentError,
  TransientError,
  type Workflow,
} from '../../src/index.ts';
import { createDeeds } from '../support/deeds.ts';
import { createLogBook } from '../support/log-book.ts';
import { incidentResponse } from './support/incident-response.ts';

const second = 1_000;
const day = 24 * 60 * 60 * second;
const alert = { device: 'router-1', level: 'critical' };
const approval = {
  type: 'approval.decided',
  outcome: 'approved',
  decider: { actor: 'ann' },
  form: { reason: 'looks right' },
};

describe('the machine of a workflow', () => {
  it('is an XState machine with the states of the lifecycle', () => {
    const { machine } = incidentResponse;

    expect(machine).toBeInstanceOf(StateMachine);
    expect(machine.id).toBe('incident-response');
    expect(Object.keys(machine.states).toSorted(byText)).toEqual([
      'cancelled',
      'compensating',
      'complete',
      'failed',
      'pending',
      'processing',
      'waiting_review',
    ]);
    expect(incidentResponse.machine).toBe(machine);
  });

  it('begins by itself when its actor is started, and waits for the review', async () => {
    const actor = createActor(incidentResponse.machine, { input: alert });
    expect(actor.getSnapshot().value).toBe('pending');

    actor.start();

    expect(actor.getSnapshot().matches('processing')).toBe(true);
    const waiting = await waitFor(actor, (snapshot) => snapshot.hasTag('waiting_review'));
    expect(waiting.value).toEqual({ processing: { working: { approval: 'waiting_review' } } });
    expect(waiting.status).toBe('active');
  });

  it('approved runs the fix and yields the output of the run', async () => {
    const actor = await atReview();

    actor.send(approval);

    const done = await waitFor(actor, ({ status }) => status === 'done');
    expect(done.value).toBe('complete');
    expect(done.output).toMatch(/^[0-9a-f]{32}$/);
    expect(stepsOf(actor)).toMatchObject({
      automated_fix: { status: 'complete' },
      escalate: { status: 'skipped', reason: 'Escalation not required.' },
    });
  });

  it('rejected skips the fix with its reason, and escalates', async () => {
    const actor = await atReview();

    actor.send({ type: 'approval.decided', outcome: 'rejected', decider: { actor: 'ann' } });

    const done = await waitFor(actor, ({ status }) => status === 'done');
    expect(done.output).toBe('T-1');
    expect(stepsOf(actor)['automated_fix']).toEqual({
      status: 'skipped',
      reason: 'Action was not approved.',
    });
  });

  it.each([
    ['without a decider', { ...approval, decider: undefined }],
    ['with a decider that has no name', { ...approval, decider: { groups: ['leads'] } }],
    ['without the form', { ...approval, form: undefined }],
    ['with another form', { ...approval, form: { reason: 'ok', amount: 1 } }],
    ['without an outcome', { ...approval, outcome: undefined }],
    ['of another step', { ...approval, type: 'completion.decided' }],
  ])('takes no decision %s', async (_, event) => {
    const actor = await atReview();
    const before = actor.getSnapshot();

    actor.send(event);

    expect(actor.getSnapshot()).toBe(before);
  });

  it('takes no facts from outside', async () => {
    const actor = await atReview();

    actor.send({ ...approval, outcome: 'rejected', facts: { '?approved': true } });

    await waitFor(actor, ({ status }) => status === 'done');
    expect(stepsOf(actor)['automated_fix']).toMatchObject({ status: 'skipped' });
  });

  it('has a persisted snapshot of plain JSON, from which another actor goes on', async () => {
    const text = JSON.stringify((await atReview()).getPersistedSnapshot());
    const actor = createActor(incidentResponse.machine, { snapshot: JSON.parse(text) }).start();

    actor.send(approval);

    const done = await waitFor(actor, ({ status }) => status === 'done');
    expect(JSON.parse(JSON.stringify(actor.getPersistedSnapshot()))).toEqual(
      actor.getPersistedSnapshot(),
    );
    expect(done.output).toMatch(/^[0-9a-f]{32}$/);
  });

  it('expires a review after 24 hours of the actor’s clock', async () => {
    const clock = new SimulatedClock();
    const actor = await atReview(clock);

    clock.increment(day - 1);
    expect(actor.getSnapshot().hasTag('waiting_review')).toBe(true);
    clock.increment(1);

    expect((await waitFor(actor, ({ status }) => status === 'done')).output).toBe('T-1');
  });

  it('runs many actors that know nothing of each other', async () => {
    const actors = await Promise.all([atReview(), atReview()]);

    actors[0].send(approval);

    await waitFor(actors[0], ({ status }) => status === 'done');
    expect(actors[1].getSnapshot().hasTag('waiting_review')).toBe(true);
  });

  it.each([undefined, { device: 7 }, 'text', { __proto__: null }])(
    'started with the input %j is a failed run that says why, and ends nothing',
    (input) => {
      const actor = createActor(incidentResponse.machine, { input }).start();

      expect(actor.getSnapshot().value).toBe('failed');
      expect(actor.getSnapshot().context.failure).toMatchObject({
        name: 'InputInvalid',
        message: expect.stringMatching(/^Input of workflow "incident-response": /),
      });
    },
  );
});

describe('tasks in memory', () => {
  it('are retried by the policy, on the actor’s clock', async () => {
    const clock = new SimulatedClock();
    const deeds = createDeeds();
    const flaky = deeds.task('flaky', {
      retry: { maxAttempts: 3, backoff: { kind: 'exponential', initial: '1s', jitter: 'full' } },
      run({ attempt }) {
        if (attempt < 3) throw new TransientError('busy');
        return 'at last';
      },
    });
    const actor = started(single(flaky), null, clock);
    const attempts: number[] = [];
    for (const wait of [0, 999, 1, 1_999, 1]) {
      clock.increment(wait);
      await rest();
      attempts.push(deeds.names.length);
    }

    expect(attempts).toEqual([1, 1, 2, 2, 3]);
    expect(actor.getSnapshot().output).toBe('at last');
    expect(new Set(deeds.all.map(({ key }) => key)).size).toBe(1);
    expect(deeds.all.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('wait as long as a service asks, also beyond what one timer takes', async () => {
    const clock = new SimulatedClock();
    const deeds = createDeeds();
    const limited = deeds.task('limited', {
      retry: { maxAttempts: 2 },
      run({ attempt }) {
        if (attempt === 1) throw new TransientError('later', { retryAfterMs: 60 * day });
        return 'done';
      },
    });
    const actor = started(single(limited), null, clock);
    await rest();

    passTime(clock, 60 * day - 1);
    await rest();
    expect(deeds.names).toHaveLength(1);
    clock.increment(1);
    await rest();

    expect(actor.getSnapshot().value).toBe('complete');
  });

  it('are cut off after their time limit, and their late answer is ignored', async () => {
    const clock = new SimulatedClock();
    const late = Promise.withResolvers<string>();
    const signals: AbortSignal[] = [];
    const slow = createDeeds().task('slow', {
      timeout: '5s',
      run({ signal }) {
        signals.push(signal);
        return late.promise;
      },
    });
    const actor = started(single(slow), null, clock);
    await rest();

    clock.increment(5 * second);
    await rest();
    late.resolve('too late');
    await rest();

    expect(signals[0]?.aborted).toBe(true);
    expect(actor.getSnapshot().value).toBe('failed');
    expect(actor.getSnapshot().context.failure).toMatchObject({ name: 'AttemptTimeout' });
  });

  it('that are in time leave no timer behind', async () => {
    const clock = new SimulatedClock();
    const quick = createDeeds().task('quick', { timeout: '5s' });
    const actor = started(single(quick), null, clock);
    await waitFor(actor, ({ status }) => status === 'done');

    expect(() => clock.increment(10 * second)).not.toThrow();
    expect(actor.getSnapshot().value).toBe('complete');
  });

  it('are held to the limit of their step over all attempts', async () => {
    const clock = new SimulatedClock();
    const busy = createDeeds().task('busy', {
      retry: { maxAttempts: 100, backoff: { kind: 'fixed', initial: '2s' } },
      run() {
        throw new TransientError('busy');
      },
    });
    const workflow = defineWorkflow({
      ...base,
      steps: (w) => w.task('call', busy, { input: w.input, within: '5s' }),
    });
    const actor = started(workflow, null, clock);
    for (let elapsed = 0; elapsed < 5; elapsed += 1) {
      await rest();
      clock.increment(second);
    }
    await rest();

    expect(actor.getSnapshot().context.failure).toMatchObject({ name: 'StepTimedOut' });
  });

  it('hand on to their fallback', async () => {
    const deeds = createDeeds();
    const broken = deeds.task('broken', {
      run() {
        throw new PermanentError('no');
      },
    });
    const workflow = defineWorkflow({
      ...base,
      steps: (w) => w.task('call', broken, { input: w.input, fallback: deeds.task('spare') }),
    });

    expect((await ended(started(workflow, 'x'))).output).toBe('spare done');
    expect(deeds.names).toEqual(['broken', 'spare']);
  });

  it.each(['any', ['full']] as const)('tolerate %j', async (tolerate) => {
    const seat = defineTask({
      name: 'seat',
      input: z.unknown(),
      output: z.string(),
      failures: { full: z.object({ seats: z.number() }) },
      compensate: 'none',
      run: async ({ fail }) => fail('full', { seats: 0 }),
    });
    const workflow = defineWorkflow({
      ...base,
      steps: (w) => w.task('call', seat, { input: w.input, tolerate }),
    });

    expect((await ended(started(workflow, 'x'))).output).toMatchObject(
      tolerate === 'any' ? { status: 'failed' } : { status: 'full', detail: { seats: 0 } },
    );
  });

  it('without a verdict ask a person, who gives the result', async () => {
    const unsafe = createDeeds().task('unsafe', {
      repeat: 'unsafe',
      run() {
        throw new OutcomeUnknownError('the answer was lost');
      },
    });
    const actor = started(single(unsafe), null);
    await waitFor(actor, (snapshot) => snapshot.hasTag('waiting_review'));

    actor.send({ type: 'only.happened', decider: { actor: 'ann' }, output: 'it did' });

    expect((await ended(actor)).output).toBe('it did');
  });

  it('see what codecs make of stored values', async () => {
    const date = z.codec(z.string(), z.date(), {
      decode: (text) => new Date(text),
      encode: (value) => value.toISOString(),
    });
    const make = defineTask({
      name: 'make',
      input: z.unknown(),
      output: z.object({ at: date }),
      compensate: 'none',
      run: async () => ({ at: '2026-01-01T00:00:00.000Z' }),
    });
    const read = defineTask({
      name: 'read',
      input: z.object({ at: z.date() }),
      output: z.number(),
      compensate: 'none',
      run: async ({ input }) => input.at.getUTCFullYear(),
    });
    const workflow = defineWorkflow({
      ...base,
      steps: (w) => w.task('read', read, { input: w.task('make', make, { input: w.input }) }),
    });

    expect((await ended(started(workflow, 'x'))).output).toBe(2026);
  });
});

describe('failure in memory', () => {
  it('undoes what was done in reverse order of completion, each undo with its retries', async () => {
    const clock = new SimulatedClock();
    const deeds = createDeeds();
    let undone = 0;
    const workflow = defineWorkflow({
      ...base,
      steps(w) {
        const a = w.task('a', deeds.task('a'), { input: w.input });
        const b = w.task(
          'b',
          deeds.task('b', {
            undoRetry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '1s' } },
            compensate() {
              undone += 1;
              if (undone === 1) throw new TransientError('busy');
            },
          }),
          { input: a },
        );
        const c = w.task('c', deeds.task('c', { compensate: 'none' }), { input: b });
        return w.task('d', deeds.task('d', { run: () => Promise.reject(new Error('no')) }), {
          input: c,
        });
      },
    });
    const actor = started(workflow, 'x', clock);
    await waitFor(actor, (snapshot) => snapshot.matches({ compensating: 'backing_off' }));
    clock.increment(second);

    await waitFor(actor, (snapshot) => snapshot.matches('failed'));
    expect(deeds.names).toEqual(['a', 'b', 'c', 'd', 'undo b', 'undo b', 'undo a']);
    expect(deeds.of('undo a')[0]).toMatchObject({ input: 'x', output: 'a done' });
    expect(actor.getSnapshot().context).toMatchObject({
      failure: { step: 'd', message: 'no' },
      undo: { position: 2, failed: 0 },
    });
  });

  it('of a predicate is named, and nothing more is begun', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      ...base,
      steps(w) {
        const a = w.task('a', deeds.task('a'), { input: w.input });
        const bad = w.is(a, 'is bad', () => {
          throw new Error('boom');
        });
        w.task('b', deeds.task('b'), { input: a, when: bad });
        return w.task('c', deeds.task('c'), { input: a });
      },
    });

    const actor = started(workflow, 'x');

    await waitFor(actor, (snapshot) => snapshot.matches('failed'));
    expect(actor.getSnapshot().context.failure).toMatchObject({ step: '?is bad', message: 'boom' });
    expect(deeds.names).toEqual(['a', 'undo a']);
  });

  it('of a mapper of the input is named at the start', () => {
    const workflow = defineWorkflow({
      ...base,
      steps: (w) =>
        w.derive('made', w.input, (): string => {
          throw new Error('boom');
        }),
    });

    expect(started(workflow, 'x').getSnapshot().context.failure).toMatchObject({ step: 'made' });
  });

  it('kept is retried where it failed, without doing anything twice', async () => {
    const deeds = createDeeds();
    let isBroken = true;
    const workflow = defineWorkflow({
      ...base,
      onFailure: 'keep',
      steps(w) {
        const a = w.task('a', deeds.task('a'), { input: w.input });
        const look = w.review('look', { show: a });
        return w.task(
          'b',
          deeds.task('b', { run: () => (isBroken ? Promise.reject(new Error('no')) : 'ok') }),
          { input: look },
        );
      },
    });
    const actor = started(workflow, 'x');
    await waitFor(actor, (snapshot) => snapshot.hasTag('waiting_review'));
    actor.send({ type: 'look.decided', outcome: 'approved', decider: { actor: 'ann' } });
    await waitFor(actor, (snapshot) => snapshot.matches('failed'));

    isBroken = false;
    actor.send({ type: 'run.retried' });

    expect((await ended(actor)).output).toBe('ok');
    expect(deeds.names).toEqual(['a', 'b', 'b']);
  });

  it('undone is retried afresh, with keys of its own', async () => {
    const deeds = createDeeds();
    let isBroken = true;
    const workflow = defineWorkflow({
      ...base,
      steps(w) {
        const a = w.task('a', deeds.task('a'), { input: w.input });
        return w.task(
          'b',
          deeds.task('b', { run: () => (isBroken ? Promise.reject(new Error('no')) : 'ok') }),
          { input: a },
        );
      },
    });
    const actor = started(workflow, 'x');
    await waitFor(actor, (snapshot) => snapshot.matches('failed'));

    isBroken = false;
    actor.send({ type: 'run.retried' });

    await ended(actor);
    expect(deeds.names).toEqual(['a', 'b', 'undo a', 'a', 'b']);
    expect(new Set(deeds.of('a').map(({ key }) => key)).size).toBe(2);
  });

  it('is told to onFailed', async () => {
    const told = Promise.withResolvers<unknown>();
    const tell = createDeeds().task('tell', {
      compensate: 'none',
      run({ input }) {
        told.resolve(input);
        return null;
      },
    });
    const workflow = defineWorkflow({
      ...base,
      onFailed: tell,
      steps: (w) => w.fail('no', 'Not today'),
    });

    started(workflow, 'x');

    expect(await told.promise).toMatchObject({
      input: 'x',
      failure: { message: 'Not today' },
      compensation: 'nothing',
    });
  });
});

describe('waiting in memory', () => {
  const paid = defineEvent({ name: 'order.paid', payload: z.object({ amount: z.number() }) });

  it('ends when the event of the step comes, checked by its schema', async () => {
    const workflow = defineWorkflow({
      ...base,
      steps: (w) => w.waitFor('payment', paid, { within: '1h' }).$.amount,
    });
    const actor = started(workflow, 'x');
    const wrong = started(workflow, 'x');

    actor.send({ type: 'payment.received', payload: { amount: 7 } });
    wrong.send({ type: 'payment.received', payload: { amount: 'seven' } });

    expect(actor.getSnapshot().output).toBe(7);
    expect(wrong.getSnapshot().context.failure).toMatchObject({
      step: 'payment',
      message: expect.stringContaining('amount'),
    });
  });

  it('ends with its time limit', () => {
    const clock = new SimulatedClock();
    const workflow = defineWorkflow({
      ...base,
      steps: (w) => w.waitFor('payment', paid, { within: '1h', onTimeout: 'continue' }),
    });
    const actor = started(workflow, 'x', clock);

    clock.increment(3600 * second);

    expect(actor.getSnapshot().output).toEqual({ status: 'timed_out' });
  });

  it('sleeps, also longer than one timer takes', () => {
    const clock = new SimulatedClock();
    const workflow = defineWorkflow({
      ...base,
      steps(w) {
        const nap = w.sleep('nap', { for: '100d' });
        const rested = w.derive('rested', nap, () => 'rested');
        return rested;
      },
    });
    const actor = started(workflow, 'x', clock);

    passTime(clock, 100 * day - 1);
    expect(actor.getSnapshot().value).not.toBe('complete');
    clock.increment(1);

    expect(actor.getSnapshot().output).toBe('rested');
  });

  it('has a time limit of the run', () => {
    const clock = new SimulatedClock();
    const workflow = defineWorkflow({
      ...base,
      timeout: '1h',
      steps: (w) => w.waitFor('payment', paid),
    });
    const actor = started(workflow, 'x', clock);

    clock.increment(3600 * second);

    expect(actor.getSnapshot().context.failure).toMatchObject({ name: 'RunTimedOut' });
  });

  it('is over when the run is cancelled', () => {
    const workflow = defineWorkflow({ ...base, steps: (w) => w.waitFor('payment', paid) });
    const actor = started(workflow, 'x');

    actor.send({ type: 'run.cancelled', reason: 'changed my mind' });

    expect(actor.getSnapshot()).toMatchObject({
      value: 'cancelled',
      status: 'done',
      output: undefined,
    });
  });

  it('asks a person at the end, by the rules of the plan', async () => {
    const workflow = defineWorkflow({
      ...base,
      steps(w) {
        const a = w.task('a', createDeeds().task('a'), { input: w.input });
        return w.finish(a, { approve: 'person', assignTo: ['leads', 'bob'] });
      },
    });
    const actor = started(workflow, 'x');
    await waitFor(actor, (snapshot) => snapshot.matches('waiting_review'));
    const decide = (decider: object) =>
      actor.send({ type: 'completion.decided', outcome: 'approved', decider });

    decide({ actor: 'ann' });
    decide({ actor: 'ann', assignees: null });
    expect(actor.getSnapshot().value).toEqual({ waiting_review: 'person' });
    decide({ actor: 'ann', groups: ['leads'] });

    expect(actor.getSnapshot().output).toBe('a done');
  });

  it('emits events to whoever listens to the actor', async () => {
    const heard: unknown[] = [];
    const workflow = defineWorkflow({
      ...base,
      steps(w) {
        w.emit('announce', paid, { payload: { amount: 3 } });
        return w.derive('x', w.input, (input) => input);
      },
    });
    const actor = createActor(workflow.machine, { input: 'x' });
    actor.on('order.paid', (event) => heard.push(event));

    actor.start();

    expect(heard).toEqual([{ type: 'order.paid', payload: { amount: 3 } }]);
    expect(actor.getSnapshot().output).toBe('x');
  });
});

describe('values in memory', () => {
  it('follow derives, choices, context and milestones', async () => {
    const workflow = defineWorkflow({
      name: 'values',
      version: 1,
      input: z.object({ kind: z.enum(['book', 'toy']), amount: z.number() }),
      context: { total: { schema: z.number(), initial: 1, reduce: 'sum' } },
      steps(w) {
        const doubled = w.derive('doubled', w.input.$.amount, (amount) => amount * 2);
        w.update('total', doubled);
        w.milestone('counted');
        const route = w.choose('route', w.input, 'kind', {
          book: () => w.derive('shelf', doubled, (amount) => `shelf ${amount}`),
          toy: () => w.derive('box', doubled, (amount) => `box ${amount}`),
        });
        return w.derive(
          'all',
          { route, total: w.context.total },
          ({ route: to, total }) => `${to} of ${total}`,
        );
      },
    });
    const actor = started(workflow, { kind: 'toy', amount: 4 });

    expect((await ended(actor)).output).toMatch(/^box 8 of \d$/);
    expect(actor.getSnapshot().context.memory).toMatchObject({
      data: { total: 9 },
      milestones: ['counted'],
    });
  });

  it('of a map come in order, with no more items at once than allowed', async () => {
    let running = 0;
    let most = 0;
    const deeds = createDeeds();
    const work = deeds.task('work', {
      async run({ input }) {
        running += 1;
        most = Math.max(most, running);
        await rest();
        running -= 1;
        return Number(input) * 10;
      },
    });
    const workflow = defineWorkflow({
      name: 'mapped',
      version: 1,
      input: z.array(z.number()),
      steps: (w) =>
        w.map('each', w.input, { concurrency: 3 }, (item) => {
          const worked = w.task('work', work, { input: item });
          return w.derive('sum', { worked, item }, ({ worked: a, item: b }) => Number(a) + b);
        }),
    });

    expect((await ended(started(workflow, [1, 2, 3, 4, 5, 6, 7]))).output).toEqual([
      11, 22, 33, 44, 55, 66, 77,
    ]);
    expect(most).toBe(3);
    expect((await ended(started(workflow, []))).output).toEqual([]);
  });

  it('of a map whose item fails names the item and undoes the others, newest first', async () => {
    const deeds = createDeeds();
    const work = deeds.task('work', {
      run: ({ input }) => (input === 3 ? Promise.reject(new Error('three')) : input),
    });
    const workflow = (onItemFailure: 'fail' | 'collect') =>
      defineWorkflow({
        name: 'mapped',
        version: 1,
        input: z.array(z.number()),
        steps: (w) =>
          w.map('each', w.input, { concurrency: 1, onItemFailure }, (item) =>
            w.task('work', work, { input: item }),
          ),
      });
    const failing = started(workflow('fail'), [1, 2, 3, 4]);

    await waitFor(failing, (snapshot) => snapshot.matches('failed'));
    expect(failing.getSnapshot().context.failure.message).toBe('Item 2: three');
    expect(deeds.all.map(({ what, input }) => `${what} ${String(input)}`)).toEqual([
      'work 1',
      'work 2',
      'work 3',
      'undo work 2',
      'undo work 1',
    ]);
    expect((await ended(started(workflow('collect'), [1, 3]))).output).toMatchObject({
      complete: [{ index: 0, item: 1, value: 1 }],
      failed: [{ index: 1, item: 3, failure: { message: 'three', attempts: 1 } }],
    });
  });

  it('of a child come to its parent, and what it did is undone by the parent', async () => {
    const deeds = createDeeds();
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: z.string(),
      steps: (w) => {
        const a = w.task('a', deeds.task('child-a'), { input: w.input });
        return w.task('b', deeds.task('child-b'), { input: a });
      },
    });
    const parent = (isBroken: boolean) =>
      defineWorkflow({
        ...base,
        steps(w) {
          const first = w.task('first', deeds.task('first'), { input: w.input });
          const sub = w.child('sub', child, { input: 'from above', after: [first] });
          return w.task(
            'last',
            deeds.task('last', {
              run: ({ input }) => (isBroken ? Promise.reject(new Error('no')) : input),
            }),
            { input: sub },
          );
        },
      });

    expect((await ended(started(parent(false), 'x'))).output).toBe('child-b done');
    const broken = started(parent(true), 'x');
    await waitFor(broken, (snapshot) => snapshot.matches('failed'));

    expect(deeds.names.slice(4)).toEqual([
      'first',
      'child-a',
      'child-b',
      'last',
      'undo child-b',
      'undo child-a',
      'undo first',
    ]);
  });

  it('of a child that fails fail the parent, or are tolerated', async () => {
    const child = defineWorkflow({
      ...base,
      name: 'child',
      steps: (w) => w.fail('no', 'Not today'),
    });
    const parent = (tolerate: 'any' | undefined) =>
      defineWorkflow({
        ...base,
        steps: (w) =>
          w.child('sub', child, { input: 'x', ...(tolerate === undefined ? {} : { tolerate }) }),
      });

    const failing = started(parent(undefined), 'x');
    await waitFor(failing, (snapshot) => snapshot.matches('failed'));
    expect(failing.getSnapshot().context.failure).toMatchObject({
      step: 'sub',
      message: 'Not today',
    });
    expect((await ended(started(parent('any'), 'x'))).output).toMatchObject({
      status: 'failed',
      failure: { message: 'Not today' },
      compensation: 'nothing',
    });
  });

  it('of workflows that call themselves end', async () => {
    const Node = z.object({ depth: z.number() });
    const tree: Workflow<z.input<typeof Node>, number> = defineWorkflow({
      name: 'tree',
      version: 1,
      input: Node,
      steps(w) {
        const isLeaf = w.is(w.input.$.depth, 'is leaf', (depth) => depth === 0);
        const below = w.derive('below', w.input.$.depth, (depth) => ({ depth: depth - 1 }));
        const again = forwardWorkflow<z.input<typeof Node>, number>({
          name: 'tree',
          version: 1,
          workflow: () => tree,
        });
        const sub = w.child('sub', again, { input: below, when: w.not(isLeaf) });
        return w.derive('depth', sub, (depth) => (depth ?? 0) + 1);
      },
    });

    expect((await ended(started(tree, { depth: 4 }))).output).toBe(5);
  });

  it('of a child waiting for a review are restored with it', async () => {
    const child = defineWorkflow({ ...base, name: 'child', steps: (w) => w.review('look') });
    const parent = defineWorkflow({
      ...base,
      steps: (w) => w.child('sub', child, { input: 'x' }).$.outcome,
    });
    const first = started(parent, 'x');
    const actor = createActor(parent.machine, {
      snapshot: JSON.parse(JSON.stringify(first.getPersistedSnapshot())),
    }).start();

    const [sub] = Object.values(actor.getSnapshot().children) as AnyActorRef[];
    sub?.send({ type: 'look.decided', outcome: 'approved', decider: { actor: 'ann' } });

    expect((await ended(actor)).output).toBe('approved');
  });
});

describe('the machine and the engine', () => {
  it('come to the same end', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'both',
      version: 1,
      input: z.object({ amount: z.number() }),
      steps(w) {
        const isBig = w.is(w.input.$.amount, 'amount >= 1000', (amount) => amount >= 1000, {
          otherwise: 'small',
        });
        const isHuge = w.is(w.input.$.amount, 'amount >= 5000', (amount) => amount >= 5000);
        const a = w.task('a', deeds.task('a'), { input: w.input });
        const b = w.task('b', deeds.task('b'), { input: w.input, when: isBig });
        const c = w.when(
          'route',
          isBig,
          () => w.derive('big', a, () => 'big'),
          () => w.derive('small', a, () => 'small'),
        );
        w.fail('too_much', 'Too much', { when: isHuge, after: [a, b] });
        return w.derive('all', { a, b, c }, (all) => all);
      },
    });
    const engine = await createOrchestrator({
      workflows: [workflow],
      store: createMemoryStore(),
      logger: createLogBook().logger,
    });

    for (const amount of [1, 1000, 9000]) {
      const run = await engine.start(workflow, { amount });
      const view = await engine.drive(run.runId, 'finished');
      const actor = started(workflow, { amount });
      const snapshot = await waitFor(
        actor,
        ({ value }) => value === 'complete' || value === 'failed',
      );

      expect(snapshot.value).toBe(view.status);
      if (view.status === 'complete') expect(snapshot.output).toEqual(await run.result());
      else expect(view.outcome?.failure?.message).toContain(snapshot.context.failure.message);
    }
    await engine.close();
  });
});

const base = { name: 'flow', version: 1, input: z.unknown() };

function single(task: ReturnType<ReturnType<typeof createDeeds>['task']>) {
  return defineWorkflow({ ...base, steps: (w) => w.task('only', task, { input: w.input }) });
}

type Started = ReturnType<typeof started>;

function started(
  { machine }: Pick<Workflow<never, unknown>, 'machine'>,
  input: unknown,
  clock?: SimulatedClock,
) {
  return createActor(machine, { input, ...(clock === undefined ? {} : { clock }) }).start();
}

async function atReview(clock?: SimulatedClock): Promise<Started> {
  const actor = started(incidentResponse, alert, clock);
  await waitFor(actor, (snapshot) => snapshot.hasTag('waiting_review'));
  return actor;
}

function ended(actor: Started) {
  return waitFor(actor, ({ status }) => status === 'done', { timeout: 5_000 });
}

function stepsOf(actor: Started): Readonly<Record<string, unknown>> {
  return actor.getSnapshot().context.memory.steps;
}

/** Lets handlers that wait for nothing come to their end. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** As a clock passes it: no timer fires late. */
function passTime(clock: SimulatedClock, ms: number): void {
  for (let left = ms; left > 0; left -= 2 ** 31 - 1) clock.increment(Math.min(left, 2 ** 31 - 1));
}
