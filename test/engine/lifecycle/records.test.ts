/** What is on record of a run: its header, one entry a transition, one log line each, and no failure that nobody hears of. */
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { assertLegal } from '../../../src/chart/lifecycle.ts';
import { defineWorkflow, PermanentError, type Store, TransientError } from '../../../src/index.ts';
import type { RunStatus } from '../../../src/plan/plan.ts';
import { createDeeds } from '../../support/deeds.ts';
import {
  entryOf,
  eventsOf,
  openBench,
  second,
  statusesOf,
  until,
} from '../../support/engine-bench.ts';

const Order = z.object({ id: z.string(), isGift: z.boolean() });
const input = { id: 'o-1', isGift: false };
const refuse = (): never => {
  throw new PermanentError('refused');
};

/** A retry, a fork, a skipped step, a join; `ship` fails if told so, and one undo fails for good. */
function anOrder({ fails }: { readonly fails: boolean }) {
  const deeds = createDeeds();
  let isBusy = true;
  const workflow = defineWorkflow({
    name: 'order',
    version: 1,
    input: Order,
    steps(w) {
      const checked = w.task('check', deeds.task('check', { compensate: 'none' }), {
        input: w.input,
      });
      const paid = w.task(
        'pay',
        deeds.task('pay', {
          retry: { maxAttempts: 2 },
          run: () => {
            if (!isBusy) return 'paid';
            isBusy = false;
            throw new TransientError('busy');
          },
        }),
        { input: checked },
      );
      const reserved = w.task('reserve', deeds.task('reserve', { compensate: refuse }), {
        input: checked,
      });
      const isGift = w.is(w.input.$.isGift, 'gift', (gift) => gift, { otherwise: 'No gift.' });
      const wrapped = w.task('wrap', deeds.task('wrap'), { input: reserved, when: isGift });
      return w.task('ship', deeds.task('ship', fails ? { run: refuse } : {}), {
        input: { paid, reserved, wrapped },
      });
    },
  });
  return { deeds, workflow };
}

async function anOrderRun(options: { fails: boolean; store?: Store; logger?: pino.Logger }) {
  const { fails, ...rest } = options;
  const { deeds, workflow } = anOrder({ fails });
  const bench = await openBench({ workflows: [workflow], ...rest });
  const { runId } = await bench.engine.start(workflow, input, { actor: 'bob' });
  await until(async () => (await eventsOf(bench.engine, runId)).includes('pay.failed'));
  await bench.clock.advance(second);
  const view = await bench.engine.drive(runId, 'finished');
  return { ...bench, engine: bench.engine, deeds, runId, view };
}

describe('the record of a run', () => {
  it('M053: has id, workflow, input, state, results of steps, and both times in ISO 8601', async () => {
    const { engine, runId } = await anOrderRun({ fails: false });

    const view = await engine.get(runId);
    const exported = [];
    for await (const each of engine.export()) exported.push(each);

    expect(view).toMatchObject({ runId, workflow: 'order', version: 1, status: 'complete' });
    expect(view.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Date.parse(view.updatedAt)).toBeGreaterThan(Date.parse(view.createdAt));
    expect(exported).toMatchObject([
      { header: { id: runId, workflow: 'order', input }, state: { status: 'complete' } },
    ]);
    expect((await entryOf(engine, runId, 'pay.completed')).output).toBe('paid');
    expect((await engine.history(runId))[0]).toMatchObject({ event: 'run.created', to: 'pending' });
  });

  it('M199, M243: has the steps in topological order, one entry at every transition', async () => {
    const { engine, runId } = await anOrderRun({ fails: false });

    const events = await eventsOf(engine, runId);

    expect(events.filter((event) => /completed|skipped/.test(event)).toSorted()).toEqual([
      'check.completed',
      'pay.completed',
      'reserve.completed',
      'ship.completed',
      'wrap.skipped',
    ]);
    const at = (event: string) => events.indexOf(event);
    expect(at('check.completed')).toBeLessThan(at('pay.failed'));
    expect(at('check.completed')).toBeLessThan(at('reserve.completed'));
    expect(at('pay.failed')).toBeLessThan(at('pay.completed'));
    expect(at('pay.completed')).toBeLessThan(at('ship.completed'));
    expect(at('reserve.completed')).toBeLessThan(at('ship.completed'));
  });

  it.each([false, true])(
    'M258: has exactly one entry for each transition that was written (fails: %s)',
    async (fails) => {
      const snapshots: string[] = [];
      const entries: number[] = [];
      const store = watched(createMemoryStore(), (snapshot, history) => {
        if (snapshot !== snapshots.at(-1)) {
          snapshots.push(snapshot);
          expect(history, 'a change of state without an entry').toBeGreaterThan(0);
        }
        entries.push(history);
      });

      const { engine, runId } = await anOrderRun({ fails, store });

      const history = await engine.history(runId);
      expect(snapshots.length).toBeGreaterThan(5);
      expect(entries.reduce((sum, count) => sum + count, 0)).toBe(history.length);
      expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1));
      const settled = history.filter(({ event }) =>
        /^(check|pay|reserve|ship)\.completed$/.test(event),
      );
      expect(settled).toHaveLength(fails ? 3 : 4);
      for (const { inputHash, output, atMs, actor } of settled) {
        expect(inputHash).toMatch(/^[0-9a-f]{64}$/);
        expect(output).toBeDefined();
        expect(atMs).toBeGreaterThan(0);
        expect(actor).not.toBe('');
      }
    },
  );
});

