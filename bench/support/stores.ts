import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import {
  createOrchestrator,
  type Orchestrator,
  type Store,
  type WorkflowSource,
} from '../../src/index.ts';
import { logLevel } from './measure.ts';
import type { StoreKind } from './store-kinds.ts';

/** @param folder - of the store; lowdb takes all of it, sqlite one file in it */
export async function openStore(kind: StoreKind, folder: string): Promise<Store> {
  switch (kind) {
    case 'sqlite': {
      const { openSqliteStore } = await import('../../src/adapters/sqlite/index.ts');
      return openSqliteStore(join(folder, 'store.db'));
    }
    case 'lowdb': {
      const { openLowdbStore } = await import('../../src/adapters/lowdb/index.ts');
      return openLowdbStore(lowdbFolder(folder));
    }
    case 'memory': {
      const { createMemoryStore } = await import('../../src/adapters/memory/index.ts');
      return createMemoryStore();
    }
    default:
      return kind satisfies never;
  }
}

export const lowdbFolder = (folder: string) => join(folder, 'store');

export async function openOrchestrator(
  store: Store,
  workflows: readonly WorkflowSource[],
): Promise<Orchestrator> {
  return createOrchestrator({
    store,
    workflows,
    logger: pino({ level: logLevel }, pino.destination(2)),
  });
}

/**
 * A folder for everything a benchmark writes, and the way to remove it. It lies in the file system of the repository unless told otherwise:
 * where temporary files are kept in memory, an fsync costs nothing and the floor would be none.
 */
export function scratchFolder(parent: string | undefined): {
  readonly path: string;
  remove(): void;
} {
  const root = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));
  const within = resolve(parent ?? root);
  mkdirSync(within, { recursive: true });
  const path = mkdtempSync(join(within, 'signalbox-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
