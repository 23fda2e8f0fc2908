import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { aGate, createDeeds, type DeedOptions } from '../../support/deeds.ts';
import { hour, openBench, until } from '../../support/engine-bench.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const input = z.object({ list: z.array(z.number()) });

/** A map, and beside it or after it a step that fails when its gate says so. */
function aMapAnd(
  place: 'beside' | 'after',
  options: DeedOptions = {},
  map: { concurrency?: number; onItemFailure?: 'fail' | 'collect' } = {},
) {
  const deeds = createDeeds();
  const gate = aGate();
  const failing = deeds.task('fail', {
    run: async () => {
      if (place === 'beside') await gate.pass();
      throw new PermanentError('sold out');
    },
  });
  const workflow = defineWorkflow({
    name: 'undoing',
    version: 1,
    input,
    steps(w) {
      const each = w.map('each', w.input.$.list, { concurrency: 1, ...map }, (item) =>
        w.task(
          'work',
          deeds.task('work', { run: ({ input: of }) => `did ${String(of)}`, ...options }),
          {
            input: item,
          },
        ),
      );
      if (place === 'beside') {
        w.task('fail', failing, { input: w.input });
        return each;
      }
      return w.task('fail', failing, { input: each });
    },
  });
  const of = (what: string) => deeds.of(what).map((deed) => deed.input);
  return { deeds, gate, workflow, worked: () => of('work'), undone: () => of('undo work') };
}