describe('the log of a run', () => {
  it('M250: has a line of JSON for start, success, failure and rollback, and M251: the history what was in and out', async () => {
    const { logger, lines } = aJsonLog();

    const { engine, runId } = await anOrderRun({ fails: true, logger });

    const transitions = lines().filter(({ msg }) => msg === 'transition');
    expect(transitions.map(({ event }) => event)).toEqual(await eventsOf(engine, runId));
    expect(transitions.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['run.started', 'check.completed', 'ship.failed', 'undo.completed']),
    );
    for (const line of transitions) {
      expect(line).toMatchObject({ runId, time: expect.any(Number), to: expect.any(String) });
    }
    expect(await entryOf(engine, runId, 'check.completed')).toMatchObject({
      inputHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      output: 'check done',
    });
  });
});

describe('a failure', () => {
  it('M029, M259: never ends complete: the run has failed, and says where, why and what was not undone', async () => {
    const { engine, log, runId, view } = await anOrderRun({ fails: true });

    expect(view).toMatchObject({
      status: 'failed',
      outcome: {
        failure: { step: 'ship', message: "Workflow failed at step 'ship': refused" },
        undone: ['pay'],
        notUndone: [{ step: 'reserve', reason: 'refused' }],
        compensation: 'partial',
      },
    });
    expect(await statusesOf(engine, runId)).toEqual([
      'pending',
      'processing',
      'compensating',
      'failed',
    ]);
    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      details: { outcome: { compensation: 'partial' } },
    });
    expect(log.at('error')).toMatchObject([{ runId, step: 'ship' }]);
    expect(log.saying('compensation failed')).toMatchObject([{ runId, step: 'reserve' }]);
  });
});

describe('the five first states', () => {
  const five = ['pending', 'processing', 'waiting_review', 'complete', 'failed'] as const;
  const legal: ReadonlySet<string> = new Set([
    'pending processing',
    'processing waiting_review',
    'processing failed',
    'waiting_review complete',
    'waiting_review failed',
    'failed pending',
  ]);
  const pairs = five.flatMap((from) => five.map((to): [RunStatus, RunStatus] => [from, to]));

  it('M052: of 25 pairs 6 are legal; the error of the other 19 names state, request and what is allowed', () => {
    const refused = pairs.flatMap(([from, to]) => {
      try {
        assertLegal(from, to);
        return [];
      } catch (error) {
        return [{ pair: `${from} ${to}`, message: String(error) }];
      }
    });

    expect(pairs).toHaveLength(25);
    expect(refused).toHaveLength(19);
    expect(refused.filter(({ pair }) => legal.has(pair))).toEqual([]);
    expect(refused.find(({ pair }) => pair === 'processing complete')?.message).toMatch(
      /"processing" to "complete".*waiting_review.*failed/,
    );
  });
});

/** Sees the snapshot and the number of history entries of each commit of a run. */
function watched(inner: Store, see: (snapshot: string, entries: number) => void): Store {
  return new Proxy(inner, {
    get(target, name) {
      if (name !== 'commit') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      const commit: Store['commit'] = async (batch) => {
        const outcomes = await target.commit(batch);
        for (const { state, history } of batch) {
          see(JSON.stringify(state.body['snapshot']), history.length);
        }
        return outcomes;
      };
      return commit;
    },
  });
}

function aJsonLog() {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  const Line = z.looseObject({ msg: z.string() });
  return {
    logger: pino({ level: 'debug' }, stream),
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => Line.parse(JSON.parse(line))),
  };
}
