import type { RunFilter, RunQuery, Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { commitAll, creation, finished, next, startMs } from './builders.ts';
import { storeCase } from './case.ts';

async function ids(store: Store, query: Partial<RunQuery> = {}): Promise<readonly string[]> {
  return (await store.list({ limit: 100, ...query })).runs.map(({ header }) => header.id);
}

function at(offset: number): { readonly createdAtMs: number } {
  return { createdAtMs: startMs + offset };
}

export const listingCases = [
  storeCase('lists runs newest first, whole', async ({ store }) => {
    const [a, b, c] = [
      creation('a', { header: at(2) }),
      creation('b', { header: at(3) }),
      creation('c', { header: at(1) }),
    ];
    await store.commit([a, b, c]);

    const page = await store.list({ limit: 10 });

    expect(page.cursor).toBeNull();
    expect(page.runs).toEqual([b, a, c].map(({ header, state }) => ({ header, state })));
  }),

  storeCase('lists a run in the state it is in now', async ({ store }) => {
    const first = await commitAll(store, creation('a'));
    const last = await commitAll(store, next(first, { state: { ...finished, body: { n: 2 } } }));

    expect((await store.list({ limit: 10 })).runs).toEqual([
      { header: first.header, state: last.state },
    ]);
  }),

  storeCase('filters by every field, and by several at once', async ({ store }) => {
    await store.commit([
      creation('a', {
        header: { ...at(1), workflow: 'refund', labels: { region: 'eu', tier: 'gold' } },
      }),
      creation('b', {
        header: { ...at(2), labels: { region: 'eu' }, parent: { runId: 'a', step: 'sub' } },
        state: { reviews: ['approval'], status: 'waiting_review' },
      }),
      creation('c', { header: { ...at(3), labels: { region: 'us' } }, state: finished }),
      creation('d', {
        header: { ...at(4), workflow: 'refund' },
        state: { status: 'failed', finishedAtMs: startMs },
      }),
    ]);

    expect(await ids(store, { workflow: 'refund' })).toEqual(['d', 'a']);
    expect(await ids(store, { status: ['complete', 'failed'] })).toEqual(['d', 'c']);
    expect(await ids(store, { status: ['processing', 'failed'] })).toEqual(['d', 'a']);
    expect(await ids(store, { status: [] })).toEqual([]);
    expect(await ids(store, { labels: { region: 'eu' } })).toEqual(['b', 'a']);
    expect(await ids(store, { labels: { region: 'eu', tier: 'gold' } })).toEqual(['a']);
    expect(await ids(store, { labels: { toString: 'x' } })).toEqual([]);
    expect(await ids(store, { labels: {} })).toEqual(['d', 'c', 'b', 'a']);
    expect(await ids(store, { parent: 'a' })).toEqual(['b']);
    expect(await ids(store, { hasReview: true })).toEqual(['b']);
    expect(await ids(store, { hasReview: true, status: ['complete'] })).toEqual([]);
    expect(await ids(store, { createdAfterMs: startMs + 1, createdBeforeMs: startMs + 4 })).toEqual(
      ['c', 'b'],
    );
    expect(await ids(store, { workflow: 'refund', status: ['failed'] })).toEqual(['d']);
    expect(
      await ids(store, { workflow: 'refund', status: ['failed'], createdBeforeMs: startMs + 4 }),
    ).toEqual([]);
    expect(await ids(store, { parent: 'a', status: ['processing'] })).toEqual([]);
  }),

  storeCase(
    'finds a text in id, key, workflow and labels, whatever its case',
    async ({ store }) => {
      const creations = [
        creation('run-a', { header: { ...at(1), workflow: 'Refund', key: 'Order 100%' } }),
        creation('run-b', { header: { ...at(2), version: 2, labels: { Team: 'Köln_Süd' } } }),
      ];
      await store.commit(creations);

      expect(await ids(store, { text: 'RUN-' })).toEqual(['run-b', 'run-a']);
      expect(await ids(store, { text: 'refund' })).toEqual(['run-a']);
      expect(await ids(store, { text: '100%' })).toEqual(['run-a']);
      expect(await ids(store, { text: '%' })).toEqual(['run-a']);
      expect(await ids(store, { text: 'team=KÖLN_' })).toEqual(['run-b']);
      expect(await ids(store, { text: 'run_a' })).toEqual([]);
      expect(await ids(store, { version: 2 })).toEqual(['run-b']);
      expect(await ids(store, { version: 2, text: 'refund' })).toEqual([]);
    },
  ),

  storeCase(
    'finds runs by what they wait for, since when, and by where they are',
    async ({ store }) => {
      const standing = (waits: Record<string, number>, ...states: string[]) => ({
        state: { standing: { waits, states } },
      });
      const first = await commitAll(
        store,
        creation('a', {
          header: at(1),
          ...standing({ review: 50, timer: 10 }, 'processing.working.approval.waiting_review'),
        }),
      );
      await store.commit([
        creation('b', {
          header: at(2),
          ...standing({ event: 100 }, 'processing.working.paid.waiting'),
        }),
        creation('c', { header: at(3), state: finished }),
      ]);

      expect(await ids(store, { waitsFor: ['review'] })).toEqual(['a']);
      expect(await ids(store, { waitsFor: ['timer', 'event'] })).toEqual(['b', 'a']);
      expect(await ids(store, { waitsBeforeMs: 51 })).toEqual(['a']);
      expect(await ids(store, { waitsFor: ['review'], waitsBeforeMs: 50 })).toEqual([]);
      expect(await ids(store, { waitsFor: ['review'], waitsBeforeMs: 51 })).toEqual(['a']);
      expect(await ids(store, { state: 'processing.working.approval' })).toEqual(['a']);
      expect(await ids(store, { state: 'processing.working' })).toEqual(['b', 'a']);
      expect(await ids(store, { state: 'processing.work' })).toEqual([]);
      expect(await ids(store, { state: 'complete' })).toEqual(['c']);
      expect(
        await ids(store, { state: 'processing', waitsFor: ['event'], workflow: 'order' }),
      ).toEqual(['b']);
      expect(await store.count({ state: 'processing', waitsFor: ['event'] })).toEqual([
        { workflow: 'order', status: 'processing', runs: 1 },
      ]);
      expect(await store.count({ waitsFor: ['review'], labels: {} })).toHaveLength(1);
      await store.commit([
        next(first, {
          state: { standing: { waits: { event: 7 }, states: ['processing.working.paid'] } },
        }),
      ]);
      expect(await ids(store, { waitsFor: ['review'] })).toEqual([]);
      expect(await ids(store, { state: 'processing.working.paid' })).toEqual(['b', 'a']);
    },
  ),

  storeCase('counts runs by workflow and status, as they are listed', async ({ store }) => {
    await store.commit([
      creation('a', { header: { ...at(1), workflow: 'refund', labels: { region: 'eu' } } }),
      creation('b', { header: { ...at(2), workflow: 'refund' }, state: finished }),
      creation('c', { header: { ...at(3), workflow: 'refund' }, state: finished }),
      creation('d', { header: { ...at(4) } }),
    ]);
    const counted = async (filter: RunFilter) =>
      Object.fromEntries(
        (await store.count(filter)).map(({ workflow, status, runs }) => [
          `${workflow} ${status}`,
          runs,
        ]),
      );

    const other = { 'order processing': 1 };
    const [open, ended] = [{ 'refund processing': 1 }, { 'refund complete': 2 }];
    expect(await counted({})).toEqual({ ...open, ...ended, ...other });
    expect(await counted({ workflow: 'refund' })).toEqual({ ...open, ...ended });
    expect(await counted({ status: ['complete', 'failed'] })).toEqual(ended);
    expect(await counted({ labels: { region: 'eu' } })).toEqual(open);
    expect(await counted({ createdAfterMs: startMs + 3 })).toEqual(other);
    expect(await counted({ text: 'REFUND', status: ['processing'] })).toEqual(open);
    expect(await counted({ hasReview: true })).toEqual({});
    expect(await counted({ status: [] })).toEqual({});
  }),

  storeCase(
    'pages without leaving out or repeating a run, also when many share an instant',
    async ({ store }) => {
      const all = Array.from({ length: 23 }, (_, index) => `run-${String(index).padStart(2, '0')}`);
      await store.commit(
        all.map((id, index) => creation(id, { header: at(Math.floor(index / 5)) })),
      );

      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await store.list({ limit: 4, ...(cursor === null ? {} : { cursor }) });
        expect(page.runs.length).toBeGreaterThan(0);
        expect(page.runs.length).toBeLessThanOrEqual(4);
        seen.push(...page.runs.map(({ header }) => header.id));
        cursor = page.cursor;
      } while (cursor !== null);

      expect([...seen].sort()).toEqual(all);
      expect(seen).toHaveLength(23);
    },
  ),

  storeCase('pages on from its cursor while runs are added and change', async ({ store }) => {
    const first = creation('a', { header: at(1) });
    await store.commit([
      first,
      creation('b', { header: at(2) }),
      creation('c', { header: at(3) }),
      creation('d', { header: at(4) }),
    ]);
    const page = await store.list({ limit: 2 });
    expect(page.runs.map(({ header }) => header.id)).toEqual(['d', 'c']);

    await store.commit([creation('e', { header: at(5) }), next(first, { state: finished })]);

    expect(
      await ids(store, { limit: 2, ...(page.cursor === null ? {} : { cursor: page.cursor }) }),
    ).toEqual(['b', 'a']);
    expect(await ids(store)).toEqual(['e', 'd', 'c', 'b', 'a']);
  }),

  storeCase('pages through what a filter leaves', async ({ store }) => {
    await store.commit(
      Array.from({ length: 12 }, (_, index) =>
        creation(`run-${String(index).padStart(2, '0')}`, {
          header: at(index),
          state:
            index % 3 === 0 ? finished : { status: index % 3 === 1 ? 'pending' : 'processing' },
        }),
      ),
    );

    const query = { status: ['complete', 'pending'], limit: 5 } as const;
    const page = await store.list(query);
    const rest = await store.list({
      ...query,
      ...(page.cursor === null ? {} : { cursor: page.cursor }),
    });

    expect(page.runs.map(({ header }) => header.id)).toEqual([
      'run-10',
      'run-09',
      'run-07',
      'run-06',
      'run-04',
    ]);
    expect(rest.runs.map(({ header }) => header.id)).toEqual(['run-03', 'run-01', 'run-00']);
    expect(rest.cursor).toBeNull();
  }),

  storeCase(
    'refuses a cursor that no list gave out, and a limit out of bounds',
    async ({ store }) => {
      await expect(store.list({ limit: 10, cursor: 'nonsense' })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      await expect(store.list({ limit: 0 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(store.list({ limit: 1_001 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    },
  ),

  storeCase('knows of no damaged runs', async ({ store }) => {
    await commitAll(store, creation('a'));

    expect(await store.damaged()).toEqual([]);
  }),
];
