import { expect } from '../vitest.ts';
import {
  aHeader,
  aMessage,
  anEntry,
  aState,
  commitAll,
  creation,
  next,
  startMs,
} from './builders.ts';
import { storeCase } from './case.ts';

export const commitCases = [
  storeCase('knows nothing of a run that was never created', async ({ store }) => {
    expect(await store.load('run-1')).toBeNull();
    expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toEqual([]);
    expect(await store.settled('run-1', 1)).toEqual([]);
    expect(await store.checkpoints('run-1', 1, 'charge')).toEqual([]);
    expect(await store.items('run-1', 1, 'each', { afterIndex: -1, limit: 10 })).toEqual([]);
    expect(await store.inbox('run-1')).toEqual([]);
  }),

  storeCase('creates a run and returns it as it was given', async ({ store }) => {
    const commit = creation('run-1', {
      header: {
        key: 'k',
        labels: { region: 'eu' },
        parent: { runId: 'run-0', step: 'sub' },
        depth: 1,
        input: [1, 'two', null],
      },
      state: {
        lease: { owner: 'a', expiresAtMs: startMs + 10 },
        awaits: ['paid'],
        reviews: ['approval'],
        dueAtMs: startMs + 5,
        active: true,
      },
    });

    expect(await store.commit([commit])).toEqual([{ outcome: 'committed' }]);

    expect(await store.load('run-1')).toEqual({ header: commit.header, state: commit.state });
    expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toEqual(commit.history);
  }),

  storeCase('replaces the state and appends to the history', async ({ store }) => {
    const first = creation('run-1');
    const second = next(first, {
      state: {
        status: 'waiting_review',
        body: { snapshot: { value: 'review' } },
        reviews: ['completion'],
      },
    });

    await commitAll(store, first, second);

    expect(await store.load('run-1')).toEqual({ header: first.header, state: second.state });
    expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toEqual([
      ...first.history,
      ...second.history,
    ]);
  }),

  storeCase('refuses to create a run twice', async ({ store }) => {
    const first = creation('run-1', { header: { input: 'first' } });
    await commitAll(store, first);

    expect(await store.commit([creation('run-1', { header: { input: 'second' } })])).toEqual([
      { outcome: 'conflict' },
    ]);

    expect(await store.load('run-1')).toEqual({ header: first.header, state: first.state });
  }),

  storeCase('refuses a commit on a run that does not exist', async ({ store }) => {
    expect(await store.commit([next(creation('run-1'))])).toEqual([{ outcome: 'conflict' }]);
    expect(await store.load('run-1')).toBeNull();
  }),

  storeCase('D-07: refuses a commit on a stale revision', async ({ store }) => {
    const first = creation('run-1');
    const second = next(first, { state: { body: { winner: 'second' } } });
    await commitAll(store, first, second);

    expect(await store.commit([next(first, { state: { body: { winner: 'late' } } })])).toEqual([
      { outcome: 'conflict' },
    ]);

    expect((await store.load('run-1'))?.state).toEqual(second.state);
    expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toHaveLength(2);
  }),

  storeCase('D-07: refuses a commit of an engine whose epoch is over', async ({ store }) => {
    const first = creation('run-1');
    const takeover = next(first, {
      state: { epoch: 2, lease: { owner: 'b', expiresAtMs: startMs + 10 } },
    });
    await commitAll(store, first, takeover);

    const zombie = { ...next(takeover, { state: { body: { by: 'zombie' } } }), expectedEpoch: 1 };
    expect(await store.commit([zombie])).toEqual([{ outcome: 'conflict' }]);

    expect((await store.load('run-1'))?.state).toEqual(takeover.state);
  }),

  storeCase('writes nothing at all of a commit in conflict', async ({ store }) => {
    const first = creation('run-1');
    await commitAll(store, first, next(first));
    await store.send([aMessage({ id: 'm-1' })]);

    const late = next(first, {
      messages: [aMessage({ id: 'm-2' })],
      answers: [{ id: 'm-1', answer: { ok: true } }],
      remember: [{ key: 'r-1', output: 1, claimant: 'run-1/charge', expiresAtMs: startMs + 1_000 }],
    });
    expect(await store.commit([late])).toEqual([{ outcome: 'conflict' }]);

    expect(await store.answer('m-1')).toEqual({ answer: null });
    expect(await store.answer('m-2')).toBeNull();
    expect(
      await store.claimResult(
        { key: 'r-1', claimant: 'run-2/charge', expiresAtMs: startMs + 1_000 },
        startMs,
      ),
    ).toBeNull();
  }),

  storeCase('writes the others of a batch in which one is in conflict', async ({ store }) => {
    const [one, two, three] = [creation('run-1'), next(creation('run-2')), creation('run-3')];

    const outcomes = await store.commit([one, two, three]);

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'conflict', 'committed']);
    expect((await store.load('run-1'))?.state).toEqual(one.state);
    expect((await store.load('run-3'))?.state).toEqual(three.state);
  }),

  storeCase(
    'takes several commits of one run in one batch, each built on the one before',
    async ({ store }) => {
      const first = creation('run-1');
      const second = next(first, { state: { body: { n: 2 }, awaits: ['paid'] } });
      const third = next(second, { state: { body: { n: 3 }, awaits: [] } });

      expect(await store.commit([first, second, third])).toEqual([
        { outcome: 'committed' },
        { outcome: 'committed' },
        { outcome: 'committed' },
      ]);

      expect((await store.load('run-1'))?.state).toEqual(third.state);
      expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toEqual([
        ...first.history,
        ...second.history,
        ...third.history,
      ]);
      expect(await store.awaiting('paid')).toEqual([]);
    },
  ),

  storeCase(
    'D-08: of two commits on one revision in a batch, takes the first',
    async ({ store }) => {
      const first = await commitAll(store, creation('run-1'));

      const outcomes = await store.commit([
        next(first, { state: { body: { by: 1 } } }),
        next(first, { state: { body: { by: 2 } } }),
      ]);

      expect(outcomes).toEqual([{ outcome: 'committed' }, { outcome: 'conflict' }]);
      expect((await store.load('run-1'))?.state.body).toEqual({ by: 1 });
    },
  ),

  storeCase(
    'D-08: of many commits on one revision at once, takes exactly one',
    async ({ store }) => {
      const first = await commitAll(store, creation('run-1'));

      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, by) =>
          store.commit([next(first, { state: { body: { by } } })]),
        ),
      );

      expect(outcomes.flat().filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
      expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toHaveLength(2);
    },
  ),

  storeCase('replaces the header of a run that moves to another version', async ({ store }) => {
    const first = creation('run-1', { header: { version: 1, planHash: 'hash-1' } });
    const moved = { ...aHeader({ id: 'run-1' }), version: 2, planHash: 'hash-2' };
    await store.commit([first, creation('run-2')]);

    const second = { ...next(first), header: moved };
    expect(await store.commit([second])).toEqual([{ outcome: 'committed' }]);

    expect(await store.load('run-1')).toEqual({ header: moved, state: second.state });
    expect((await store.list({ limit: 10 })).runs).toHaveLength(2);
    const third = next(second);
    await store.commit([third]);
    expect(await store.load('run-1')).toEqual({ header: moved, state: third.state });
  }),

  storeCase('leaves the header of a run alone if the commit is stale', async ({ store }) => {
    const first = creation('run-1', { header: { version: 1 } });
    const second = next(first);
    await store.commit([first, second]);

    const late = { ...next(first), header: { ...aHeader({ id: 'run-1' }), version: 2 } };
    expect(await store.commit([late])).toEqual([{ outcome: 'conflict' }]);

    expect(await store.load('run-1')).toEqual({ header: first.header, state: second.state });
  }),

  storeCase('writes nothing of a batch that contradicts itself', async ({ store }) => {
    const broken = { ...creation('run-2'), header: null };

    await expect(store.commit([creation('run-1'), broken])).rejects.toThrow();

    expect(await store.load('run-1')).toBeNull();
  }),

  storeCase('accepts fast commits and an empty batch', async ({ store }) => {
    const first = creation('run-1', { durability: 'fast' });

    expect(await store.commit([first, next(first, { durability: 'fast' })])).toEqual([
      { outcome: 'committed' },
      { outcome: 'committed' },
    ]);
    expect(await store.commit([])).toEqual([]);

    expect((await store.load('run-1'))?.state.revision).toBe(2);
  }),

  storeCase('pages the history in ascending order', async ({ store }) => {
    const history = Array.from({ length: 25 }, (_, index) =>
      anEntry({ seq: index + 1, data: { index } }),
    );
    const first = creation('run-1', { history });
    await commitAll(
      store,
      first,
      next(first, { history: [anEntry({ seq: 26 }), anEntry({ seq: 27 })] }),
    );

    const seqs = async (afterSeq: number, limit: number) =>
      (await store.history('run-1', { afterSeq, limit })).map(({ seq }) => seq);

    expect(await seqs(0, 3)).toEqual([1, 2, 3]);
    expect(await seqs(3, 4)).toEqual([4, 5, 6, 7]);
    expect(await seqs(24, 10)).toEqual([25, 26, 27]);
    expect(await seqs(27, 10)).toEqual([]);
  }),

  storeCase(
    'returns the settling entries of one generation, ascending, only those of the steps asked for',
    async ({ store }) => {
      const history = [
        anEntry({ seq: 1, step: 'a', settles: 'complete', output: 1, generation: 1 }),
        anEntry({ seq: 2, step: 'c', settles: 'skipped', generation: 2 }),
        anEntry({ seq: 3, step: 'a', settles: null, generation: 2 }),
        anEntry({ seq: 4, step: 'b', settles: 'complete', output: null, generation: 2 }),
        anEntry({ seq: 5, step: 'a', settles: 'failed', error: { message: 'no' }, generation: 2 }),
      ];
      await commitAll(store, creation('run-1', { history }), creation('run-2', { history }));

      expect(await store.settled('run-1', 2)).toEqual([history[1], history[3], history[4]]);
      expect(await store.settled('run-1', 2, ['a', 'c'])).toEqual([history[1], history[4]]);
      expect(await store.settled('run-1', 1)).toEqual([history[0]]);
      expect(await store.settled('run-1', 2, [])).toEqual([]);
      expect(await store.settled('run-1', 3)).toEqual([]);
    },
  ),

  storeCase('keeps a result of null apart from no result', async ({ store }) => {
    await commitAll(
      store,
      creation('run-1', { history: [anEntry({ seq: 1, output: null }), anEntry({ seq: 2 })] }),
    );

    const [withNull, without] = await store.history('run-1', { afterSeq: 0, limit: 10 });

    expect(withNull).toHaveProperty('output', null);
    expect(without).not.toHaveProperty('output');
  }),

  storeCase('keeps the rest of a state that changes in one field only', async ({ store }) => {
    const base = aState({
      status: 'waiting_review',
      reviews: ['approval'],
      awaits: ['paid'],
      dueAtMs: startMs,
      active: true,
    });
    let last = await commitAll(store, creation('run-1', { state: base }));
    const changes = [
      { status: 'processing' },
      { reviews: [] },
      { awaits: [] },
      { dueAtMs: null },
      { active: false },
      { pausedAtMs: startMs },
      { lease: { owner: 'a', expiresAtMs: 1 } },
      { lease: { owner: 'a', expiresAtMs: 2 } },
      { lease: null },
      { generation: 2 },
      { epoch: 7 },
    ] as const;
    for (const state of changes) {
      last = await commitAll(store, next(last, { state }));
      expect((await store.load('run-1'))?.state).toEqual(last.state);
    }
  }),
];
