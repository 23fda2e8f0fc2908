import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow, type Store } from '../../../src/index.ts';
import { aGate, createDeeds, type Deeds } from '../../support/deeds.ts';
import { day, eventsOf, hour, minute, openBench } from '../../support/engine-bench.ts';

const input = z.object({ amount: z.number() });

/** Waits for a person, then ships. */
function order(
  deeds: Deeds,
  options: { version?: number; more?: boolean; shipping?: string } = {},
) {
  const { version = 1, more = false, shipping = 'ship' } = options;
  return defineWorkflow({
    name: 'order',
    version,
    input,
    steps(w) {
      const packed = w.task('pack', deeds.task('pack'), { input: w.input });
      const checked = more ? w.task('check', deeds.task('check'), { input: packed }) : packed;
      const review = w.review('approval', { show: checked, expires: '1d' });
      const isApproved = w.is(review, 'approved', ({ outcome }) => outcome === 'approved');
      return w.task('ship', deeds.task(shipping), { input: checked, when: isApproved });
    },
  });
}

const other = defineWorkflow({
  name: 'other',
  version: 1,
  input,
  steps: (w) => w.derive('d', w.input, ({ amount }) => amount),
});

async function waiting() {
  const deeds = createDeeds();
  const bench = await openBench({ workflows: [order(deeds), other] });
  const { runId } = await bench.engine.start('order', { amount: 5 });
  await bench.engine.drive(runId);
  return { bench, deeds, runId, clock: bench.clock };
}

const approval = { outcome: 'approved', actor: 'ann' } as const;

describe('I-04: the workflow of a run is missing at the start', () => {
  it('its runs wait for the definition and say so; others run', async () => {
    const { bench, runId } = await waiting();

    const engine = await bench.crash({ workflows: [other] });

    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      waitingOn: expect.arrayContaining([
        expect.objectContaining({
          kind: 'definition',
          what: expect.stringContaining('not registered'),
        }),
      ]),
    });
    expect(await (await engine.start(other, { amount: 3 })).result()).toBe(3);
    expect((await engine.list()).runs).toHaveLength(2);
  });

  it('a decision is refused as long, and nothing changes', async () => {
    const { bench, runId } = await waiting();
    const engine = await bench.crash({ workflows: [other] });
    const before = await engine.history(runId);

    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'DEFINITION_MISSING',
      message: expect.stringContaining('no workflow "order" is registered'),
      hint: expect.stringContaining('the run waits meanwhile'),
    });

    expect(await engine.history(runId)).toEqual(before);
  });

  it('a deadline that passes meanwhile takes effect when the definition is back', async () => {
    const { bench, deeds, runId, clock } = await waiting();
    await bench.crash({ workflows: [other] });
    clock.jump(2 * day);
    await clock.advance(minute);
    expect(await bench.engine.get(runId)).toMatchObject({ status: 'processing' });

    const engine = await bench.crash({ workflows: [order(deeds), other] });

    expect(await engine.drive(runId, 'finished')).toMatchObject({ status: 'complete' });
    expect(await eventsOf(engine, runId)).toEqual(
      expect.arrayContaining(['approval.expired', 'ship.skipped']),
    );
  });

  it('an attempt that was running is taken up when the definition is back', async () => {
    const deeds = createDeeds();
    const gate = aGate<unknown>();
    const slow = (run: () => unknown) =>
      defineWorkflow({
        name: 'slow',
        version: 1,
        input,
        steps: (w) => w.task('call', deeds.task('call', { run }), { input: w.input }),
      });
    const bench = await openBench({ workflows: [slow(() => gate.pass())] });
    const { runId } = await bench.engine.start('slow', { amount: 1 });
    await gate.reached;
    await bench.crash({ workflows: [other] });
    await bench.clock.advance(hour);
    expect(deeds.names).toEqual(['call']);

    const engine = await bench.crash({ workflows: [slow(() => 'done')] });

    expect(await engine.result(runId)).toBe('done');
    expect(deeds.names).toEqual(['call', 'call']);
  });
});

