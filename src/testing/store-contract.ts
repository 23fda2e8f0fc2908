/** The contract of the store port: one suite that runs on every store, ours and others'. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../ports/store.ts';
import type { StoreCase, StoreSupport } from './store-contract/case.ts';
import { commitCases } from './store-contract/commit-cases.ts';
import { entityCases } from './store-contract/entity-cases.ts';
import { keyCases } from './store-contract/key-cases.ts';
import { listingCases } from './store-contract/listing-cases.ts';
import { messageCases } from './store-contract/message-cases.ts';
import { partCases } from './store-contract/part-cases.ts';
import { recordCases } from './store-contract/record-cases.ts';
import { schedulingCases } from './store-contract/scheduling-cases.ts';
import { upkeepCases } from './store-contract/upkeep-cases.ts';
import { valueCases } from './store-contract/value-cases.ts';
import { describe, it } from './vitest.ts';

export type { StoreCase, StoreSupport } from './store-contract/case.ts';

/** How the contract opens the store it tests, and what that store promises. */
export interface StoreContractOptions {
  /** Opens the store at `location`, a path at which there is nothing the first time, nor are its folders. */
  readonly open: (location: string) => Promise<Store>;
  readonly supports: StoreSupport;
}

/** Every case by itself, for runners other than vitest's and for tests of the suite. */
export const storeContract: readonly StoreCase[] = [
  ...commitCases,
  ...keyCases,
  ...messageCases,
  ...schedulingCases,
  ...listingCases,
  ...partCases,
  ...entityCases,
  ...recordCases,
  ...upkeepCases,
  ...valueCases,
];

/** @throws whatever the case's expectations throw */
export async function runStoreCase(
  { run }: StoreCase,
  { open }: StoreContractOptions,
): Promise<void> {
  const folder = join(tmpdir(), `signalbox-store-${randomUUID()}`);
  const location = join(folder, 'store');
  const opened: Store[] = [];
  let places = 0;

  async function openAt(place: string): Promise<Store> {
    const store = await open(place);
    opened.push(store);
    return store;
  }
  async function closeAll(): Promise<void> {
    for (const store of opened.splice(0)) await store.close();
  }

  try {
    await run({
      store: await openAt(location),
      async reopen() {
        await closeAll();
        return openAt(location);
      },
      openAnother: () => openAt(location),
      openAt,
      freshLocation: () => join(folder, `place-${++places}`),
    });
  } finally {
    await closeAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Declares the contract as a suite of vitest.
 *
 * @example describeStoreContract('sqlite', { open: (file) => openSqliteStore(file), supports: { persistent: true, concurrent: true } });
 */
export function describeStoreContract(name: string, options: StoreContractOptions): void {
  describe(`${name} keeps the contract of a store`, () => {
    for (const one of storeContract) {
      const isSupported = one.needs === null || options.supports[one.needs];
      it.skipIf(!isSupported)(one.name, () => runStoreCase(one, options));
    }
  });
}
