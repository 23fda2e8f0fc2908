import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import {
  defineTask,
  defineWorkflow,
  type HistoryEntry,
  type RunEvent,
  SignalboxError,
  type Store,
  TransientError,
} from '../../../src/index.ts';
import { aGate, createDeeds } from '../../support/deeds.ts';
import { eventsOf, hour, openBench, second, until } from '../../support/engine-bench.ts';
import { aDatabaseFile } from '../../support/sqlite-pair.ts';

const input = z.object({ id: z.string().optional() });

function reviewed(deeds = createDeeds()) {
  return defineWorkflow({
    name: 'reviewed',
    version: 1,
    input,
    steps(w) {
      const made = w.task('make', deeds.task('make'), { input: w.input });
      const review = w.review('approval', { show: made, expires: '1d' });
      const isApproved = w.is(review, 'approved', ({ outcome }) => outcome === 'approved');
      return w.task('ship', deeds.task('ship'), { input: made, when: isApproved });
    },
  });
}

describe('subscribing', () => {
  it('hears of every entry, in order, after it is durable', async () => {
    const { engine } = await openBench({ workflows: [reviewed()] });
    const heard: RunEvent[] = [];
    const lengthsThen: Promise<number>[] = [];
    engine.subscribe((event) => {
      heard.push(event);
      lengthsThen.push(
        engine
          .history(event.runId)
          .then((entries) => entries.filter(({ seq }) => seq === event.entry.seq).length),
      );
    });

    const run = await engine.start('reviewed', {});
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await run.result();

    expect(heard.map(({ entry }) => entry.seq)).toEqual(
      (await engine.history(run.runId)).map(({ seq }) => seq),
    );
    expect(heard.map(({ entry }) => entry.event)).toEqual(await eventsOf(engine, run.runId));
    expect(new Set(await Promise.all(lengthsThen))).toEqual(new Set([1]));
    expect(heard.at(-1)).toMatchObject({
      runId: run.runId,
      workflow: 'reviewed',
      status: 'complete',
    });
  });

  it('to one run hears of no other, and of nothing after it has ended', async () => {
    const { engine } = await openBench({ workflows: [reviewed()] });
    const a = await engine.start('reviewed', {});
    const heard: RunEvent[] = [];
    const stop = engine.subscribe((event) => heard.push(event), a.runId);
    const b = await engine.start('reviewed', {});
    await engine.drive(a.runId);
    await engine.drive(b.runId);
    const before = heard.length;

    stop();
    await engine.decide(a.runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await a.result();

    expect(before).toBeGreaterThan(0);
    expect(heard).toHaveLength(before);
    expect(new Set(heard.map(({ runId }) => runId))).toEqual(new Set([a.runId]));
  });

  it('H-09: a listener that throws hurts neither the run nor the other listeners', async () => {
    const { engine, log } = await openBench({ workflows: [reviewed()] });
    let calls = 0;
    engine.subscribe(() => {
      throw new Error('the listener is broken');
    });
    engine.subscribe(() => {
      calls += 1;
    });

    const run = await engine.start('reviewed', {});
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toBe('ship done');
    expect(calls).toBe((await engine.history(run.runId)).length);
    expect(log.saying('a listener threw')).toHaveLength(calls);
  });
});

describe('explain', () => {
  it('says for whom a run waits, until when and what then, and what it accepts now', async () => {
    const { engine, clock } = await openBench({ workflows: [reviewed()] });
    const { runId } = await engine.start('reviewed', {});
    await engine.drive(runId);

    const explanation = await engine.explain(runId);

    expect(explanation).toMatchObject({
      runId,
      status: 'processing',
      state: { processing: { working: { approval: 'waiting_review' } } },
      waitingOn: [
        {
          kind: 'review',
          step: 'approval',
          what: 'the decision of a person',
          until: new Date(clock.nowMs() + 24 * hour).toISOString(),
          afterwards: 'it counts as rejected',
        },
      ],
    });
    expect(explanation.events).toEqual(
      expect.arrayContaining([
        { event: 'approval.decided', open: true, blockedBy: [], judgedBy: ['canDecide'] },
        { event: 'approval.expired', open: true, blockedBy: [] },
        { event: 'run.cancelled', open: true, blockedBy: [] },
      ]),
    );
  });

  it('names the guards that keep an event shut', async () => {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'failing',
      version: 1,
      input,
      steps(w) {
        const first = w.task(
          'first',
          deeds.task('first', { compensate: () => Promise.reject(new Error('cannot')) }),
          { input: w.input },
        );
        return w.task('bad', deeds.task('bad', { run: () => Promise.reject(new Error('no')) }), {
          input: first,
        });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId, 'finished');

    const { events } = await engine.explain(runId);

    expect(events).toEqual([{ event: 'run.retried', open: false, blockedBy: ['mayRetry'] }]);
  });

  it('also works for a run that is read back from the store', async () => {
    const bench = await openBench({ workflows: [reviewed()] });
    const { runId } = await bench.engine.start('reviewed', {});
    await bench.engine.drive(runId);
    const before = await bench.engine.explain(runId);

    const engine = await bench.crash();

    expect(await engine.explain(runId)).toEqual(before);
  });

  it('of an unknown run is refused', async () => {
    const { engine } = await openBench({ workflows: [reviewed()] });

    await expect(engine.explain('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(engine.get('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(engine.history('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(engine.verify('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('list', () => {
  it('filters by workflow, status, labels, open reviews and time, newest first', async () => {
    const plain = defineWorkflow({
      name: 'plain',
      version: 1,
      input,
      steps: (w) => w.derive('d', w.input, () => 1),
    });
    const { engine, clock } = await openBench({ workflows: [reviewed(), plain] });
    const a = await engine.start('reviewed', {}, { labels: { team: 'red', env: 'prod' } });
    await engine.drive(a.runId);
    await clock.advance(second);
    const b = await engine.start('plain', {}, { labels: { team: 'red' } });
    await b.result();
    await clock.advance(second);
    const c = await engine.start('reviewed', {}, { labels: { team: 'blue' } });
    await engine.drive(c.runId);
    await engine.cancel(c.runId);
    await engine.drive(c.runId, 'finished');
    const ids = async (query: Parameters<typeof engine.list>[0]) =>
      (await engine.list(query)).runs.map(({ runId }) => runId);

    expect(await ids({})).toEqual([c.runId, b.runId, a.runId]);
    expect(await ids({ workflow: 'reviewed' })).toEqual([c.runId, a.runId]);
    expect(await ids({ status: ['complete', 'cancelled'] })).toEqual([c.runId, b.runId]);
    expect(await ids({ labels: { team: 'red' } })).toEqual([b.runId, a.runId]);
    expect(await ids({ labels: { team: 'red', env: 'prod' } })).toEqual([a.runId]);
    expect(await ids({ hasReview: true })).toEqual([a.runId]);
    expect(await ids({ createdBeforeMs: clock.nowMs() - second })).toEqual([a.runId]);
    expect(await ids({ createdAfterMs: clock.nowMs() - second })).toEqual([c.runId]);
  });

  it('pages without losing or repeating a run', async () => {
    const plain = defineWorkflow({
      name: 'plain',
      version: 1,
      input,
      steps: (w) => w.derive('d', w.input, () => 1),
    });
    const { engine } = await openBench({ workflows: [plain] });
    for (let n = 0; n < 25; n += 1) await engine.start('plain', {});

    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await engine.list({ limit: 7, ...(cursor == null ? {} : { cursor }) });
      seen.push(...page.runs.map(({ runId }) => runId));
      ({ cursor } = page);
    } while (cursor !== null);

    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });
});

describe('history', () => {
  it('M250, M251: has an entry per transition with time, actor, attempt, input hash and output', async () => {
    const { engine, clock } = await openBench({ workflows: [reviewed()] });
    const run = await engine.start('reviewed', { id: 'x' }, { actor: 'bob' });
    await engine.drive(run.runId);

    const history = await engine.history(run.runId);

    expect(history.map(({ event }) => event)).toEqual([
      'run.created',
      'run.started',
      'make.completed',
    ]);
    expect(history[0]).toMatchObject({
      seq: 1,
      actor: 'bob',
      from: null,
      to: 'pending',
      atMs: clock.nowMs(),
    });
    expect(history[2]).toMatchObject({
      step: 'make',
      attempt: 1,
      settles: 'complete',
      output: 'make done',
      inputHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      from: 'processing',
      to: 'processing',
    });
  });

  it('is read in pages', async () => {
    const { engine } = await openBench({ workflows: [reviewed()] });
    const run = await engine.start('reviewed', {});
    await engine.drive(run.runId);

    const first = await engine.history(run.runId, { limit: 2 });
    const rest = await engine.history(run.runId, { afterSeq: 2 });

    expect([...first, ...rest]).toEqual(await engine.history(run.runId));
  });

  it('G-09: hides what is marked sensitive, and keeps salts to itself', async () => {
    const login = defineTask({
      name: 'login',
      input,
      output: z.object({ user: z.string(), token: z.string().meta({ sensitive: true }) }),
      compensate: 'none',
      run: async () => ({ user: 'bob', token: 'hunter2' }),
    });
    const workflow = defineWorkflow({
      name: 'secret',
      version: 1,
      input,
      steps(w) {
        const session = w.task('login', login, { input: w.input });
        return w.review('look', { show: session, after: [session] });
      },
    });
    const { engine, log } = await openBench({ workflows: [workflow] });
    const heard: RunEvent[] = [];
    engine.subscribe((event) => heard.push(event));
    const run = await engine.start(workflow, {});
    const view = await engine.drive(run.runId);

    const seen = JSON.stringify([
      await engine.history(run.runId),
      view,
      await engine.explain(run.runId),
      heard,
      log.lines,
    ]);

    expect(seen).not.toContain('hunter2');
    expect(seen).toContain('[redacted]');
    expect((await engine.history(run.runId)).every(({ salt }) => salt === null)).toBe(true);
  });
});

describe('G-10: verify', () => {
  async function finished() {
    const bench = await openBench({ workflows: [reviewed()] });
    const run = await bench.engine.start('reviewed', {});
    await bench.engine.drive(run.runId);
    await bench.engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await run.result();
    const { length } = await bench.engine.history(run.runId);
    return { bench, runId: run.runId, length };
  }

  /** What another engine finds in a store whose history somebody has changed. */
  async function afterwards(change: (entries: HistoryEntry[]) => HistoryEntry[]) {
    const { bench, runId, length } = await finished();
    const store: Store = {
      ...bench.store,
      history: async (id, page) => {
        const all = change([...(await bench.store.history(id, { afterSeq: 0, limit: 10_000 }))]);
        return all.filter(({ seq }) => seq > page.afterSeq).slice(0, page.limit);
      },
    };
    const { engine } = await openBench({ workflows: [reviewed()], store });
    return { report: await engine.verify(runId), length };
  }
  const at =
    (seq: number, edit: (entry: HistoryEntry) => HistoryEntry) => (entries: HistoryEntry[]) =>
      entries.map((entry) => (entry.seq === seq ? edit(entry) : entry));

  it('finds a history sound', async () => {
    const { bench, runId, length } = await finished();

    expect(await bench.engine.verify(runId)).toEqual({ runId, entries: length, fault: null });
  });

  it.each([
    [
      'the actor',
      4,
      (entry: HistoryEntry) => ({ ...entry, actor: 'mallory' }),
      /changed after it was written/,
    ],
    [
      'the time',
      2,
      (entry: HistoryEntry) => ({ ...entry, atMs: entry.atMs - 1 }),
      /changed after it was written/,
    ],
    [
      'the data',
      4,
      (entry: HistoryEntry) => ({ ...entry, data: { ...entry.data, comment: 'fine' } }),
      /changed after it was written/,
    ],
    [
      'an output',
      3,
      (entry: HistoryEntry) => ({ ...entry, output: 'something else' }),
      /output was changed/,
    ],
    [
      'an input hash',
      3,
      (entry: HistoryEntry) => ({ ...entry, inputHash: 'f'.repeat(64) }),
      /input hash was changed/,
    ],
    [
      'its own hash',
      3,
      (entry: HistoryEntry) => ({ ...entry, hash: 'f'.repeat(64) }),
      /changed after it was written/,
    ],
  ] as const)('reports the entry in which %s was edited', async (_text, seq, edit, reason) => {
    const { report } = await afterwards(at(seq, edit));

    expect(report).toMatchObject({
      entries: seq - 1,
      fault: { seq, reason: expect.stringMatching(reason) },
    });
  });

  it('reports the place where an entry was removed', async () => {
    const { report } = await afterwards((entries) => entries.filter(({ seq }) => seq !== 3));

    expect(report.fault).toEqual({ seq: 3, reason: 'entry 3 is missing' });
  });

  it('reports where the history was cut off', async () => {
    const { report, length } = await afterwards((entries) => entries.slice(0, -2));

    expect(report.fault).toEqual({
      seq: length - 1,
      reason: `the history ends at entry ${length - 2}, the run counts ${length}`,
    });
  });

  it('reports an entry that was forged with a hash of its own', async () => {
    const { report } = await afterwards(
      at(3, (entry) => ({ ...entry, previousHash: '0'.repeat(64) })),
    );

    expect(report.fault).toMatchObject({ seq: 3, reason: 'does not follow the entry before it' });
  });

  it('finds an edit of the database file itself', async () => {
    const file = aDatabaseFile();
    const bench = await openBench({ workflows: [reviewed()], store: await openSqliteStore(file) });
    const run = await bench.engine.start('reviewed', {});
    await until(async () => (await bench.engine.get(run.runId)).waitingOn[0]?.kind === 'review');
    await bench.engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await until(async () => (await bench.engine.get(run.runId)).status === 'complete');
    expect(await bench.engine.verify(run.runId)).toMatchObject({ fault: null });
    await bench.store.close();

    const database = new DatabaseSync(file);
    database.exec(`DELETE FROM history WHERE seq = 2`);
    database.close();
    const { engine } = await openBench({
      workflows: [reviewed()],
      store: await openSqliteStore(file),
    });

    await expect(engine.verify(run.runId)).resolves.toMatchObject({
      fault: { seq: 2, reason: 'entry 2 is missing' },
    });
  });

  it('erasing values leaves the chain sound, and nothing to read', async () => {
    const { bench, runId, length } = await finished();

    await bench.store.erase(runId, [1, 2, 3]);

    expect(await bench.engine.verify(runId)).toEqual({ runId, entries: length, fault: null });
    const erased = (await bench.engine.history(runId))[2];
    expect(erased).toMatchObject({ event: 'make.completed', inputHash: null });
    expect(erased).not.toHaveProperty('output');
  });

  it('of a run that goes on meanwhile finds nothing wrong', async () => {
    const bench = await openBench({ workflows: [reviewed()] });
    const run = await bench.engine.start('reviewed', {});
    await bench.engine.drive(run.runId);

    const [report] = await Promise.all([
      bench.engine.verify(run.runId),
      bench.engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' }),
    ]);
    await run.result();

    expect(report.fault).toBeNull();
  });
});

describe('checkpoint', () => {
  function computing(
    deed: (
      checkpoint: <T>(name: string, compute: () => Promise<T>) => Promise<T>,
      attempt: number,
    ) => Promise<unknown>,
  ) {
    const task = defineTask({
      name: 'compute',
      input,
      output: z.unknown(),
      timeout: '10s',
      retry: { maxAttempts: 3 },
      compensate: 'none',
      run: ({ checkpoint, attempt }) => deed(checkpoint, attempt) as Promise<string>,
    });
    return defineWorkflow({
      name: 'computing',
      version: 1,
      input,
      steps: (w) => w.task('compute', task, { input: w.input }),
    });
  }

  it('is computed once: a later attempt finds what an earlier one recorded', async () => {
    const computed: number[] = [];
    const workflow = computing(async (checkpoint, attempt) => {
      const value = await checkpoint('part', async () => {
        computed.push(attempt);
        return { at: attempt };
      });
      if (attempt < 3) throw new TransientError('later');
      return value;
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(() => computed.length === 1);

    await clock.advance(second);
    await clock.advance(2 * second);

    expect(await run.result()).toEqual({ at: 1 });
    expect(computed).toEqual([1]);
  });

  it('survives a crash of the process', async () => {
    const computed: string[] = [];
    const gate = aGate();
    const workflow = (life: string) =>
      computing(async (checkpoint) => {
        const value = await checkpoint('part', async () => {
          computed.push(life);
          return life;
        });
        if (life === 'first') await gate.pass();
        return value;
      });
    const bench = await openBench({ workflows: [workflow('first')] });
    const { runId } = await bench.engine.start('computing', {});
    await gate.reached;

    const engine = await bench.crash({ workflows: [workflow('second')] });

    expect(await engine.result(runId)).toBe('first');
    expect(computed).toEqual(['first']);
  });

  it('gives the same value to the attempt that computed it as to the next one', async () => {
    const seen: unknown[] = [];
    const workflow = computing(async (checkpoint, attempt) => {
      seen.push(
        await checkpoint('part', async () => ({ at: { toJSON: undefined, n: -0 }, list: [1] })),
      );
      seen.push(await checkpoint('nothing', async () => undefined));
      if (attempt < 2) throw new TransientError('later');
      return 'done';
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await until(() => seen.length === 2);
    await clock.advance(second);
    await run.result();

    expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  });

  it('that JSON cannot carry is refused by name at once', async () => {
    const workflow = computing((checkpoint) =>
      checkpoint('part', async () => ({ when: new Map() })),
    );
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow(/Checkpoint "part" of step "compute" at when/);
  });

  it('of an attempt that is out of time is refused', async () => {
    const gate = aGate();
    const refusals: unknown[] = [];
    const workflow = computing(async (checkpoint, attempt) => {
      if (attempt > 1) return checkpoint('part', async () => 'in time');
      await gate.pass();
      return checkpoint('part', async () => 'too late').catch((error: unknown) => {
        refusals.push(error);
        throw error;
      });
    });
    const { engine, clock, store } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await gate.reached;
    await clock.advance(10 * second);

    gate.open();
    await until(() => refusals.length === 1);
    await clock.advance(second);

    expect(refusals).toMatchObject([
      { code: 'LEASE_LOST', message: expect.stringContaining('checkpoint was refused') },
    ]);
    expect(refusals[0]).toBeInstanceOf(SignalboxError);
    expect(await run.result()).toBe('in time');
    expect(await store.checkpoints(run.runId, 1, 'compute')).toMatchObject([
      { name: 'part', value: 'in time' },
    ]);
  });
});
