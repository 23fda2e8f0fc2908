import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineWorkflow, SignalboxError } from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { entryOf, eventsOf, second, until } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

const input = z.object({ n: z.number().optional() });

describe('D-05: two engines on one database', () => {
  it('both work, every run on one of them at a time, every step once', async () => {
    const done: { readonly side: string; readonly run: string; readonly step: string }[] = [];
    const work = (side: 'a' | 'b') => {
      const deeds = createDeeds();
      return [
        defineWorkflow({
          name: 'work',
          version: 1,
          input,
          steps(w) {
            let last = w.derive('begin', w.input, (): unknown => 0);
            for (const step of ['one', 'two', 'three']) {
              const run = (context: { run: { runId: string } }) =>
                void done.push({ side, run: context.run.runId, step });
              last = w.task(step, deeds.task(step, { compensate: 'none', run }), { input: last });
            }
            return last;
          },
        }),
      ];
    };
    const { a, b, advanceUntil } = await openPair({ workflows: work });

    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? a : b).engine.start('work', { n })),
    );
    await advanceUntil(
      async () => (await a.engine.list({ status: ['complete'] })).runs.length === 20,
    );

    expect(done).toHaveLength(60);
    for (const { runId } of runs) {
      const own = done.filter(({ run }) => run === runId);
      expect(own.map(({ step }) => step)).toEqual(['one', 'two', 'three']);
      expect(new Set(own.map(({ side }) => side)).size).toBe(1);
    }
    expect(new Set(done.map(({ side }) => side))).toEqual(new Set(['a', 'b']));
  });

  it('one goes on with the runs of the other when that has died, once its leases have run out', async () => {
    const sides: string[] = [];
    const gates = { a: aGate(), b: aGate() };
    gates.b.open();
    const { a, b, advanceUntil } = await openPair({
      workflows: (side) => [
        defineWorkflow({
          name: 'work',
          version: 1,
          input,
          steps: (w) =>
            w.task(
              'only',
              createDeeds().task('only', {
                run: () => {
                  sides.push(side);
                  return gates[side].pass();
                },
              }),
              { input: w.input },
            ),
        }),
      ],
    });
    const { runId } = await a.engine.start('work', {});
    await gates.a.reached;

    a.kill();
    await b.clock.advance(9 * second);
    const before = await b.engine.get(runId);
    await advanceUntil(async () => (await b.engine.get(runId)).status === 'complete');

    expect(before).toMatchObject({
      status: 'processing',
      waitingOn: [{ kind: 'attempt', attempt: 1 }],
    });
    expect(sides).toEqual(['a', 'b']);
    expect(await b.engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('one that lives and works longer than its lease keeps the run: it renews', async () => {
    const sides: string[] = [];
    const gate = aGate<unknown>();
    const { a, b, advance, advanceUntil } = await openPair({
      workflows: (side) => [
        defineWorkflow({
          name: 'work',
          version: 1,
          input,
          steps: (w) =>
            w.task(
              'only',
              createDeeds().task('only', {
                run: () => {
                  sides.push(side);
                  return gate.pass();
                },
              }),
              { input: w.input },
            ),
        }),
      ],
    });
    const { runId } = await a.engine.start('work', {});
    await gate.reached;

    await advance(60 * second);
    gate.open('done');
    await advanceUntil(async () => (await b.engine.get(runId)).status === 'complete');

    expect(sides).toEqual(['a']);
  });
});

describe('D-07: a zombie', () => {
  it('that wakes beyond its lease cannot write its result: the second execution is the one recorded', async () => {
    const gate = aGate<unknown>();
    const tokens: string[] = [];
    const { a, b, advanceUntil } = await openPair({
      workflows: (side) => [
        defineWorkflow({
          name: 'work',
          version: 1,
          input,
          steps(w) {
            const only = createDeeds().task('only', {
              run: ({ idempotencyKey }) => {
                tokens.push(idempotencyKey);
                return side === 'a' ? gate.pass() : `by ${side}`;
              },
            });
            const first = w.task('only', only, { input: w.input });
            return w.task(
              'after',
              createDeeds().task('after', { run: ({ input: from }) => from }),
              { input: first },
            );
          },
        }),
      ],
    });
    const { runId } = await a.engine.start('work', {});
    await gate.reached;

    // The process of `a` stands still: its clock does not move.
    await b.clock.advance(30 * second);
    await until(async () => (await b.engine.get(runId)).status === 'complete');
    gate.open('by a');
    await a.clock.advance(0);
    await advanceUntil(() => a.log.at('warn').length > 0);

    expect(await b.engine.result(runId)).toBe('by b');
    const completions = (await b.engine.history(runId)).filter(
      ({ event }) => event === 'only.completed',
    );
    expect(completions).toMatchObject([{ output: 'by b' }]);
    expect(a.log.at('warn')).toMatchObject([
      { step: 'only', message: expect.stringContaining('discarded') },
    ]);
    expect(tokens).toHaveLength(2);
    expect(new Set(tokens).size).toBe(1);
    expect(await b.engine.verify(runId)).toMatchObject({ fault: null });
  });

  it('cannot write a checkpoint either', async () => {
    const gate = aGate();
    const refusals: unknown[] = [];
    const { a, b } = await openPair({
      workflows: (side) => [
        defineWorkflow({
          name: 'work',
          version: 1,
          input,
          steps: (w) =>
            w.task(
              'only',
              createDeeds().task('only', {
                run: async ({ checkpoint }) => {
                  if (side === 'a') await gate.pass();
                  return checkpoint(`part of ${side}`, async () => `by ${side}`).catch(
                    (error: unknown) => {
                      refusals.push(error);
                      throw error;
                    },
                  );
                },
              }),
              { input: w.input },
            ),
        }),
      ],
    });
    const { runId } = await a.engine.start('work', {});
    await gate.reached;
    await b.clock.advance(30 * second);
    await until(async () => (await b.engine.get(runId)).status === 'complete');

    gate.open();
    await until(() => refusals.length === 1);

    expect(refusals[0]).toBeInstanceOf(SignalboxError);
    expect(refusals[0]).toMatchObject({ code: 'LEASE_LOST' });
    expect(await b.store.checkpoints(runId, 1, 'only')).toMatchObject([
      { name: 'part of b', value: 'by b' },
    ]);
  });
});

describe('D-08: at the same instant from two processes', () => {
  const paid = defineEvent({ name: 'paid', payload: z.object({ by: z.string() }) });
  const reviewed = (deeds = createDeeds()) =>
    defineWorkflow({
      name: 'reviewed',
      version: 1,
      input,
      steps(w) {
        const review = w.review('approval');
        return w.task(
          'after',
          deeds.task('after', { compensate: 'none', run: ({ input: from }) => from }),
          { input: review },
        );
      },
    });

  it.each([
    ['two approvals', 'approved'],
    ['an approval and a rejection', 'rejected'],
  ] as const)('%s: exactly one is accepted, what follows runs once', async (_text, other) => {
    const deeds = createDeeds();
    const { a, b, advanceUntil, settled } = await openPair({ workflows: () => [reviewed(deeds)] });
    const { runId } = await a.engine.start('reviewed', {});
    await advanceUntil(async () => (await b.engine.get(runId)).waitingOn[0]?.kind === 'review');

    const answers = await settled(
      Promise.allSettled([
        a.engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' }),
        b.engine.decide(runId, 'approval', { outcome: other, actor: 'ben' }),
      ]),
    );
    await advanceUntil(async () => (await b.engine.get(runId)).status === 'complete');

    const refused = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason as unknown] : [],
    );
    expect(refused).toMatchObject([{ code: 'REVIEW_NOT_OPEN' }]);
    expect(deeds.names).toEqual(['after']);
    expect(
      (await eventsOf(a.engine, runId)).filter((event) => event === 'approval.decided'),
    ).toHaveLength(1);
    expect(await entryOf(a.engine, runId, 'decision.refused')).toMatchObject({
      data: { code: 'REVIEW_NOT_OPEN' },
    });
  });

  it('two retries start the run once', async () => {
    const deeds = createDeeds();
    let isMended = false;
    const flawed = () =>
      defineWorkflow({
        name: 'flawed',
        version: 1,
        input,
        steps: (w) =>
          w.task(
            'only',
            deeds.task('only', {
              run: () => {
                if (!isMended) throw new Error('not yet');
              },
            }),
            { input: w.input },
          ),
      });
    const { a, b, advanceUntil, settled } = await openPair({ workflows: () => [flawed()] });
    const { runId } = await a.engine.start('flawed', {});
    await advanceUntil(async () => (await b.engine.get(runId)).status === 'failed');
    isMended = true;

    const answers = await settled(
      Promise.allSettled([a.engine.retry(runId), b.engine.retry(runId)]),
    );
    await advanceUntil(async () => (await b.engine.get(runId)).status === 'complete');

    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(deeds.names).toEqual(['only', 'only']);
  });

  it.each([
    ['before', (a: string, b: string) => [b, a, a]],
    ['between', (a: string, b: string) => [a, b, a]],
    ['after', (a: string, b: string) => [a, a, b]],
  ])(
    'two changes in flight in one process never overwrite what the other has written %s',
    async (_text, order) => {
      const noted = () =>
        defineWorkflow({
          name: 'noted',
          version: 1,
          input,
          steps(w) {
            const steps = ['0', '1', '2'].map((by) =>
              w.waitFor(`wait${by}`, paid, { where: { by } }),
            );
            return w.derive('all', steps, (all) => all.map(({ by }) => by));
          },
        });
      const pair = await openPair({ workflows: () => [noted()] });
      const { a, b, settled } = pair;
      const runs = await Promise.all(Array.from({ length: 10 }, () => a.engine.start('noted', {})));
      // Both remember the same state of every run.
      for (const { runId } of runs) await settled(b.engine.signal(runId, paid, { by: 'nobody' }));
      for (const { runId } of runs) await settled(a.engine.signal(runId, paid, { by: 'nobody' }));

      const sides = order('a', 'b') as ('a' | 'b')[];
      await settled(
        Promise.all(
          runs.flatMap(({ runId }) =>
            sides.map((side, index) =>
              pair[side].engine.signal(runId, paid, { by: String(index) }),
            ),
          ),
        ),
      );

      for (const { runId } of runs) {
        expect(await settled(a.engine.result(runId))).toEqual(['0', '1', '2']);
        expect(await a.engine.verify(runId)).toMatchObject({ fault: null });
      }
    },
  );

  it('a process that remembers an older state of the run does not refuse what is right by now', async () => {
    const two = () =>
      defineWorkflow({
        name: 'two-reviews',
        version: 1,
        input,
        steps(w) {
          const first = w.review('first');
          const second_ = w.review('second', { after: [first] });
          return w.waitFor('payment', paid, { after: [second_], early: 'reject' });
        },
      });
    const { a, b, settled } = await openPair({ workflows: () => [two()] });
    const { runId } = await a.engine.start('two-reviews', {});
    // `b` reads the run and keeps it in memory.
    await expect(
      b.engine.decide(runId, 'second', { outcome: 'approved', actor: 'ben' }),
    ).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });

    await a.engine.decide(runId, 'first', { outcome: 'approved', actor: 'ann' });
    await b.engine.decide(runId, 'second', { outcome: 'approved', actor: 'ben' });
    await a.engine.signal(runId, paid, { by: 'card' });

    expect(await settled(b.engine.result(runId))).toEqual({ by: 'card' });
  });

  it('a request to a run the other one holds reaches it and is answered', async () => {
    const gate = aGate<unknown>();
    const held = () =>
      defineWorkflow({
        name: 'held',
        version: 1,
        input,
        steps(w) {
          const slow = w.task('slow', createDeeds().task('slow', { run: () => gate.pass() }), {
            input: w.input,
          });
          const signal = w.waitFor('payment', paid);
          return w.derive('both', { slow, signal }, (both) => both);
        },
      });
    const { a, b, settled } = await openPair({ workflows: () => [held()] });
    const { runId } = await a.engine.start('held', {});
    await gate.reached;

    const answer = await settled(b.engine.signal(runId, paid, { by: 'card' }));

    expect(answer).toEqual({ delivered: true });
    expect(await eventsOf(b.engine, runId)).toContain('payment.received');
    gate.open('done');
    expect(await settled(b.engine.result(runId))).toEqual({ slow: 'done', signal: { by: 'card' } });
  });

  it('a refusal by the process that holds the run comes back as what it is', async () => {
    const gate = aGate<unknown>();
    const held = () =>
      defineWorkflow({
        name: 'held',
        version: 1,
        input,
        steps: (w) =>
          w.task('slow', createDeeds().task('slow', { run: () => gate.pass() }), {
            input: w.input,
          }),
      });
    const { a, b, settled } = await openPair({ workflows: () => [held()] });
    const { runId } = await a.engine.start('held', {});
    await gate.reached;

    const answer = settled(
      b.engine.decide(runId, 'approval', { outcome: 'approved', actor: 'eve' }),
    );

    await expect(answer).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    expect(await entryOf(b.engine, runId, 'decision.refused')).toMatchObject({
      actor: 'eve',
      data: { code: 'REVIEW_NOT_OPEN' },
    });
  });
});
