import type { JsonObject } from '../../plan/json.ts';
import type { RecordChange, RecordPage, Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { commitAll, creation, finished, startMs } from './builders.ts';
import { storeCase } from './case.ts';

function aChange(key: string, change: Partial<RecordChange> = {}): RecordChange {
  return { collection: 'deliveries', key, expectedRevision: 0, value: { key }, ...change };
}

async function keys(
  store: Store,
  page: Partial<RecordPage> = {},
  collection = 'deliveries',
): Promise<readonly string[]> {
  return (await store.records(collection, { limit: 100, ...page })).map(({ key }) => key);
}

export const recordCases = [
  storeCase('keeps records by collection and key', async ({ store }) => {
    const value = { nested: [1, null, { deep: 'é\n' }], empty: {} };
    expect(
      await store.saveRecords([aChange('a', { value }), aChange('a', { collection: 'tokens' })]),
    ).toBe(true);

    expect(await store.record('deliveries', 'a')).toEqual({
      collection: 'deliveries',
      key: 'a',
      revision: 1,
      value,
    });
    expect((await store.record('tokens', 'a'))?.value).toEqual({ key: 'a' });
    expect(await store.record('deliveries', 'b')).toBeNull();
    expect(await store.record('sessions', 'a')).toBeNull();
    expect(await store.records('sessions', { limit: 1 })).toEqual([]);
  }),

  storeCase('replaces and removes a record only at the revision it has', async ({ store }) => {
    const changes = (parts: Partial<RecordChange>) => store.saveRecords([aChange('a', parts)]);
    expect(await changes({ expectedRevision: 1 })).toBe(false);
    expect(await changes({ value: null, expectedRevision: 1 })).toBe(false);
    expect(await changes({})).toBe(true);
    expect(await changes({ value: { lost: true } })).toBe(false);
    expect(await changes({ expectedRevision: 1, value: { n: 2 } })).toBe(true);
    expect(await changes({ expectedRevision: 1, value: null })).toBe(false);
    expect(await store.record('deliveries', 'a')).toMatchObject({ revision: 2, value: { n: 2 } });

    expect(await changes({ expectedRevision: 2, value: null })).toBe(true);
    expect(await store.record('deliveries', 'a')).toBeNull();
    expect(await keys(store)).toEqual([]);
    expect(await changes({ value: { n: 1 } })).toBe(true);
    expect((await store.record('deliveries', 'a'))?.revision).toBe(1);
  }),

  storeCase('writes all records of a group or none', async ({ store }) => {
    await store.saveRecords([aChange('a')]);

    expect(
      await store.saveRecords([
        aChange('b'),
        aChange('a', { expectedRevision: 1, value: null }),
        aChange('c', { expectedRevision: 3 }),
      ]),
    ).toBe(false);

    expect(await keys(store)).toEqual(['a']);
    expect((await store.record('deliveries', 'a'))?.revision).toBe(1);
  }),

  storeCase('lets later changes of a group build on earlier ones', async ({ store }) => {
    expect(
      await store.saveRecords([
        aChange('a'),
        aChange('a', { expectedRevision: 1, value: { n: 2 } }),
        aChange('b'),
        aChange('b', { expectedRevision: 1, value: null }),
      ]),
    ).toBe(true);

    expect(await store.record('deliveries', 'a')).toMatchObject({ revision: 2, value: { n: 2 } });
    expect(await keys(store)).toEqual(['a']);
  }),

  storeCase('of changes at the same time lets one through', async ({ store }) => {
    const outcomes = await Promise.all(
      [1, 2, 3].map((n) =>
        store.saveRecords([aChange('a', { value: { n } }), aChange(`only-${n}`)]),
      ),
    );

    expect(outcomes.filter(Boolean)).toHaveLength(1);
    const winner = outcomes.indexOf(true) + 1;
    expect((await store.record('deliveries', 'a'))?.value).toEqual({ n: winner });
    expect(await keys(store)).toEqual(['a', `only-${winner}`]);
  }),

  storeCase('lists records in order of their keys', async ({ store }) => {
    const sorted = [
      '2026-01',
      '2026-02/a',
      '2026-02/b',
      '2026-03',
      'Z',
      'a',
      'é',
      '\u{ff5e}',
      '😀',
    ];
    for (const key of [...sorted].reverse()) await store.saveRecords([aChange(key)]);
    await store.saveRecords([aChange('other', { collection: 'deliverie' })]);
    await store.saveRecords([aChange('other', { collection: 'deliveriess' })]);

    expect(await keys(store)).toEqual(sorted);
    expect(await keys(store, { order: 'descending' })).toEqual([...sorted].reverse());
    expect(await keys(store, { limit: 2 })).toEqual(sorted.slice(0, 2));
    expect(await keys(store, { limit: 2, order: 'descending' })).toEqual(['😀', '\u{ff5e}']);
    expect(await keys(store, { prefix: '2026-02' })).toEqual(['2026-02/a', '2026-02/b']);
    expect(await keys(store, { prefix: '2026-02', order: 'descending', limit: 1 })).toEqual([
      '2026-02/b',
    ]);
    expect(await keys(store, { after: '2026-02/a', limit: 2 })).toEqual(['2026-02/b', '2026-03']);
    expect(await keys(store, { after: '2026-02', before: '2026-03' })).toEqual([
      '2026-02/a',
      '2026-02/b',
    ]);
    expect(await keys(store, { before: '2026-03', order: 'descending', limit: 1 })).toEqual([
      '2026-02/b',
    ]);
    expect(await keys(store, { prefix: '2026', after: '2026-03' })).toEqual([]);
    expect(await keys(store, { prefix: 'Y' })).toEqual([]);
    expect(await keys(store, { after: 'a', before: 'Z' })).toEqual([]);
  }),

  storeCase('F-10: keeps keys apart that a file system would not', async ({ store }) => {
    const odd = ['a/b', 'a%2Fb', 'a\\b', '../a', '.', 'con', 'A', 'a', "'; --", '%', '_', '~', ' '];
    for (const key of odd) expect(await store.saveRecords([aChange(key)])).toBe(true);

    for (const key of odd) expect((await store.record('deliveries', key))?.value).toEqual({ key });
    expect([...(await keys(store))].sort()).toEqual([...odd].sort());
    expect(await keys(store, { prefix: '%' })).toEqual(['%']);
  }),

  storeCase('refuses records and pages that are too large, naming the limit', async ({ store }) => {
    const value: JsonObject = { text: 'x'.repeat(4 * 1024 * 1024) };
    await expect(store.saveRecords([aChange('a'), aChange('b', { value })])).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      details: { limit: 4_194_304 },
    });
    await expect(store.saveRecords([])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(
      store.saveRecords(Array.from({ length: 1_001 }, (_, n) => aChange(`${n}`))),
    ).rejects.toMatchObject({
      details: { limit: 1_000 },
    });
    await expect(store.saveRecords([aChange('x'.repeat(501))])).rejects.toMatchObject({
      details: { limit: 500 },
    });
    await expect(store.saveRecords([aChange('a\0')])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(store.saveRecords([aChange('')])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(store.saveRecords([aChange('\ud800')])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(store.records('deliveries', { limit: 1_001 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });

    expect(await keys(store)).toEqual([]);
  }),

  storeCase('shares no record with its callers', async ({ store }) => {
    const given = { list: [1] };
    const saving = store.saveRecords([aChange('a', { value: given })]);
    given.list.push(2);
    await saving;

    const [found] = await store.records('deliveries', { limit: 1 });
    if (found !== undefined) Object.assign(found.value, { list: [] });

    expect((await store.record('deliveries', 'a'))?.value).toEqual({ list: [1] });
  }),

  storeCase('prunes no records', async ({ store }) => {
    await commitAll(store, creation('run-1', { state: finished }));
    await store.saveRecords([aChange('a')]);

    await store.prune({ finishedBeforeMs: startMs * 2, dryRun: false });

    expect(await keys(store)).toEqual(['a']);
  }),

  storeCase(
    'finds records again when it is reopened, and in a backup',
    async ({ store, reopen, openAt, freshLocation }) => {
      for (let n = 1; n <= 20; n++)
        await store.saveRecords([
          aChange(`key-${n}`),
          aChange('last', { expectedRevision: n - 1, value: { n } }),
        ]);
      await store.saveRecords([aChange('key-1', { expectedRevision: 1, value: null })]);
      const destination = freshLocation();
      await store.backup(destination);

      for (const found of [await reopen(), await openAt(destination)]) {
        expect(await keys(found)).toHaveLength(20);
        expect(await found.record('deliveries', 'key-1')).toBeNull();
        expect(await found.record('deliveries', 'last')).toMatchObject({
          revision: 20,
          value: { n: 20 },
        });
        expect(await found.saveRecords([aChange('last', { expectedRevision: 20 })])).toBe(true);
      }
    },
    'persistent',
  ),

  storeCase(
    'lets two stores on one place save a record, each revision once',
    async ({ store, openAnother }) => {
      const other = await openAnother();

      const outcomes = await Promise.all(
        [store, other].map((one, by) => one.saveRecords([aChange('a', { value: { by } })])),
      );

      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await other.record('deliveries', 'a')).toEqual(await store.record('deliveries', 'a'));
    },
    'concurrent',
  ),
];
