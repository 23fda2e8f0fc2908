import type { Store } from '../../ports/store.ts';
import type { Life } from './life.ts';

/** Methods that write; each is a pair of places, before and after. */
const writing = [
  'commit',
  'send',
  'settleMessage',
  'claimResult',
  'releaseResult',
  'saveBreaker',
  'savePlan',
  'saveCheckpoint',
  'saveItems',
  'saveEntity',
  'saveRecords',
  'renew',
] as const satisfies readonly (keyof Store)[];

const reading = [
  'load',
  'history',
  'settled',
  'list',
  'damaged',
  'claimable',
  'nextDueAtMs',
  'awaiting',
  'inbox',
  'answer',
  'key',
  'breakers',
  'plan',
  'plans',
  'checkpoints',
  'items',
  'entity',
  'record',
  'records',
] as const satisfies readonly (keyof Store)[];

type Operation = (...args: readonly unknown[]) => Promise<unknown>;

/** The store as a process sees it that may die around any write. */
export function withPlaces(store: Store, life: Life): Store {
  return mapped(store, (operation, name, writes) => async (...args) => {
    if (writes) await life.pass(`${name}.before`);
    const result = await life.gate(operation(...args));
    if (writes) await life.pass(`${name}.after`);
    return result;
  });
}

/** The store as a process sees it whose places are deeper: in the database, or in the file system. */
export function untilDeath(store: Store, life: Life): Store {
  return mapped(
    store,
    (operation) =>
      (...args) =>
        life.gate(operation(...args)),
  );
}

function mapped(
  store: Store,
  wrap: (operation: Operation, name: string, writes: boolean) => Operation,
): Store {
  const wrapped: Record<string, Operation> = {};
  for (const name of [...writing, ...reading]) {
    const operation = store[name].bind(store) as Operation;
    wrapped[name] = wrap(operation, name, (writing as readonly string[]).includes(name));
  }
  return { ...store, ...wrapped };
}
