import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { aGate, createDeeds, type Deeds } from '../../support/deeds.ts';
import { hour, openBench } from '../../support/engine-bench.ts';

const input = z.object({});
const approved = { outcome: 'approved', actor: 'ann' } as const;

function order(
  deeds: Deeds,
  options: { version?: number; shipping?: string; pass?: () => unknown } = {},
) {
  const { version = 1, shipping = 'ship', pass } = options;
  return defineWorkflow({
    name: 'order',
    version,
    input,
    steps(w) {
      const pack = w.task('pack', deeds.task('pack', pass && { run: pass }), { input: w.input });
      const look = w.review('look', { show: pack });
      return w.task('ship', deeds.task(shipping), { input: look });
    },
  });
}

async function waiting(deeds: Deeds) {
  const bench = await openBench({ workflows: [order(deeds)] });
  const { runId } = await bench.engine.start('order', {});
  await bench.engine.drive(runId);
  return { bench, runId };
}

describe('I-03: a task whose name is no longer registered', () => {
  it('shows in what its run waits for, in `get`, `list` and `drive`', async () => {
    const deeds = createDeeds();
    const { bench, runId } = await waiting(deeds);

    const engine = await bench.crash({
      workflows: [order(deeds, { version: 2, shipping: 'ship-by-air' })],
    });

    const lacking = {
      waitingOn: expect.arrayContaining([
        expect.objectContaining({
          kind: 'definition',
          what: expect.stringContaining('task "ship"'),
        }),
      ]),
    };
    expect(await engine.get(runId)).toMatchObject(lacking);
    expect((await engine.list()).runs).toMatchObject([lacking]);
    expect(await engine.drive(runId)).toMatchObject(lacking);
    expect(await engine.explain(runId)).toMatchObject({
      ...lacking,
      state: { processing: { working: { look: 'waiting_review' } } },
      events: expect.arrayContaining([expect.objectContaining({ event: 'look.decided' })]),
    });
  });

  it('is no longer waited for once it is back', async () => {
    const deeds = createDeeds();
    const { bench, runId } = await waiting(deeds);
    await bench.crash({ workflows: [order(deeds, { version: 2, shipping: 'ship-by-air' })] });

    const engine = await bench.restart({
      workflows: [order(deeds), order(deeds, { version: 2, shipping: 'ship-by-air' })],
    });

    expect((await engine.get(runId)).waitingOn.map(({ kind }) => kind)).toEqual(['review']);
    await engine.decide(runId, 'look', approved);
    expect(await engine.result(runId)).toBe('ship done');
  });

  it('says nothing of runs that have ended, or that need it no more by another plan', async () => {
    const deeds = createDeeds();
    const { bench, runId } = await waiting(deeds);
    await bench.engine.decide(runId, 'look', approved);
    await bench.engine.result(runId);

    const engine = await bench.crash({
      workflows: [order(deeds, { version: 2, shipping: 'ship-by-air' })],
    });
    const next = await engine.start('order', {});
    await engine.drive(next.runId);

    expect(await engine.get(runId)).toMatchObject({ status: 'complete', waitingOn: [] });
    expect(await engine.result(runId)).toBe('ship done');
    expect((await engine.get(next.runId)).waitingOn.map(({ kind }) => kind)).toEqual(['review']);
  });

  it('does not make `drive` wait for an attempt that nobody here can take up', async () => {
    const deeds = createDeeds();
    const gate = aGate();
    const bench = await openBench({ workflows: [order(deeds, { pass: () => gate.pass() })] });
    const { runId } = await bench.engine.start('order', {});
    await gate.reached;

    const engine = await bench.crash({
      workflows: [order(deeds, { version: 2, shipping: 'ship-by-air' })],
    });
    await bench.clock.advance(hour);

    expect(await engine.drive(runId)).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'attempt' }, { kind: 'definition' }],
    });
    expect(deeds.names).toEqual(['pack']);
    expect(await engine.history(runId)).toHaveLength(2);
    expect(await engine.verify(runId)).toMatchObject({ fault: null });
  });
});

describe('I-03: a child whose workflow has gone on', () => {
  const part = (deeds: Deeds, version: number, task: string) =>
    defineWorkflow({
      name: 'part',
      version,
      input: z.unknown(),
      steps(w) {
        const look = w.review('look');
        return w.task('work', deeds.task(task), { input: look });
      },
    });
  const whole = (deeds: Deeds, version: number, partVersion: number, task = 'work') =>
    defineWorkflow({
      name: 'whole',
      version,
      input,
      steps: (w) => w.child('sub', part(deeds, partVersion, task), { input: {} }),
    });

  it('a child that waits stays on its own plan, a parent on its own', async () => {
    const deeds = createDeeds();
    const bench = await openBench({ workflows: [whole(deeds, 1, 1)] });
    const { runId } = await bench.engine.start('whole', {});
    await bench.engine.drive(runId);

    const engine = await bench.crash({
      workflows: [whole(deeds, 2, 2, 'work-better'), part(deeds, 1, 'work')],
    });
    const { runs } = await engine.list({ parent: runId });
    const childId = runs[0]?.runId ?? '';
    await engine.decide(childId, 'look', approved);

    expect(await engine.result(runId)).toBe('work done');
    expect(await engine.get(childId)).toMatchObject({ version: 1 });
    expect(deeds.names).toEqual(['work']);
  });

  it('a child that was asked for in a version nobody has any more is started in the newest', async () => {
    const deeds = createDeeds();
    const bench = await openBench({ workflows: [whole(deeds, 1, 1)] });
    const { store } = bench;
    const inbox = store.inbox.bind(store);
    store.inbox = async (runId) => (runId === null ? [] : inbox(runId));
    const { runId } = await bench.engine.start('whole', {});
    store.inbox = inbox;

    const engine = await bench.crash({ workflows: [whole(deeds, 2, 2, 'work-better')] });
    await engine.drive(runId);

    const { runs } = await engine.list({ parent: runId });
    expect(runs).toMatchObject([{ workflow: 'part', version: 2 }]);
    await engine.decide(runs[0]?.runId ?? '', 'look', approved);
    expect(await engine.result(runId)).toBe('work-better done');
  });
});
