import type { EntityRecord, Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { commitAll, creation, finished, next, startMs } from './builders.ts';
import { storeCase } from './case.ts';

const fence = { runId: 'run-1', epoch: 1 };

function anEntity(entity: Partial<EntityRecord> = {}): EntityRecord {
  return {
    name: 'stock',
    key: 'sku-1',
    revision: 1,
    state: { available: 3 },
    applied: [],
    ...entity,
  };
}

async function keys(store: Store): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name, key } of store.entities()) found.push(`${name} ${key}`);
  return found.sort();
}

export const entityCases = [
  storeCase('keeps entities by name and key', async ({ store }) => {
    await commitAll(store, creation('run-1'));
    const applied = [{ id: 'command-1', runId: 'run-1', output: [1, null] }];
    const all = [
      anEntity({ applied }),
      anEntity({ key: 'sku-2', state: null }),
      anEntity({ name: 'account', key: 'é/..\\"x', state: 'text' }),
    ];
    for (const entity of all) expect(await store.saveEntity(entity, fence)).toBe('saved');

    for (const entity of all) expect(await store.entity(entity.name, entity.key)).toEqual(entity);
    expect(await store.entity('stock', 'sku-3')).toBeNull();
    expect(await keys(store)).toEqual(['account é/..\\"x', 'stock sku-1', 'stock sku-2']);
  }),

  storeCase('replaces an entity only by its next revision', async ({ store }) => {
    await commitAll(store, creation('run-1'));
    expect(await store.saveEntity(anEntity({ revision: 2 }), fence)).toBe('conflict');
    expect(await store.saveEntity(anEntity(), fence)).toBe('saved');
    expect(await store.saveEntity(anEntity({ state: 'lost' }), fence)).toBe('conflict');
    const second = anEntity({ revision: 2, state: { available: 2 } });
    expect(await store.saveEntity(second, fence)).toBe('saved');
    expect(await store.saveEntity({ ...second, state: 'lost' }, fence)).toBe('conflict');

    expect(await store.entity('stock', 'sku-1')).toEqual(second);
  }),

  storeCase('of writes at the same time lets one through', async ({ store }) => {
    await commitAll(store, creation('run-1'));

    const outcomes = await Promise.all(
      [1, 2, 3].map((state) => store.saveEntity(anEntity({ state }), fence)),
    );

    expect([...outcomes].sort()).toEqual(['conflict', 'conflict', 'saved']);
    expect((await store.entity('stock', 'sku-1'))?.state).toBe(outcomes.indexOf('saved') + 1);
  }),

  storeCase('D-07: refuses an entity under a stale fence', async ({ store }) => {
    const first = await commitAll(store, creation('run-1'));
    await commitAll(store, next(first, { state: { epoch: 2 } }));

    expect(await store.saveEntity(anEntity(), fence)).toBe('stale');
    expect(await store.saveEntity(anEntity(), { runId: 'unknown', epoch: 1 })).toBe('stale');

    expect(await store.entity('stock', 'sku-1')).toBeNull();
    expect(await keys(store)).toEqual([]);
  }),

  storeCase('keeps entities when the run that changed them is pruned', async ({ store }) => {
    const first = await commitAll(store, creation('run-1'));
    await store.saveEntity(anEntity(), fence);
    await commitAll(store, next(first, { state: finished }));

    await store.prune({ finishedBeforeMs: startMs * 2, dryRun: false });

    expect(await store.load('run-1')).toBeNull();
    expect(await store.entity('stock', 'sku-1')).toEqual(anEntity());
  }),

  storeCase(
    'finds entities again when it is reopened',
    async ({ store, reopen }) => {
      await commitAll(store, creation('run-1'));
      await store.saveEntity(anEntity(), fence);
      await store.saveEntity(anEntity({ revision: 2, state: 'new' }), fence);

      const again = await reopen();

      expect(await again.entity('stock', 'sku-1')).toEqual(anEntity({ revision: 2, state: 'new' }));
      expect(await keys(again)).toEqual(['stock sku-1']);
    },
    'persistent',
  ),
];
