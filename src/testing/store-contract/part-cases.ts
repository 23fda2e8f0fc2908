import type { Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { anItem, commitAll, creation, finished, next } from './builders.ts';
import { storeCase } from './case.ts';

const fence = { runId: 'run-1', epoch: 1 };

function aCheckpoint(name: string, value: number, path = 'agent', generation = 1) {
  return { runId: 'run-1', generation, path, name, value: { value } };
}

async function indexes(
  store: Store,
  afterIndex: number,
  limit: number,
): Promise<readonly number[]> {
  return (await store.items('run-1', 1, 'each', { afterIndex, limit })).map(({ index }) => index);
}

export const partCases = [
  storeCase(
    'keeps checkpoints by generation, path and name, in the order of writing',
    async ({ store }) => {
      await commitAll(store, creation('run-1'), creation('run-2'));
      const all = [
        aCheckpoint('turn-2', 1),
        aCheckpoint('turn-1', 2),
        aCheckpoint('turn-1', 3, 'each/0/agent'),
        aCheckpoint('turn-1', 4, 'agent', 2),
      ];
      for (const checkpoint of all)
        expect(await store.saveCheckpoint(checkpoint, fence)).toBe(true);

      expect(await store.checkpoints('run-1', 1, 'agent')).toEqual([all[0], all[1]]);
      expect(await store.checkpoints('run-1', 1, 'each/0/agent')).toEqual([all[2]]);
      expect(await store.checkpoints('run-1', 2, 'agent')).toEqual([all[3]]);
      expect(await store.checkpoints('run-2', 1, 'agent')).toEqual([]);
    },
  ),

  storeCase('replaces a checkpoint of the same name', async ({ store }) => {
    await commitAll(store, creation('run-1'));
    await store.saveCheckpoint(aCheckpoint('turn-1', 1), fence);
    await store.saveCheckpoint(aCheckpoint('turn-1', 2), fence);

    expect(await store.checkpoints('run-1', 1, 'agent')).toEqual([aCheckpoint('turn-1', 2)]);
  }),

  storeCase('D-07: refuses a checkpoint under a stale fence', async ({ store }) => {
    const first = await commitAll(store, creation('run-1'));
    await commitAll(store, next(first, { state: { epoch: 2 } }));

    expect(await store.saveCheckpoint(aCheckpoint('turn-1', 1), fence)).toBe(false);
    expect(
      await store.saveCheckpoint(aCheckpoint('turn-1', 1), { runId: 'unknown', epoch: 1 }),
    ).toBe(false);

    expect(await store.checkpoints('run-1', 1, 'agent')).toEqual([]);
    expect(await store.saveCheckpoint(aCheckpoint('turn-1', 2), { runId: 'run-1', epoch: 2 })).toBe(
      true,
    );
  }),

  storeCase(
    'pages the items of a map by index, whatever the order they were saved in',
    async ({ store }) => {
      await commitAll(store, creation('run-1'));
      expect(await store.saveItems([anItem(2), anItem(0), anItem(11)], fence)).toBe(true);
      expect(await store.saveItems([anItem(1), anItem(3)], fence)).toBe(true);
      await store.saveItems([anItem(0, { step: 'other' }), anItem(0, { generation: 2 })], fence);

      expect(await indexes(store, -1, 10)).toEqual([0, 1, 2, 3, 11]);
      expect(await indexes(store, -1, 2)).toEqual([0, 1]);
      expect(await indexes(store, 1, 2)).toEqual([2, 3]);
      expect(await indexes(store, 3, 2)).toEqual([11]);
      expect(await indexes(store, 11, 2)).toEqual([]);
      expect(await store.items('run-1', 2, 'each', { afterIndex: -1, limit: 10 })).toEqual([
        anItem(0, { generation: 2 }),
      ]);
    },
  ),

  storeCase('replaces items that are saved again', async ({ store }) => {
    await commitAll(store, creation('run-1'));
    await store.saveItems([anItem(0), anItem(1)], fence);
    const done = anItem(1, { status: 'complete', state: { output: [1, 2] } });
    await store.saveItems([done], fence);

    expect(await store.items('run-1', 1, 'each', { afterIndex: -1, limit: 10 })).toEqual([
      anItem(0),
      done,
    ]);
  }),

  storeCase('D-07: refuses items under a stale fence', async ({ store }) => {
    const first = await commitAll(store, creation('run-1'));
    await commitAll(store, next(first, { state: { epoch: 2 } }));

    expect(await store.saveItems([anItem(0)], fence)).toBe(false);

    expect(await indexes(store, -1, 10)).toEqual([]);
  }),

  storeCase('B-03: refuses items beyond its limit, all of the call', async ({ store }) => {
    await commitAll(store, creation('run-1'));
    const { mapItems } = store.limits;

    await expect(store.saveItems([anItem(0), anItem(mapItems)], fence)).rejects.toMatchObject({
      code: 'MAP_TOO_LARGE',
    });

    expect(await indexes(store, -1, 10)).toEqual([]);
    expect(await store.saveItems([anItem(mapItems - 1)], fence)).toBe(true);
    expect(await indexes(store, -1, 10)).toEqual([mapItems - 1]);
  }),

  storeCase(
    'keeps checkpoints and items over the commits of their run, and after its end',
    async ({ store }) => {
      const first = await commitAll(store, creation('run-1'));
      await store.saveCheckpoint(aCheckpoint('turn-1', 1), fence);
      await store.saveItems([anItem(0)], fence);

      await commitAll(store, next(first, { state: finished }));

      expect(await store.checkpoints('run-1', 1, 'agent')).toHaveLength(1);
      expect(await indexes(store, -1, 10)).toEqual([0]);
    },
  ),
];
