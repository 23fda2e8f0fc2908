/** The three kinds of store, each with places at which the process may die around whatever it writes. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystem } from '../../adapters/lowdb/index.ts';
import { createMemoryStore } from '../../adapters/memory/index.ts';
import type { Store } from '../../ports/store.ts';
import { untilDeath, withPlaces } from './fault-store.ts';
import type { Life } from './life.ts';
import { createSimulatedDisk, type Loss } from './simulated-disk.ts';

/** What outlives the process: a memory that stands for a disk, a database file, a directory. */
export interface Medium {
  open(life: Life): Promise<Store>;
  /** Called at the moment of death. */
  onEnd?(): void;
  dispose(): Promise<void>;
}

/** Survives the process; each write is a pair of places. */
export function memoryMedium(wrap: (store: Store, life: Life) => Store = (store) => store): Medium {
  const inner = createMemoryStore();
  return {
    open: async (life) => withPlaces(wrap({ ...inner, close: async () => {} }, life), life),
    dispose: () => inner.close(),
  };
}

/** A database file; each begin, statement and commit is a pair of places. What is found afterwards is the files as they were at the moment of death. */
export function sqliteMedium(): Medium {
  const folder = mkdtempSync(join(memoryFolder(), 'signalbox-crash-'));
  const opened: Store[] = [];
  let images = 0;
  const fileOf = (image: number) => join(folder, `${image}.db`);
  return {
    async open(life) {
      const store = await openSqlite(fileOf(images), life);
      opened.push(store);
      return untilDeath(store, life);
    },
    onEnd() {
      for (const suffix of ['', '-wal', '-journal']) {
        if (existsSync(fileOf(images) + suffix))
          copyFileSync(fileOf(images) + suffix, fileOf(images + 1) + suffix);
      }
      images += 1;
    },
    async dispose() {
      for (const store of opened) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A directory on a disk in memory; each operation of the file system is a pair of places. Without `loss` the process is killed, with it the power fails. */
export function lowdbMedium(
  loss: Loss | null = null,
  wrap: (files: FileSystem) => FileSystem = (files) => files,
): Medium {
  let disk = createSimulatedDisk();
  return {
    async open(life) {
      const store = openLowdb('/disk/store', wrap(disk.files), life);
      return untilDeath(await life.gate(store), life);
    },
    onEnd() {
      disk = loss === null ? disk.afterKill() : disk.afterPowerLoss(loss);
    },
    dispose: async () => {},
  };
}

/** Each begin, statement and commit is a pair of places. */
export async function openSqlite(file: string, life: Life): Promise<Store> {
  const { openSqliteStore } = await import('../../adapters/sqlite/index.ts');
  return openSqliteStore(file, {
    onOperation: (operation, phase) => life.reach(`${operation}.${phase}`),
  });
}

/** Each operation of the file system that changes something is a pair of places. */
export async function openLowdb(directory: string, files: FileSystem, life: Life): Promise<Store> {
  const { openLowdbStore } = await import('../../adapters/lowdb/index.ts');
  return openLowdbStore(directory, { files: withPlacesAround(files, life) });
}

function withPlacesAround(files: FileSystem, life: Life): FileSystem {
  async function around<T>(name: string, work: () => Promise<T>): Promise<T> {
    await life.pass(`${name}.before`);
    const result = await life.gate(work());
    await life.pass(`${name}.after`);
    return result;
  }
  return {
    readFile: (path) => life.gate(files.readFile(path)),
    list: (path) => life.gate(files.list(path)),
    stat: (path) => life.gate(files.stat(path)),
    rename: (from, to) => around('rename', () => files.rename(from, to)),
    link: (from, to) => around('link', () => files.link(from, to)),
    copy: (from, to) => around('copy', () => files.copy(from, to)),
    remove: (path) => around('remove', () => files.remove(path)),
    makeDirectory: (path, options) =>
      around('makeDirectory', () => files.makeDirectory(path, options)),
    syncDirectory: (path) => around('syncDirectory', () => files.syncDirectory(path)),
    async create(path) {
      const file = await around('create', () => files.create(path));
      return {
        ...file,
        write: (bytes) => around('write', () => file.write(bytes)),
        sync: () => around('sync', () => file.sync()),
        close: () => life.gate(file.close()),
      };
    },
  };
}

/** What is killed is simulated, so nothing has to get to a real disk. */
export function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
