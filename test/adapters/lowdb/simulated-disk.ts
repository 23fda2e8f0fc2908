/**
 * A disk in memory that forgets like a real one: content survives a power loss once its file was synced, names once their folder was. Of
 * what was not synced, any part may survive; a rename survives whole or not at all, and operations on one folder survive in order.
 */
import { dirname, resolve } from 'node:path';
import type { FileSystem } from '../../../src/adapters/lowdb/index.ts';

interface File {
  readonly inode: string;
  content: Buffer;
  synced: Buffer;
}

type Entry = File | 'folder';
type Names = Map<string, Entry>;

interface Operation {
  readonly folders: readonly string[];
  readonly apply: (names: Names) => void;
}

export interface SimulatedDisk {
  readonly files: FileSystem;
  /** What each operation so far did, in order. */
  readonly operations: readonly string[];
  /** The disk after the end of the process (`kill`) or after a power loss; `random` decides what of the unsynced survives. */
  after(end: 'kill' | 'power loss', random: () => number): SimulatedDisk;
}

/** @param before - called ahead of each operation; what it throws the operation throws */
export function createSimulatedDisk(
  before: (operation: string, count: number) => Promise<void> | void = () => {},
  durable: Names = new Map([['/', 'folder']]),
): SimulatedDisk {
  const names: Names = new Map(durable);
  const durableNames: Names = new Map(durable);
  let unsynced: Operation[] = [];
  const operations: string[] = [];
  let inodes = durable.size;

  async function operate<T>(name: string, work: () => T): Promise<T> {
    operations.push(name);
    await before(name, operations.length);
    return work();
  }

  function change(folders: readonly string[], apply: (names: Names) => void): void {
    apply(names);
    unsynced.push({ folders, apply });
  }

  function fileAt(path: string): File {
    const entry = names.get(path);
    if (entry === undefined) throw failure('ENOENT', path);
    if (entry === 'folder') throw failure('EISDIR', path);
    return entry;
  }

  function requireFolder(path: string): void {
    const entry = names.get(path);
    if (entry === undefined) throw failure('ENOENT', path);
    if (entry !== 'folder') throw failure('ENOTDIR', path);
  }

  function within(folder: string): readonly string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`;
    return [...names.keys()].filter((path) => path !== '/' && path.startsWith(prefix));
  }

  const files: FileSystem = {
    readFile: (path) => operate(`read ${path}`, () => Buffer.from(fileAt(path).content)),
    create: (path) =>
      operate(`create ${path}`, () => {
        requireFolder(dirname(path));
        if (names.has(path)) throw failure('EEXIST', path);
        const file: File = {
          inode: String(++inodes),
          content: Buffer.alloc(0),
          synced: Buffer.alloc(0),
        };
        change([dirname(path)], (at) => at.set(path, file));
        return {
          write: (bytes) =>
            operate(`write ${path}`, () => void (file.content = Buffer.from(bytes))),
          sync: () => operate(`sync ${path}`, () => void (file.synced = file.content)),
          close: async () => {},
        };
      }),
    rename: (from, to) =>
      operate(`rename ${from} ${to}`, () => {
        const file = fileAt(from);
        requireFolder(dirname(to));
        change([dirname(from), dirname(to)], (at) => {
          at.delete(from);
          at.set(to, file);
        });
      }),
    link: (from, to) =>
      operate(`link ${from} ${to}`, () => {
        const file = fileAt(from);
        if (names.has(to)) throw failure('EEXIST', to);
        change([dirname(to)], (at) => at.set(to, file));
      }),
    copy: (from, to) =>
      operate(`copy ${from} ${to}`, () => {
        const { content } = fileAt(from);
        const file: File = { inode: String(++inodes), content, synced: content };
        change([dirname(to)], (at) => at.set(to, file));
      }),
    remove: (path) =>
      operate(`remove ${path}`, () => {
        for (const gone of names.get(path) === 'folder'
          ? [...within(path), path]
          : names.has(path)
            ? [path]
            : []) {
          change([dirname(gone)], (at) => at.delete(gone));
        }
      }),
    makeDirectory: (path, { recursive }) =>
      operate(`mkdir ${path}`, () => {
        const missing: string[] = [];
        for (let folder = path; !names.has(folder); folder = dirname(folder))
          missing.unshift(folder);
        if (missing.length > 1 && !recursive) throw failure('ENOENT', path);
        for (const folder of missing) change([dirname(folder)], (at) => at.set(folder, 'folder'));
        return missing[0] ?? null;
      }),
    list: (path) =>
      operate(`list ${path}`, () => {
        requireFolder(path);
        return within(path)
          .filter((one) => dirname(one) === path)
          .map((one) => one.slice(path === '/' ? 1 : path.length + 1));
      }),
    stat: (path) =>
      operate(`stat ${path}`, () => {
        const entry = names.get(resolve(path));
        if (entry === undefined) throw failure('ENOENT', path);
        const inode = entry === 'folder' ? path : entry.inode;
        return { identity: inode, inode, isDirectory: entry === 'folder' };
      }),
    syncDirectory: (path) =>
      operate(`sync ${path}`, () => {
        requireFolder(path);
        const kept: Operation[] = [];
        const forced = closureOf(unsynced, (one) => one.folders.includes(path));
        for (const one of unsynced) {
          if (forced.has(one)) one.apply(durableNames);
          else kept.push(one);
        }
        unsynced = kept;
      }),
  };

  function after(end: 'kill' | 'power loss', random: () => number): SimulatedDisk {
    if (end === 'kill')
      return createSimulatedDisk(
        undefined,
        copied(names, (file) => file.content),
      );
    const survived: Names = new Map(durableNames);
    const lost = new Set<string>();
    for (const one of unsynced) {
      // in each folder, nothing survives that comes after something lost
      if (one.folders.some((folder) => lost.has(folder)) || random() < 0.5)
        for (const folder of one.folders) lost.add(folder);
      else one.apply(survived);
    }
    return createSimulatedDisk(
      undefined,
      copied(survived, (file) =>
        file.synced === file.content
          ? file.content
          : file.content.subarray(0, Math.floor(random() * (file.content.length + 1))),
      ),
    );
  }

  return { files, operations, after };
}

/** Those that are wanted, and all earlier ones they depend on. */
function closureOf(
  operations: readonly Operation[],
  isWanted: (operation: Operation) => boolean,
): ReadonlySet<Operation> {
  const chosen = new Set<Operation>();
  const folders = new Set<string>();
  for (const one of [...operations].reverse()) {
    if (!isWanted(one) && !one.folders.some((folder) => folders.has(folder))) continue;
    chosen.add(one);
    for (const folder of one.folders) folders.add(folder);
  }
  return chosen;
}

function copied(names: Names, contentOf: (file: File) => Buffer): Names {
  const files = new Map<File, File>();
  return new Map<string, Entry>(
    [...names].map(([path, entry]) => {
      if (entry === 'folder') return [path, entry];
      const content = Buffer.from(contentOf(entry));
      const copy = files.get(entry) ?? { inode: entry.inode, content, synced: content };
      files.set(entry, copy);
      return [path, copy];
    }),
  );
}

export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: "${path}"`), { code, syscall: 'simulated' });
}
