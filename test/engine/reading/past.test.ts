import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { defineTask, defineWorkflow, PermanentError } from '../../../src/index.ts';
import { hour, openBench } from '../../support/engine-bench.ts';
import { recorder } from '../../support/replayed.ts';

let asked = 0;
let undoFails = false;

const charge = defineTask({
  name: 'charge',
  input: z.object({ cents: z.number() }),
  output: z.object({ id: z.string(), card: z.string().meta({ sensitive: true }) }),
  compensate: async () => {
    if (undoFails) throw new PermanentError('gone');
  },
  run: async () => ({ id: 'c-1', card: 'visa 4111' }),
});
const ship = defineTask({
  name: 'ship',
  input: z.object({ id: z.string() }),
  output: z.string(),
  compensate: 'none',
  run: async (): Promise<string> => {
    throw new PermanentError('no truck');
  },
});

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ cents: z.number() }),
  context: { total: { schema: z.number(), initial: 0, reduce: 'sum' } },
  steps(w) {
    const paid = w.task('pay', charge, { input: w.input });
    const large = w.is(w.input, 'large', ({ cents }) => {
      asked += 1;
      return cents > 100;
    });
    const ok = w.review('ok', { when: large, expires: '24h', show: paid });
    return w.task('send', ship, { input: { id: paid.$.id }, after: [ok] });
  },
});

async function failedOrder() {
  const { store, expectReplays } = recorder(createMemoryStore());
  const bench = await openBench({ workflows: [order], store });
  const { runId } = await bench.engine.start(order, { cents: 500 }, { actor: 'web' });
  await bench.engine.drive(runId);
  await bench.clock.advance(hour);
  await bench.engine.decide(runId, 'ok', { outcome: 'approved', actor: 'ann' });
  await bench.engine.drive(runId, 'finished');
  const history = await bench.engine.history(runId);
  const seqOf = (event: string) => history.find((entry) => entry.event === event)?.seq ?? 0;
  return { ...bench, runId, seqOf, entries: history.length, expectReplays };
}

describe('a past moment of a run', () => {
  it('shows what the run waited for, what was settled, what could happen, and nothing sensitive', async () => {
    const { engine, runId, seqOf } = await failedOrder();

    const past = await engine.at(runId, seqOf('pay.completed'));

    expect(past).toMatchObject({
      status: 'processing',
      event: 'pay.completed',
      settled: [{ step: 'pay', how: 'complete' }],
      undoList: [{ step: 'pay', seq: seqOf('pay.completed') }],
      undone: [],
      outcome: null,
      finishedAt: null,
      facts: { '?large': true },
    });
    expect(past.waitingOn).toMatchObject([
      { kind: 'review', step: 'ok', shown: { id: 'c-1', card: '[redacted]' } },
    ]);
    expect(past.events).toContainEqual({
      event: 'ok.decided',
      open: true,
      blockedBy: [],
      judgedBy: ['canDecide'],
    });
    expect(JSON.stringify(past)).not.toContain('visa');
  });

  it('is the same as what was shown then, at the end as well', async () => {
    const { engine, runId, entries, expectReplays } = await failedOrder();

    const { runId: id, status, outcome, waitingOn, finishedAt } = await engine.get(runId);
    expect(await engine.at(runId, entries)).toMatchObject({
      runId: id,
      status,
      outcome,
      waitingOn,
      finishedAt,
      undone: ['pay'],
    });
    expect(await expectReplays(runId, [order])).toBeGreaterThan(3);
  });

  it('asks none of the conditions again', async () => {
    const { engine, runId, entries } = await failedOrder();
    const before = asked;

    await engine.at(runId, entries);

    expect(asked).toBe(before);
  });

  it('owns up to an undo that failed', async () => {
    undoFails = true;
    const { engine, runId, entries } = await failedOrder();
    undoFails = false;

    expect((await engine.at(runId, entries)).notUndone).toEqual([{ step: 'pay', reason: 'gone' }]);
  });

  it.each([0, 1.5, 1_000])('there is none after entry %s', async (seq) => {
    const { engine, runId } = await failedOrder();

    await expect(engine.at(runId, seq)).rejects.toMatchObject({ code: 'SEQUENCE_UNKNOWN' });
  });

  it('cannot be told from a history that was changed', async () => {
    const { store, runId, seqOf } = await failedOrder();
    const decided = seqOf('ok.decided');
    const changed: typeof store = {
      ...store,
      history: async (id, page) =>
        (await store.history(id, page)).map((entry) =>
          entry.seq === decided ? { ...entry, event: 'ok.forgotten' } : entry,
        ),
    };
    const { engine } = await openBench({ workflows: [order], store: changed });

    await expect(engine.at(runId, decided)).rejects.toMatchObject({
      code: 'HISTORY_UNREADABLE',
      details: { seq: decided },
    });
  });
});
