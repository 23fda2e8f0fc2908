import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { second } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

const noted = defineEvent({ name: 'noted', payload: z.object({ text: z.string() }) });

/** A review, then work that waits for the gate of its process, then an event. */
function asked() {
  const sides: string[] = [];
  const gates = { a: aGate<unknown>(), b: aGate<unknown>() };
  const workflows = (side: 'a' | 'b') => [
    defineWorkflow({
      name: 'asked',
      version: 1,
      input: z.object({}),
      steps(w) {
        const look = w.review('look');
        const work = createDeeds().task('work', {
          run() {
            sides.push(side);
            return gates[side].pass();
          },
        });
        const done = w.task('work', work, { input: look });
        const note = w.waitFor('note', noted, { after: [done] });
        return w.derive('all', { done, note }, (all) => all);
      },
    }),
  ];
  return { sides, gates, workflows };
}

const approved = { outcome: 'approved', actor: 'ann' } as const;

describe('a process that remembers a run as it was', () => {
  it('takes it over all the same when the other one has died with it', async () => {
    const { sides, gates, workflows } = asked();
    const { a, b, advance, advanceUntil, settled } = await openPair({ workflows });
    const { runId } = await b.engine.start('asked', {});
    await b.engine.explain(runId);
    await settled(a.engine.decide(runId, 'look', approved));
    await gates.a.reached;
    gates.b.open('by b');

    a.kill();
    await advance(60 * second);
    await advanceUntil(async () => (await b.engine.get(runId)).waitingOn[0]?.kind === 'event');

    expect(sides).toEqual(['a', 'b']);
  });

  it('does not take it from the one that has renewed its lease since', async () => {
    const { sides, gates, workflows } = asked();
    const { a, b, advance, settled } = await openPair({ workflows });
    const { runId } = await a.engine.start('asked', {});
    await settled(a.engine.decide(runId, 'look', approved));
    await gates.a.reached;
    await b.engine.explain(runId);

    await advance(60 * second);
    await settled(b.engine.signal(runId, noted, { text: 'early' }));
    gates.a.open('by a');

    expect(await settled(b.engine.result(runId))).toEqual({
      done: 'by a',
      note: { text: 'early' },
    });
    expect(sides).toEqual(['a']);
    expect(await a.engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('fires no deadline that the other one has dealt with', async () => {
    const workflows = () => [
      defineWorkflow({
        name: 'limited',
        version: 1,
        input: z.object({}),
        steps(w) {
          const note = w.waitFor('note', noted, { within: '1h', onTimeout: 'continue' });
          return w.review('look', { show: note });
        },
      }),
    ];
    const { a, b, advance, advanceUntil, settled } = await openPair({ workflows });
    const { runId } = await b.engine.start('limited', {});
    await b.engine.explain(runId);
    await settled(a.engine.signal(runId, noted, { text: 'in time' }));

    await b.clock.advance(3_600 * second);
    await advance(second);
    await advanceUntil(async () => (await b.engine.get(runId)).waitingOn[0]?.kind === 'review');

    expect(await b.engine.get(runId)).toMatchObject({
      waitingOn: [{ shown: { status: 'received', value: { text: 'in time' } } }],
    });
    expect(b.log.at('error')).toEqual([]);
  });

  it('explains it as it is', async () => {
    const { workflows } = asked();
    const { a, b, settled } = await openPair({ workflows });
    const { runId } = await b.engine.start('asked', {});
    await b.engine.explain(runId);
    await settled(a.engine.decide(runId, 'look', approved));

    expect(await b.engine.explain(runId)).toMatchObject({
      waitingOn: [{ kind: 'attempt', step: 'work' }],
      events: expect.arrayContaining([expect.objectContaining({ event: 'work.completed' })]),
    });
  });
});