describe('I-03: the definition has changed while a run waits', () => {
  it('a step inserted before: the run goes on by the plan it started with, new runs by the new one', async () => {
    const { bench, deeds, runId } = await waiting();

    const engine = await bench.crash({
      workflows: [order(deeds, { version: 2, more: true }), other],
    });
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
    const next = await engine.start('order', { amount: 6 });
    await engine.drive(next.runId);
    expect(deeds.names).toEqual(['pack', 'ship', 'pack', 'check']);
    expect(await engine.get(runId)).toMatchObject({ version: 1 });
    expect(await engine.get(next.runId)).toMatchObject({ version: 2 });
  });

  it('both versions may be registered side by side', async () => {
    const { bench, deeds, runId } = await waiting();

    const engine = await bench.crash({
      workflows: [order(deeds), order(deeds, { version: 2, more: true })],
    });
    const next = await engine.start('order', { amount: 6 });
    await engine.drive(next.runId);
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
    expect(await engine.get(next.runId)).toMatchObject({ version: 2 });
  });

  it('the structure changed without a new version: still the plan the run started with', async () => {
    const { bench, deeds, runId } = await waiting();

    const engine = await bench.crash({ workflows: [order(deeds, { more: true }), other] });
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
  });

  it('a task removed or renamed: the run waits and names it, others run, the process lives', async () => {
    const { bench, deeds, runId, clock } = await waiting();

    const engine = await bench.crash({
      workflows: [order(deeds, { version: 2, shipping: 'ship-by-air' }), other],
    });
    await clock.advance(hour);

    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'DEFINITION_MISSING',
      message: expect.stringContaining('task "ship"'),
    });
    expect(await engine.get(runId)).toMatchObject({ status: 'processing' });
    expect(deeds.names).toEqual(['pack']);
    expect(await (await engine.start(other, { amount: 3 })).result()).toBe(3);
  });

  it('the task is back: the run goes on', async () => {
    const { bench, deeds, runId } = await waiting();
    await bench.crash({ workflows: [order(deeds, { version: 2, shipping: 'ship-by-air' })] });

    const engine = await bench.crash({ workflows: [order(deeds)] });
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
  });

  it.each([
    ['a condition', (w: never) => without(w, 'condition'), /predicate "big"/],
    ['a derived value', (w: never) => without(w, 'derive'), /mapper "half"/],
    ['a review with its form', (w: never) => without(w, 'form'), /form of review "approval"/],
    ['an event', (w: never) => without(w, 'event'), /event "paid"/],
  ] as const)('%s removed: the run waits and names it', async (_text, declare, message) => {
    const parts = (version: number, steps: (w: never) => unknown) =>
      defineWorkflow({ name: 'parts', version, input, steps: (w) => steps(w as never) as never });
    const bench = await openBench({ workflows: [parts(1, (w) => without(w, 'nothing'))] });
    const { runId } = await bench.engine.start('parts', { amount: 5 });
    await bench.engine.drive(runId);

    const engine = await bench.crash({ workflows: [parts(2, declare)] });

    await expect(engine.decide(runId, 'gate', approval)).rejects.toMatchObject({
      code: 'DEFINITION_MISSING',
      message: expect.stringMatching(message),
    });
    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      waitingOn: [
        { kind: 'review', step: 'gate' },
        { kind: 'definition', what: expect.stringMatching(message) },
      ],
    });
  });

  it('the schema of a task narrowed: the run fails at that task with the path, never by another branch', async () => {
    const ship = (schema: z.ZodType) =>
      defineTask({
        name: 'ship',
        input: z.object({ amount: schema }),
        compensate: 'none',
        run: async () => {},
      });
    const shipping = (schema: z.ZodType) =>
      defineWorkflow({
        name: 'shipping',
        version: 1,
        input: z.object({ amount: z.unknown() }),
        steps(w) {
          const gate = w.review('gate');
          return w.task('ship', ship(schema), {
            input: { amount: w.input.$.amount },
            after: [gate],
          });
        },
      });
    const bench = await openBench({ workflows: [shipping(z.unknown())] });
    const { runId } = await bench.engine.start('shipping', { amount: 'five' });
    await bench.engine.drive(runId);

    const engine = await bench.crash({ workflows: [shipping(z.number())] });
    await engine.decide(runId, 'gate', approval);

    await expect(engine.result(runId)).rejects.toThrow(
      /step 'ship': Input of task "ship" in step "ship" is invalid: amount/,
    );
  });
});

