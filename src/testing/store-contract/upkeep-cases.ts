import type { ExportedRun, PruneQuery, Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import {
  aBreaker,
  aMessage,
  anEntry,
  anItem,
  aPlan,
  commitAll,
  creation,
  finished,
  next,
  startMs,
} from './builders.ts';
import { storeCase } from './case.ts';

const fence = { runId: 'run-1', epoch: 1 };
const aCheckpoint = { runId: 'run-1', generation: 1, path: 'agent', name: 'turn-1', value: 1 };

async function exported(store: Store): Promise<readonly ExportedRun[]> {
  const runs: ExportedRun[] = [];
  for await (const run of store.export()) runs.push(run);
  return runs.sort((a, b) => (a.header.id < b.header.id ? -1 : 1));
}

async function prune(store: Store, query: Partial<PruneQuery> = {}): Promise<readonly string[]> {
  return [
    ...(await store.prune({ finishedBeforeMs: startMs + 1_001, dryRun: false, ...query })),
  ].sort();
}

/** One of everything the store keeps. */
async function fill(store: Store): Promise<void> {
  const claim = { key: 'order/k-1', payloadHash: 'p', atMs: startMs, expiresAtMs: startMs + 5_000 };
  const first = creation('run-1', {
    claim,
    state: {
      awaits: ['paid'],
      dueAtMs: startMs + 7,
      lease: { owner: 'a', expiresAtMs: startMs + 3 },
    },
  });
  await commitAll(store, first, creation('run-2', { state: finished }));
  await store.saveCheckpoint(aCheckpoint, fence);
  await store.saveItems([anItem(0), anItem(1)], fence);
  await store.send([
    aMessage({ id: 'm-1' }),
    aMessage({ id: 'm-2' }),
    aMessage({ id: 'm-3', runId: null }),
  ]);
  await commitAll(
    store,
    next(first, {
      answers: [{ id: 'm-1', answer: { ok: 1 } }],
      messages: [aMessage({ id: 'm-4', runId: 'run-2' })],
      remember: [{ key: 'r', output: 5, claimant: 'run-1/a', expiresAtMs: startMs + 9 }],
    }),
  );
  await store.saveBreaker(aBreaker());
  await store.savePlan(aPlan());
}

async function expectFilled(store: Store): Promise<void> {
  expect((await store.load('run-1'))?.state).toMatchObject({
    revision: 2,
    awaits: ['paid'],
    lease: { owner: 'a' },
  });
  expect((await store.load('run-2'))?.state).toMatchObject(finished);
  expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toHaveLength(2);
  expect(await store.checkpoints('run-1', 1, 'agent')).toEqual([aCheckpoint]);
  expect(await store.items('run-1', 1, 'each', { afterIndex: -1, limit: 10 })).toEqual([
    anItem(0),
    anItem(1),
  ]);
  expect((await store.inbox('run-1')).map(({ id }) => id)).toEqual(['m-2']);
  expect((await store.inbox('run-2')).map(({ id }) => id)).toEqual(['m-4']);
  expect((await store.inbox(null)).map(({ id }) => id)).toEqual(['m-3']);
  expect(await store.answer('m-1')).toEqual({ answer: { ok: 1 } });
  expect(await store.send([aMessage({ id: 'm-1' })])).toEqual(['m-1']);
  expect(await store.key('order/k-1', startMs)).toMatchObject({ runId: 'run-1' });
  expect(
    await store.claimResult({ key: 'r', claimant: 'x', expiresAtMs: startMs + 9 }, startMs),
  ).toMatchObject({ output: 5 });
  expect(await store.breakers()).toEqual([aBreaker()]);
  expect(await store.plan('order', 1, 'hash-1')).toEqual(aPlan());
  expect(await store.awaiting('paid')).toEqual(['run-1']);
  expect(await store.nextDueAtMs()).toBe(startMs + 7);
  expect((await store.list({ limit: 10 })).runs).toHaveLength(2);
  const claimable = await store.claimable({
    nowMs: startMs,
    owner: 'b',
    anyLease: true,
    limit: 10,
  });
  expect([...claimable].sort()).toEqual(['run-1', 'run-2']);
  expect(await store.damaged()).toEqual([]);
}

export const upkeepCases = [
  storeCase(
    'erases outputs, input hashes and salts, and keeps what the chain is made of',
    async ({ store }) => {
      const entry = anEntry({
        seq: 2,
        output: { name: 'Ann' },
        outputDigest: 'od',
        inputHash: 'ih',
        inputDigest: 'id',
        salt: 's',
        settles: 'complete',
      });
      const others = [anEntry({ seq: 1, output: 1 }), anEntry({ seq: 3, output: 3 })];
      await commitAll(
        store,
        creation('run-1', { history: [...others.slice(0, 1), entry, ...others.slice(1)] }),
      );

      await store.erase('run-1', [2, 99]);
      await store.erase('unknown', [1]);

      const { output: _, ...kept } = entry;
      const history = await store.history('run-1', { afterSeq: 0, limit: 10 });
      expect(history).toEqual([others[0], { ...kept, inputHash: null, salt: null }, others[1]]);
      expect(history[1]).not.toHaveProperty('output');
      expect(await store.settled('run-1', 1)).toEqual([history[1]]);
    },
  ),

  storeCase('erases in a run that has finished', async ({ store }) => {
    await commitAll(
      store,
      creation('run-1', { history: [anEntry({ seq: 1, output: 'secret' })], state: finished }),
    );

    await store.erase('run-1', [1]);

    expect((await store.history('run-1', { afterSeq: 0, limit: 10 }))[0]).not.toHaveProperty(
      'output',
    );
    expect((await store.load('run-1'))?.state).toMatchObject(finished);
  }),

  storeCase('prunes children with their parents, not before', async ({ store }) => {
    const childOf = (id: string, runId: string) =>
      creation(id, { header: { parent: { runId, step: 'part' }, depth: 1 }, state: finished });
    await store.commit([
      creation('alive'),
      childOf('child', 'alive'),
      childOf('grandchild', 'child'),
      creation('young', { state: { status: 'failed', finishedAtMs: startMs + 1_001 } }),
      childOf('of young', 'young'),
      creation('old', { state: finished }),
      childOf('of old', 'old'),
      creation('failed', { state: { ...finished, status: 'failed' } }),
      childOf('of failed', 'failed'),
      childOf('orphan', 'gone'),
    ]);
    const pruned = ['of old', 'old', 'orphan'];

    const complete = { status: ['complete'] } as const;
    expect(await prune(store, { ...complete, dryRun: true })).toEqual(pruned);
    expect(await prune(store, complete)).toEqual(pruned);
    expect(await prune(store)).toEqual(['failed', 'of failed']);

    expect((await store.load('grandchild'))?.state).toMatchObject(finished);
  }),

  storeCase('prunes what finished before a date, and nothing that is alive', async ({ store }) => {
    await store.commit([
      creation('old', { state: finished }),
      creation('young', { state: { status: 'complete', finishedAtMs: startMs + 1_001 } }),
      creation('alive'),
      creation('active', { state: { ...finished, status: 'failed', active: true } }),
    ]);

    expect(await prune(store)).toEqual(['old']);

    expect(await store.load('old')).toBeNull();
    expect(await store.history('old', { afterSeq: 0, limit: 10 })).toEqual([]);
    expect((await store.list({ limit: 10 })).runs).toHaveLength(3);
    expect(await prune(store)).toEqual([]);
  }),

  storeCase('prunes by status and workflow, and only counts when asked to', async ({ store }) => {
    await store.commit([
      creation('a', { state: finished }),
      creation('b', { state: { ...finished, status: 'failed' } }),
      creation('c', { state: { ...finished, status: 'failed' }, header: { workflow: 'refund' } }),
    ]);

    expect(await prune(store, { dryRun: true })).toEqual(['a', 'b', 'c']);
    expect((await store.list({ limit: 10 })).runs).toHaveLength(3);
    expect(await prune(store, { status: ['failed'], workflow: 'refund' })).toEqual(['c']);
    expect(await prune(store, { status: ['failed'] })).toEqual(['b']);
    expect(await prune(store, { workflow: 'order' })).toEqual(['a']);
  }),

  storeCase('prunes everything that belongs to a run', async ({ store }) => {
    const claim = {
      key: 'order/k-1',
      payloadHash: 'p',
      atMs: startMs,
      expiresAtMs: startMs + 9_000_000,
    };
    const first = creation('run-1', { claim });
    await commitAll(store, first);
    await store.saveCheckpoint(aCheckpoint, fence);
    await store.saveItems([anItem(0)], fence);
    await store.send([aMessage({ id: 'm-1' })]);
    await commitAll(store, next(first, { state: finished, answers: [{ id: 'm-1', answer: {} }] }));

    expect(await prune(store)).toEqual(['run-1']);

    expect(await store.checkpoints('run-1', 1, 'agent')).toEqual([]);
    expect(await store.items('run-1', 1, 'each', { afterIndex: -1, limit: 10 })).toEqual([]);
    expect(await store.answer('m-1')).toBeNull();
    expect(await store.key('order/k-1', startMs)).toBeNull();
    expect(await store.commit([creation('run-1', { claim })])).toEqual([{ outcome: 'committed' }]);
    expect(await store.checkpoints('run-1', 1, 'agent')).toEqual([]);
  }),

  storeCase('exports every run with its parts', async ({ store }) => {
    await fill(store);

    const runs = await exported(store);

    expect(runs.map(({ header }) => header.id)).toEqual(['run-1', 'run-2']);
    expect(runs[0]).toEqual({
      ...(await store.load('run-1')),
      history: await store.history('run-1', { afterSeq: 0, limit: 10 }),
      checkpoints: [aCheckpoint],
      items: [anItem(0), anItem(1)],
    });
  }),

  storeCase('exports one moment, whatever is written meanwhile', async ({ store }) => {
    const [a, b, c] = [creation('a'), creation('b'), creation('c', { state: finished })];
    await store.commit([a, b, c]);

    const runs: ExportedRun[] = [];
    for await (const run of store.export()) {
      if (runs.length === 0) {
        const retried = { status: 'pending', finishedAtMs: null, active: true } as const;
        await store.commit([
          next(a, { state: finished }),
          next(b),
          next(c, { state: retried }),
          creation('d'),
        ]);
      }
      runs.push(run);
    }

    expect(runs.map(({ header }) => header.id).sort()).toEqual(['a', 'b', 'c']);
    for (const run of runs) expect([run.state.revision, run.history.length]).toEqual([1, 1]);
  }),

  storeCase(
    'finds everything again when it is opened again',
    async ({ store, reopen }) => {
      await fill(store);

      await expectFilled(await reopen());
    },
    'persistent',
  ),

  storeCase(
    'goes on after it was opened again',
    async ({ store, reopen }) => {
      const first = await commitAll(
        store,
        creation('run-1'),
        creation('done', { state: finished }),
      );
      const done = creation('done', { state: finished });
      const again = await reopen();

      expect(await again.commit([creation('run-1'), creation('done')])).toEqual([
        { outcome: 'conflict' },
        { outcome: 'conflict' },
      ]);
      await commitAll(
        again,
        next(done, { state: { status: 'pending', finishedAtMs: null, active: true } }),
      );
      await again.send([aMessage({ id: 'm-1' }), aMessage({ id: 'm-2' })]);
      const last = await reopen();

      expect((await last.load('done'))?.state).toMatchObject({ status: 'pending', revision: 2 });
      await last.send([aMessage({ id: 'm-0' })]);
      expect((await last.inbox('run-1')).map(({ id }) => id)).toEqual(['m-1', 'm-2', 'm-0']);
      expect(first.runId).toBe('done');
    },
    'persistent',
  ),

  storeCase(
    'A-15: backs up while it is in use, into a copy that opens as a store',
    async ({ store, freshLocation, openAt }) => {
      await fill(store);
      const destination = freshLocation();

      await Promise.all([store.backup(destination), store.commit([creation('run-9')])]);
      await commitAll(store, creation('run-10'));

      const copy = await openAt(destination);
      expect((await copy.load('run-1'))?.state.revision).toBe(2);
      expect(await copy.load('run-10')).toBeNull();
      if ((await copy.load('run-9')) !== null)
        expect(await copy.history('run-9', { afterSeq: 0, limit: 10 })).toHaveLength(1);
      expect(await copy.key('order/k-1', startMs)).toMatchObject({ runId: 'run-1' });
      expect((await copy.inbox('run-1')).map(({ id }) => id)).toEqual(['m-2']);
      expect(await copy.breakers()).toEqual([aBreaker()]);
    },
    'persistent',
  ),

  storeCase(
    'A-15: does not back up over something that is there',
    async ({ store, freshLocation }) => {
      const destination = freshLocation();
      await store.backup(destination);

      await expect(store.backup(destination)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    },
    'persistent',
  ),

  storeCase('refuses every call after it was closed', async ({ store }) => {
    await store.close();
    await store.close();

    await expect(store.load('run-1')).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(store.commit([creation('run-1')])).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(store.list({ limit: 1 })).rejects.toMatchObject({ code: 'CLOSED' });
  }),

  storeCase(
    'D-05: lets two stores on one place commit, each revision once',
    async ({ store, openAnother }) => {
      const other = await openAnother();
      const first = await commitAll(store, creation('run-1'));

      const outcomes = await Promise.all(
        [store, other].map((one, by) => one.commit([next(first, { state: { body: { by } } })])),
      );

      expect(
        outcomes
          .flat()
          .map(({ outcome }) => outcome)
          .sort(),
      ).toEqual(['committed', 'conflict']);
      expect(await other.load('run-1')).toEqual(await store.load('run-1'));
    },
    'concurrent',
  ),
];
