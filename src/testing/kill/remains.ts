/** What child processes leave behind. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../ports/store.ts';

export type DiskStore = 'sqlite' | 'lowdb';

export interface StorePlace {
  readonly kind: DiskStore;
  readonly path: string;
}

/** A directory of its own for one store and everything its runs do. */
export interface KillPlace {
  readonly directory: string;
  readonly store: StorePlace;
  readonly effectsFile: string;
  dispose(): void;
}

export function createPlace(kind: DiskStore): KillPlace {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-kill-'));
  return {
    directory,
    store: { kind, path: join(directory, kind === 'sqlite' ? 'store.db' : 'store') },
    effectsFile: join(directory, 'effects'),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Reads a copy of a store that nobody has open: looking must not mend anything. `null`: there is none yet. */
export async function lookAt<T>(
  { kind, path }: StorePlace,
  look: (store: Store) => Promise<T>,
): Promise<T | null> {
  if (!existsSync(kind === 'sqlite' ? path : join(path, 'signalbox.json'))) return null;
  const copies = mkdtempSync(join(tmpdir(), 'signalbox-crash-copy-'));
  try {
    const copy = join(copies, 'store');
    if (kind === 'sqlite') {
      for (const suffix of ['', '-wal'])
        if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix);
    } else cpSync(path, copy, { recursive: true });
    const store = await open(kind, copy);
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

async function open(kind: DiskStore, path: string): Promise<Store> {
  if (kind === 'sqlite') {
    const { openSqliteStore } = await import('../../adapters/sqlite/index.ts');
    return openSqliteStore(path);
  }
  const { openLowdbStore } = await import('../../adapters/lowdb/index.ts');
  return openLowdbStore(path, { takeOver: true });
}

/** The lines of a file of JSON lines; none if it is not there. */
export function linesIn<T>(file: string): readonly T[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
