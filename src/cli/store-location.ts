/** `--store`: where the runs are. Drivers are loaded when they are named. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { SignalboxError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import { UsageError } from './usage-error.ts';

export interface StoreLocation {
  readonly kind: 'lowdb' | 'sqlite' | 'memory';
  /** Directory or file; empty for `memory`. */
  readonly path: string;
}

/** `read` takes no lock and writes nothing; `write` needs a store that exists; `create` makes one if there is none. */
export type Access = 'read' | 'write' | 'create';

/** @throws UsageError */
export function parseStoreLocation(text: string): StoreLocation {
  const [, kind, rest = ''] = /^(lowdb|sqlite|memory):(.*)$/s.exec(text) ?? [];
  // Shells leave a tilde behind a colon alone.
  const path = rest.replace(/^~(?=\/)/, homedir());
  if (kind === 'memory' && path === '') return { kind, path };
  if ((kind === 'lowdb' || kind === 'sqlite') && path !== '') return { kind, path };
  throw new UsageError(
    `--store: "${text}" is not the place of a store`,
    'Stores are lowdb:DIRECTORY, sqlite:FILE and memory:',
  );
}

/** File that names the address of the service that has the store open; `null` if a store in memory is nobody else's. */
export function addressFileOf({ kind, path }: StoreLocation): string | null {
  if (kind === 'memory') return null;
  return kind === 'lowdb' ? join(path, 'service.json') : `${path}-service.json`;
}

/** @throws SignalboxError `STORE_UNAVAILABLE`, `STORE_LOCKED`, `STORE_DAMAGED`, `STORE_TOO_NEW` */
export async function openStore({ kind, path }: StoreLocation, access: Access): Promise<Store> {
  if (kind === 'memory') {
    const { createMemoryStore } = await import('../adapters/memory/index.ts');
    return createMemoryStore();
  }
  if (access !== 'create' && !existsSync(path)) {
    throw new SignalboxError('STORE_UNAVAILABLE', `There is no store "${kind}:${path}" yet`, {
      details: { store: kind, path },
      hint: 'Start a run to create it, or name another one with --store',
    });
  }
  const readOnly = access === 'read';
  if (kind === 'lowdb') {
    const { openLowdbStore } = await import('../adapters/lowdb/index.ts');
    return openLowdbStore(path, { readOnly });
  }
  const { openSqliteStore } = await import('../adapters/sqlite/index.ts');
  return openSqliteStore(path, { readOnly });
}

/** Opens the store for reading; `null` if it is the default one and nobody has made it yet. */
export async function openIfThere(
  { options }: { readonly options: { readonly store: string } },
  program: Command,
): Promise<Store | null> {
  const location = parseStoreLocation(options.store);
  const isDefault = program.getOptionValueSource('store') === 'default';
  if (isDefault && !existsSync(location.path)) return null;
  return openStore(location, 'read');
}