describe('K-05: a map inside a run that fails later', () => {
  it('is undone item by item, the last to complete first, each with its own input and output', async () => {
    const { deeds, workflow } = aMapAnd('after');
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(4) });

    await expect(run.result()).rejects.toThrow('sold out');
    expect(deeds.of('undo work')).toMatchObject(
      [3, 2, 1, 0].map((item) => ({ input: item, output: `did ${item}` })),
    );
    expect(new Set(deeds.of('undo work').map(({ key }) => key)).size).toBe(4);
    expect((await engine.get(run.runId))?.outcome).toMatchObject({
      undone: ['each'],
      compensation: 'complete',
    });
  });

  it('is undone in the order of completion, not of the list', async () => {
    const gates = numbers(3).map(() => aGate());
    const done: unknown[] = [];
    const { workflow, undone } = aMapAnd(
      'after',
      {
        run: async ({ input: of }) => {
          await gates[of as number]?.pass();
          done.push(of);
        },
      },
      { concurrency: 3 },
    );
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(3) });
    for (const item of [1, 2, 0]) {
      await gates[item]?.reached;
      gates[item]?.open();
      await clock.advance(0);
    }

    await expect(run.result()).rejects.toThrow('sold out');

    expect(done).toEqual([1, 2, 0]);
    expect(undone()).toEqual([0, 2, 1]);
  });

  it('whose items failed in part is undone for those that completed', async () => {
    const { workflow, undone } = aMapAnd(
      'after',
      {
        run: ({ input: of }) => {
          if (of === 1) throw new PermanentError('no 1');
        },
      },
      { onItemFailure: 'collect' },
    );
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(3) });

    await expect(run.result()).rejects.toThrow('sold out');
    expect(undone()).toEqual([2, 0]);
  });

  it('undoes the tasks of an item in reverse, and what an item did before it failed', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'two-tasks',
      version: 1,
      input,
      steps: (w) =>
        w.map('each', w.input.$.list, { concurrency: 1 }, (item) => {
          const one = w.task('one', deeds.task('one', { run: ({ input: of }) => of }), {
            input: item,
          });
          return w.task(
            'two',
            deeds.task('two', {
              run: ({ input: of }) => {
                if (of === 1) throw new PermanentError('no 1');
              },
            }),
            { input: one },
          );
        }),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(3) });

    await expect(run.result()).rejects.toThrow('Item 1: no 1');
    const undone = deeds.all.filter(({ what }) => what.startsWith('undo'));
    expect(undone.map(({ what, input: of }) => `${what} ${String(of)}`).sort()).toEqual([
      'undo one 0',
      'undo one 1',
      'undo two 0',
    ]);
    expect(undone.findIndex(({ what }) => what === 'undo two')).toBeLessThan(
      undone.findIndex(({ what, input: of }) => what === 'undo one' && of === 0),
    );
  });

  it('is not undone where there is nothing to undo', async () => {
    const { deeds, workflow } = aMapAnd('after', { compensate: 'none' });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { list: numbers(2) });

    await expect(run.result()).rejects.toThrow('sold out');
    expect(deeds.names).toEqual(['work', 'work', 'fail']);
    expect((await engine.get(run.runId))?.outcome).toMatchObject({ compensation: 'nothing' });
  });

  it('tries an undo again as its task says, without undoing the other items twice', async () => {
    let failures = 2;
    const { undone, workflow } = aMapAnd('after', {
      undoRetry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1h' } },
      compensate: () => {
        if (undone().length > 1 && failures-- > 0) throw new TransientError('busy');
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(3) });
    const result = run.result();
    result.catch(() => {});

    await until(() => undone().length === 3);
    await clock.advance(2 * hour);

    await expect(result).rejects.toThrow('sold out');
    expect(undone()).toEqual([2, 1, 0, 1, 0]);
    expect((await engine.get(run.runId))?.outcome).toMatchObject({ compensation: 'complete' });
  });

  it('of which one undo fails for good says so; the others are undone', async () => {
    const { undone, workflow } = aMapAnd('after', {
      compensate: () => {
        if (undone().at(-1) === 1) throw new PermanentError('gone');
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, { list: numbers(3) });

    await expect(run.result()).rejects.toThrow('sold out');

    expect(undone()).toEqual([2, 1, 0]);
    expect((await engine.get(run.runId))?.outcome).toMatchObject({
      undone: [],
      notUndone: [{ step: 'each' }],
    });
  });
});

describe('undos of a map that fail in different ways', () => {
  it('are each tried as often as their own task says; one that failed for good is on record', async () => {
    const deeds = createDeeds();
    const backoff = { kind: 'fixed', initial: '1h' } as const;
    const busy = () => Promise.reject(new TransientError('busy'));
    const workflow = defineWorkflow({
      name: 'patience',
      version: 1,
      input,
      steps(w) {
        const each = w.map('each', w.input.$.list, {}, (item) => {
          const few = w.task(
            'few',
            deeds.task('few', { compensate: busy, undoRetry: { maxAttempts: 2, backoff } }),
            { input: item },
          );
          return w.task(
            'many',
            deeds.task('many', { compensate: busy, undoRetry: { maxAttempts: 4, backoff } }),
            { input: few },
          );
        });
        const fail = deeds.task('fail', { run: () => Promise.reject(new PermanentError('no')) });
        return w.task('fail', fail, { input: each });
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { list: [1] });

    await until(() => deeds.of('undo few').length === 1);
    await clock.advance(5 * hour);

    expect(deeds.of('undo few')).toHaveLength(2);
    expect(deeds.of('undo many')).toHaveLength(4);
    expect(await engine.get(runId)).toMatchObject({
      status: 'failed',
      outcome: { notUndone: [{ step: 'each' }] },
    });
  });
});

describe('a crash while a map is undone', () => {
  it('undoes no item twice that had been undone, and goes on with the rest', async () => {
    const held = { is: false };
    const { undone, workflow } = aMapAnd('after', {
      compensate: async () => {
        if (undone().at(-1) !== 2 || held.is) return;
        held.is = true;
        await new Promise(() => {});
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(5) });
    await until(() => held.is);

    const next = await bench.crash();

    await expect(next.result(runId)).rejects.toThrow('sold out');
    expect(undone()).toEqual([4, 3, 2, 2, 1, 0]);
    expect((await next.get(runId))?.outcome).toMatchObject({ compensation: 'complete' });
  });
});

describe('a map at work while', () => {
  it.each(['cancel', 'a parallel step fails'] as const)(
    '%s: starts no further item; what runs ends and is undone with the rest',
    async (cause) => {
      const slow = aGate();
      const made = aMapAnd('beside', { run: ({ input: of }) => (of === 2 ? slow.pass() : of) });
      const { deeds, gate, workflow, worked, undone } = made;
      const { engine, clock } = await openBench({ workflows: [workflow] });
      const { runId } = await engine.start(workflow, { list: numbers(9) });
      await slow.reached;

      if (cause === 'cancel') await engine.cancel(runId, { actor: 'ann' });
      gate.open();
      await clock.advance(0);
      expect(undone()).toEqual([]);
      expect((await engine.get(runId))?.status).toBe('processing');
      slow.open();
      const end = await engine.drive(runId, 'finished');

      expect(end.status).toBe(cause === 'cancel' ? 'cancelled' : 'failed');
      expect(worked()).toEqual([0, 1, 2]);
      expect(undone()).toEqual([2, 1, 0]);
      expect(deeds.of('undo work')[0]).toMatchObject({ input: 2 });
    },
  );

  it('an item waits to be tried again: a run that fails does not wait for it', async () => {
    const { gate, workflow, worked, undone } = aMapAnd('beside', {
      retry: { maxAttempts: 5, backoff: { kind: 'fixed', initial: '1h' } },
      run: ({ input: of }) => {
        if (of === 1) throw new TransientError('busy');
      },
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { list: numbers(3) });
    await until(() => worked().length === 2);
    await clock.advance(0);

    gate.open();
    await until(async () => (await engine.get(runId))?.status === 'failed');

    expect(worked()).toEqual([0, 1]);
    expect(undone()).toEqual([0]);
  });

  it('the run is cancelled, over a crash: it is still stopped, and undone', async () => {
    const slow = aGate();
    let lives = 1;
    const { gate, workflow, worked, undone } = aMapAnd('beside', {
      run: ({ input: of }) => (of === 1 && lives === 1 ? slow.pass() : of),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, { list: numbers(5) });
    await slow.reached;
    await bench.engine.cancel(runId, { actor: 'ann' });
    gate.open();
    lives = 2;

    const next = await bench.crash();
    await next.drive(runId, 'finished');

    expect((await next.get(runId))?.status).toBe('cancelled');
    expect(worked().filter((item) => (item as number) > 1)).toEqual([]);
    expect(undone()).toContain(0);
  });

  it('the run is cancelled by abort: a success that comes all the same is undone', async () => {
    const slow = aGate();
    const { gate, workflow, worked, undone } = aMapAnd('beside', {
      run: ({ input: of }) => (of === 1 ? slow.pass() : of),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { list: numbers(5) });
    await slow.reached;

    await engine.cancel(runId, { actor: 'ann', mode: 'abort' });
    await clock.advance(0);
    gate.open();
    slow.open();
    await engine.drive(runId, 'finished');

    expect((await engine.get(runId))?.status).toBe('cancelled');
    expect(worked()).toEqual([0, 1]);
    expect(undone()).toEqual([1, 0]);
  });
});
