import type { RunCommit } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { aBreaker, aPlan, commitAll, creation, next, startMs } from './builders.ts';
import { storeCase } from './case.ts';

const ttlMs = 1_000;

function claiming(
  id: string,
  atMs = startMs,
  payloadHash = 'payload-1',
  key = 'order/k-1',
): RunCommit {
  return creation(id, { claim: { key, payloadHash, atMs, expiresAtMs: atMs + ttlMs } });
}

const result = { key: 'charge/o-1', claimant: 'run-1/charge', expiresAtMs: startMs + ttlMs };

export const keyCases = [
  storeCase('D-01: gives a key to one run and names it to all others', async ({ store }) => {
    await commitAll(store, claiming('run-1'));

    expect(await store.commit([claiming('run-2', startMs + ttlMs - 1)])).toEqual([
      { outcome: 'duplicate', runId: 'run-1', payloadHash: 'payload-1' },
    ]);

    expect(await store.load('run-2')).toBeNull();
    expect(await store.key('order/k-1', startMs)).toEqual({
      key: 'order/k-1',
      payloadHash: 'payload-1',
      atMs: startMs,
      expiresAtMs: startMs + ttlMs,
      runId: 'run-1',
    });
  }),

  storeCase('D-01: gives a key to one of 50 runs that claim it at once', async ({ store }) => {
    const outcomes = (
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => store.commit([claiming(`run-${index}`)])),
      )
    ).flat();

    const winner = (await store.key('order/k-1', startMs))?.runId;
    expect(outcomes.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
    expect(
      outcomes.filter((one) => one.outcome === 'duplicate' && one.runId === winner),
    ).toHaveLength(49);
    expect((await store.list({ limit: 100 })).runs).toHaveLength(1);
  }),

  storeCase('D-01: gives a key to the first of two in one batch', async ({ store }) => {
    const outcomes = await store.commit([claiming('run-1'), claiming('run-2')]);

    expect(outcomes).toEqual([
      { outcome: 'committed' },
      { outcome: 'duplicate', runId: 'run-1', payloadHash: 'payload-1' },
    ]);
    expect(await store.load('run-2')).toBeNull();
  }),

  storeCase(
    'D-01: frees a key at the instant its claim expires, and not before',
    async ({ store }) => {
      await commitAll(store, claiming('run-1'));

      expect(await store.key('order/k-1', startMs + ttlMs - 1)).not.toBeNull();
      expect(await store.key('order/k-1', startMs + ttlMs)).toBeNull();
      expect(await store.commit([claiming('run-2', startMs + ttlMs, 'payload-2')])).toEqual([
        { outcome: 'committed' },
      ]);

      expect(await store.key('order/k-1', startMs + ttlMs)).toMatchObject({
        runId: 'run-2',
        payloadHash: 'payload-2',
      });
      expect(await store.load('run-1')).not.toBeNull();
    },
  ),

  storeCase('D-02: reports the payload that holds the key', async ({ store }) => {
    await commitAll(store, claiming('run-1'));

    expect(await store.commit([claiming('run-2', startMs, 'other')])).toEqual([
      { outcome: 'duplicate', runId: 'run-1', payloadHash: 'payload-1' },
    ]);
  }),

  storeCase('keeps the key of a run that has finished', async ({ store }) => {
    const first = await commitAll(store, claiming('run-1'));
    await commitAll(store, next(first, { state: { status: 'complete', finishedAtMs: startMs } }));

    expect(await store.commit([claiming('run-2')])).toEqual([
      { outcome: 'duplicate', runId: 'run-1', payloadHash: 'payload-1' },
    ]);
  }),

  storeCase('keeps keys apart that differ only in case, form or length', async ({ store }) => {
    const keys = [
      'order/a',
      'order/A',
      'order/\u00e9',
      'order/e\u0301',
      'order/a ',
      `order/${'a'.repeat(300)}`,
      `order/${'a'.repeat(301)}`,
      '../../x',
      'CON',
      '\ufffd',
      '%2e',
    ];

    const outcomes = await store.commit(
      keys.map((key, index) => claiming(`run-${index}`, startMs, 'payload-1', key)),
    );

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(keys.map(() => 'committed'));
    for (const [index, key] of keys.entries())
      expect(await store.key(key, startMs)).toMatchObject({ key, runId: `run-${index}` });
    for (const key of ['', 'a\u0000b', '\ud800']) {
      const refused = store.commit([claiming('run-x', startMs, 'payload-1', key)]);
      await expect(refused).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  }),

  storeCase('gives the claim of a result to one', async ({ store }) => {
    expect(await store.claimResult(result, startMs)).toBeNull();

    expect(await store.claimResult({ ...result, claimant: 'run-2/charge' }, startMs)).toEqual(
      result,
    );
  }),

  storeCase('lets a claimant renew its claim', async ({ store }) => {
    await store.claimResult(result, startMs);

    expect(
      await store.claimResult({ ...result, expiresAtMs: startMs + 2 * ttlMs }, startMs),
    ).toBeNull();

    expect(
      await store.claimResult({ ...result, claimant: 'run-2/charge' }, startMs + ttlMs),
    ).toMatchObject({ claimant: 'run-1/charge' });
  }),

  storeCase(
    'frees the claim of a result when it expires or is released by its claimant',
    async ({ store }) => {
      const other = { ...result, claimant: 'run-2/charge', expiresAtMs: startMs + 2 * ttlMs };
      await store.claimResult(result, startMs);

      await store.releaseResult(result.key, 'run-2/charge');
      expect(await store.claimResult(other, startMs + ttlMs - 1)).toEqual(result);
      expect(await store.claimResult(other, startMs + ttlMs)).toBeNull();
      await store.releaseResult(result.key, 'run-2/charge');
      expect(await store.claimResult(result, startMs)).toBeNull();
    },
  ),

  storeCase(
    'remembers a result with the commit that brings it, until it expires',
    async ({ store }) => {
      await store.claimResult(result, startMs);
      await commitAll(
        store,
        creation('run-1', { remember: [{ ...result, output: { receipt: 7 } }] }),
      );

      expect(await store.claimResult({ ...result, claimant: 'run-2/charge' }, startMs)).toEqual({
        ...result,
        output: { receipt: 7 },
      });
      expect(await store.claimResult(result, startMs)).toMatchObject({ output: { receipt: 7 } });
      await store.releaseResult(result.key, result.claimant);
      expect(
        await store.claimResult({ ...result, claimant: 'run-2/charge' }, startMs),
      ).toMatchObject({ output: { receipt: 7 } });
      expect(
        await store.claimResult({ ...result, claimant: 'run-2/charge' }, startMs + ttlMs),
      ).toBeNull();
    },
  ),

  storeCase('saves a breaker only on the revision it was read at', async ({ store }) => {
    expect(await store.breakers()).toEqual([]);
    expect(await store.saveBreaker(aBreaker())).toBe(true);
    expect(await store.saveBreaker(aBreaker({ failures: 9 }))).toBe(false);
    expect(await store.saveBreaker(aBreaker({ revision: 3 }))).toBe(false);

    const opened = aBreaker({
      revision: 2,
      state: 'open',
      openedAtMs: startMs,
      probe: { by: 'run-1/a/t', expiresAtMs: startMs + 5 },
    });
    expect(await store.saveBreaker(opened)).toBe(true);
    expect(await store.saveBreaker(aBreaker({ name: 'other' }))).toBe(true);

    expect(await store.breakers()).toHaveLength(2);
    expect(await store.breakers()).toContainEqual(opened);
  }),

  storeCase('gives the probe of a breaker to one of many', async ({ store }) => {
    await store.saveBreaker(aBreaker());

    const wins = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        store.saveBreaker(aBreaker({ revision: 2, failures: index })),
      ),
    );

    expect(wins.filter(Boolean)).toHaveLength(1);
  }),

  storeCase('keeps every plan by name, version and hash', async ({ store }) => {
    const plans = [
      aPlan(),
      aPlan({ hash: 'hash-2' }),
      aPlan({ version: 2 }),
      aPlan({ name: 'refund', description: 'gives back' }),
    ];
    for (const plan of [...plans, ...plans]) await store.savePlan(plan);

    expect(await store.plans()).toHaveLength(4);
    expect(await store.plans()).toContainEqual({ name: 'order', version: 1, hash: 'hash-2' });
    expect(await store.plan('refund', 1, 'hash-1')).toEqual(plans[3]);
    expect(await store.plan('order', 2, 'hash-2')).toBeNull();
  }),
];