describe('a stored state that does not fit', () => {
  /** The store as it would be had somebody changed the body of the run. */
  function edited(
    inner: Store,
    runId: string,
    edit: (body: Record<string, unknown>) => void,
  ): Store {
    return new Proxy(inner, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (name !== 'load' || typeof value !== 'function')
          return typeof value === 'function' ? value.bind(target) : value;
        return async (id: string) => {
          const stored = await target.load(id);
          if (stored === null || id !== runId) return stored;
          const body = structuredClone(stored.state.body) as Record<string, unknown>;
          edit(body);
          return { ...stored, state: { ...stored.state, body } };
        };
      },
    });
  }

  async function reopened(edit: (body: Record<string, unknown>) => void) {
    const { bench, deeds, runId } = await waiting();
    bench.kill();
    const second_ = await openBench({
      workflows: [order(deeds), other],
      store: edited(bench.store, runId, edit),
      clock: bench.clock,
    });
    return { ...second_, bench: second_, runId, deeds, inner: bench.store };
  }

  it('I-03: a state the chart does not have is refused as PLAN_MISMATCH; others run, the process lives', async () => {
    const { engine, clock, runId, deeds } = await reopened((body) => {
      body['snapshot'] = {
        ...(body['snapshot'] as object),
        value: { processing: { working: { vanished: 'running' } } },
      };
    });
    clock.jump(2 * day);
    await clock.advance(minute);

    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'PLAN_MISMATCH',
      details: { runId, workflow: 'order', version: 1 },
    });
    expect(await (await engine.start(other, { amount: 3 })).result()).toBe(3);
    expect(deeds.names).toEqual(['pack']);
  });

  it('E-04: one that claims to be complete without its review is refused as well', async () => {
    const { engine, runId, deeds } = await reopened((body) => {
      body['snapshot'] = { ...(body['snapshot'] as object), value: 'approved_and_done' };
    });

    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'PLAN_MISMATCH',
    });
    expect(deeds.names).toEqual(['pack']);
  });

  it('I-02: a newer format is refused with both versions named, and nothing is written', async () => {
    const { engine, clock, runId, inner } = await reopened((body) => {
      body['format'] = 99;
    });
    const before = await inner.load(runId);
    clock.jump(2 * day);
    await clock.advance(minute);

    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'STORE_TOO_NEW',
      message: expect.stringMatching(/format 99; this version reads up to 2/),
      details: { format: 99, supported: 2 },
    });
    expect(await inner.load(runId)).toEqual(before);
  });

  it('one without a state is refused as damaged', async () => {
    const { engine, runId } = await reopened((body) => {
      delete body['snapshot'];
    });

    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'RUN_DAMAGED',
    });
  });

  it('and says once, not every half minute, that the run cannot go on here', async () => {
    const { clock, log, runId } = await reopened((body) => {
      body['format'] = 99;
    });

    clock.jump(2 * day);
    await clock.advance(10 * minute);

    expect(log.saying('cannot go on here').filter((line) => line['runId'] === runId)).toHaveLength(
      1,
    );
  });
});

describe('two workflows that call themselves the same', () => {
  it('in one version with different structures are refused at the start', async () => {
    const deeds = createDeeds();

    await expect(
      openBench({ workflows: [order(deeds), order(deeds, { more: true })] }),
    ).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: expect.stringContaining('Two different workflows are called "order" version 1'),
    });
  });

  it('an unknown one is refused with the names there are', async () => {
    const { engine } = await openBench({ workflows: [other] });

    await expect(engine.start('ordre', {})).rejects.toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
      message: expect.stringContaining('there are: other'),
    });
  });
});

interface W {
  input: { $: { amount: never } };
  review(id: string, options?: object): never;
  is(of: unknown, label: string, test: (value: number) => boolean): never;
  derive(id: string, from: unknown, compute: (value: number) => unknown): never;
  waitFor(id: string, event: object, options: object): never;
}

const paid = defineEvent({ name: 'paid', payload: z.object({}) });

/** A gate, and after it a step of every kind that needs code, but one. */
function without(
  given: never,
  what: 'nothing' | 'condition' | 'derive' | 'form' | 'event',
): unknown {
  const w = given as W;
  const gate = w.review('gate');
  const after = { after: [gate] };
  if (what !== 'condition') {
    const big = w.is(w.input.$.amount, 'big', (amount) => amount > 1);
    w.review('bigger', { ...after, when: big });
  }
  if (what !== 'derive') w.derive('half', w.input.$.amount, (amount) => amount / 2);
  if (what !== 'form') w.review('approval', { ...after, form: z.object({ why: z.string() }) });
  if (what !== 'event') w.waitFor('payment', paid, after);
  return gate;
}
