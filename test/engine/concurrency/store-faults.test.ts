import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow, PermanentError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { eventsOf, hour, minute, openBench, second, until } from '../../support/engine-bench.ts';
import { createFaultyStore } from '../../support/faulty-store.ts';

const input = z.object({ n: z.number().optional() });

/** One task, that waits for the gate if there is one. */
function working(gate?: { pass(): unknown }) {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'working',
    version: 1,
    input,
    steps(w) {
      const work = w.task('work', deeds.task('work', gate && { run: () => gate.pass() }), {
        input: w.input,
      });
      return w.task('last', deeds.task('last', { run: ({ input }) => input }), { input: work });
    },
  });
  return { deeds, workflow };
}

describe('commits that share a batch', () => {
  it('one start that cannot be written fails alone', async () => {
    const { deeds, workflow } = working();
    const faulty = createFaultyStore();
    faulty.poison = ({ header }) => JSON.stringify(header?.input) === '{"n":3}';
    const { engine } = await openBench({ workflows: [workflow], store: faulty.store });

    const starts = await Promise.allSettled(
      [0, 1, 2, 3, 4, 5].map((n) => engine.start(workflow, { n })),
    );

    expect(starts.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(starts[3]).toMatchObject({
      reason: {
        code: 'STORE_UNAVAILABLE',
        cause: expect.objectContaining({ message: 'constraint failed' }),
      },
    });
    for (const start of starts) if (start.status === 'fulfilled') await start.value.result();
    expect(deeds.of('work').map(({ input }) => input)).not.toContainEqual({ n: 3 });
    expect((await engine.list()).runs).toHaveLength(5);
  });

  it('one step that cannot be written for a while is written later, and not done again', async () => {
    const gate = aGate();
    const { deeds, workflow } = working(gate);
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
    const runs = await Promise.all([0, 1, 2].map((n) => engine.start(workflow, { n })));
    await until(() => deeds.of('work').length === 3);
    let isPoisoned = true;
    faulty.poison = (commit) => isPoisoned && commit.runId === runs[1]?.runId;

    gate.open();
    await clock.advance(second);
    expect(await engine.get(runs[0]?.runId ?? '')).toMatchObject({ status: 'complete' });
    expect(await engine.get(runs[1]?.runId ?? '')).toMatchObject({ status: 'processing' });
    expect(await engine.get(runs[2]?.runId ?? '')).toMatchObject({ status: 'complete' });
    isPoisoned = false;
    await clock.advance(minute);

    expect(await engine.get(runs[1]?.runId ?? '')).toMatchObject({ status: 'complete' });
    expect(deeds.of('work')).toHaveLength(3);
  });
});

describe('J-02: a store that is unavailable for a while', () => {
  it('acknowledges no start, and nothing of it is done', async () => {
    const { deeds, workflow } = working();
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
    faulty.outage = 2;

    const starts = [
      await engine.start(workflow, {}).catch((error: unknown) => error),
      await engine.start(workflow, {}, { key: 'k' }).catch((error: unknown) => error),
    ];
    await clock.advance(minute);

    expect(starts).toMatchObject([{ code: 'STORE_UNAVAILABLE' }, { code: 'STORE_UNAVAILABLE' }]);
    expect((await engine.list()).runs).toEqual([]);
    expect(deeds.names).toEqual([]);
    const again = await engine.start(workflow, {}, { key: 'k' });
    expect(again.created).toBe(true);
    await again.result();
    expect(deeds.names).toEqual(['work', 'last']);
  });

  it.each([1, 3, 8])(
    'writes the result in hand after %i refusals, does the task once and tells nobody before',
    async (refusals) => {
      const gate = aGate<string>();
      const { deeds, workflow } = working(gate);
      const faulty = createFaultyStore();
      const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
      const run = await engine.start(workflow, {});
      const told: string[] = [];
      engine.subscribe(({ entry }) => told.push(entry.event));
      await gate.reached;
      faulty.outage = refusals;

      gate.open('done');
      await clock.advance(1);
      const during = await engine.get(run.runId);
      const toldDuring = [...told];
      await clock.advance(5 * minute);

      expect(during).toMatchObject({ status: 'processing', waitingOn: [{ kind: 'attempt' }] });
      expect(toldDuring).toEqual([]);
      expect(faulty.refused).toBe(refusals);
      expect(await run.result()).toBe('done');
      expect(deeds.names).toEqual(['work', 'last']);
      expect(told.filter((event) => event === 'work.completed')).toHaveLength(1);
      expect(await engine.verify(run.runId)).toMatchObject({ fault: null });
    },
  );

  it('does not cut off the other steps of the run, nor do them twice', async () => {
    const deeds = createDeeds();
    const gates = [aGate<string>(), aGate<string>()];
    const workflow = defineWorkflow({
      name: 'forked',
      version: 1,
      input,
      steps(w) {
        const [a, b] = gates.map((gate, index) =>
          w.task(
            `branch${index}`,
            deeds.task(`branch${index}`, { repeat: 'unsafe', run: () => gate.pass() }),
            { input: w.input },
          ),
        );
        return w.derive('both', { a: a ?? null, b: b ?? null }, (both) => both);
      },
    });
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
    const run = await engine.start(workflow, {});
    await Promise.all(gates.map((gate) => gate.reached));
    faulty.outage = 3;

    gates[0]?.open('first');
    await clock.advance(minute);
    gates[1]?.open('second');
    await clock.advance(minute);

    expect(await run.result()).toEqual({ a: 'first', b: 'second' });
    expect(deeds.all).toHaveLength(2);
  });

  it('leaves a decision that could not be written undecided, and takes the next one', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'asked',
      version: 1,
      input,
      steps(w) {
        const look = w.review('look');
        return w.task('after', deeds.task('after', { run: ({ input }) => input }), { input: look });
      },
    });
    const faulty = createFaultyStore();
    const { engine } = await openBench({ workflows: [workflow], store: faulty.store });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    faulty.outage = 1;

    await expect(
      engine.decide(run.runId, 'look', { outcome: 'rejected', actor: 'ann' }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await engine.get(run.runId)).toMatchObject({ waitingOn: [{ kind: 'review' }] });
    await engine.decide(run.runId, 'look', { outcome: 'approved', actor: 'ben' });

    expect(await run.result()).toMatchObject({ outcome: 'approved', actor: 'ben' });
    expect(await eventsOf(engine, run.runId)).not.toContain('decision.refused');
  });

  it('fires a timer that came due meanwhile, once', async () => {
    const workflow = defineWorkflow({
      name: 'napping',
      version: 1,
      input,
      steps: (w) => w.sleep('nap', { for: '1h' }),
    });
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
    const run = await engine.start(workflow, {});
    faulty.outage = Number.POSITIVE_INFINITY;

    await clock.advance(hour + minute);
    const during = await engine.get(run.runId);
    faulty.outage = 0;
    await clock.advance(minute);

    expect(during).toMatchObject({ status: 'processing' });
    expect(await engine.get(run.runId)).toMatchObject({ status: 'complete' });
    expect((await eventsOf(engine, run.runId)).filter((event) => event === 'nap.fired')).toEqual([
      'nap.fired',
    ]);
    // Looked at again in good measure, not in a busy loop.
    expect(faulty.refused).toBeLessThan(1_000);
  });

  it('starts the child, and hands over its result, when the store is back', async () => {
    const deeds = createDeeds();
    const gate = aGate<string>();
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input,
      steps: (w) => w.task('work', deeds.task('work', { run: () => gate.pass() }), { input: {} }),
    });
    const parent = defineWorkflow({
      name: 'parent',
      version: 1,
      input,
      steps(w) {
        const sub = w.child('sub', child, { input: {} });
        return w.task('last', deeds.task('last'), { input: { sub } });
      },
    });
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [parent], store: faulty.store });
    faulty.poison = ({ header }) => header?.workflow === 'child';
    const run = await engine.start(parent, {});
    await clock.advance(second);
    expect((await engine.list({ parent: run.runId })).runs).toEqual([]);

    faulty.poison = () => false;
    await clock.advance(minute);
    expect((await engine.list({ parent: run.runId })).runs).toHaveLength(1);
    faulty.poison = ({ runId }) => runId === run.runId;
    gate.open('done');
    await clock.advance(minute);
    expect(await engine.get(run.runId)).toMatchObject({ status: 'processing' });
    faulty.poison = () => false;
    await clock.advance(minute);

    expect(await engine.get(run.runId)).toMatchObject({ status: 'complete' });
    expect(deeds.names).toEqual(['work', 'last']);
  });

  it('hands an event round to those that wait for it when the store is back', async () => {
    const paid = defineEvent({ name: 'paid', payload: z.object({ sum: z.number() }) });
    const workflow = defineWorkflow({
      name: 'waiting',
      version: 1,
      input,
      steps: (w) => w.waitFor('payment', paid),
    });
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    faulty.outage = 1;

    await engine.publish(paid, { sum: 3 });
    await clock.advance(minute);

    expect(await run.result()).toEqual({ sum: 3 });
  });

  it('does an undo once whose end could not be written at once', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const workflow = defineWorkflow({
      name: 'undone',
      version: 1,
      input,
      steps(w) {
        const first = w.task('first', deeds.task('first', { compensate: () => gate.pass() }), {
          input: w.input,
        });
        const breaks = () => Promise.reject(new PermanentError('broken'));
        return w.task('second', deeds.task('second', { run: breaks }), { input: first });
      },
    });
    const faulty = createFaultyStore();
    const { engine, clock } = await openBench({ workflows: [workflow], store: faulty.store });
    const run = await engine.start(workflow, {});
    await gate.reached;
    faulty.outage = 3;

    gate.open();
    await clock.advance(minute);

    expect(await engine.get(run.runId)).toMatchObject({
      status: 'failed',
      outcome: { undone: ['first'], compensation: 'complete' },
    });
    expect(deeds.of('undo first')).toHaveLength(1);
  });
});
