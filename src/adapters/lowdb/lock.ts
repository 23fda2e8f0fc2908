/**
 * One engine a directory. The lock is the file `lock-<n>.json` with the highest n. It is taken by creating the next one, which only one
 * process can; it is never deleted but by its successor, so that no two processes can take over the same stale one.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SignalboxError } from '../../errors.ts';
import { isAlive, isHere, type ProcessFacts, thisProcess } from '../shared/process-identity.ts';
import { type FileFacts, type FileSystem, hasCode } from './file-system.ts';

export interface Lock {
  /** Still the lock, in the directory in which it was taken. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

interface Holder extends ProcessFacts {
  readonly startedAt: string;
  /** Of the lock file itself: a copy of the directory has another. */
  readonly inode: string;
  readonly isReleased: boolean;
}

export interface LockOptions {
  readonly directory: string;
  /** Folder for unfinished files, in the same file system. */
  readonly drafts: string;
  /** Takes the lock of a process that cannot be checked from here. */
  readonly takeOver: boolean;
}

/** @throws SignalboxError `STORE_LOCKED` */
export async function acquireLock(files: FileSystem, options: LockOptions): Promise<Lock> {
  const { directory } = options;
  for (;;) {
    const latest = Math.max(0, ...(await lockNumbers(files, directory)));
    if (latest > 0) await refuseIfAlive(files, join(directory, lockName(latest)), options);
    const own = latest + 1;
    const path = join(directory, lockName(own));
    const identity = await createLockFile(files, path, options, false);
    if (identity === null) continue;
    if (!(await isLatest(files, directory, own))) continue;
    return {
      isHeld: async () => (await factsOf(files, path))?.identity === identity,
      async release() {
        if ((await factsOf(files, path))?.identity === identity)
          await createLockFile(files, path, options, true);
      },
    };
  }
}

/** Removes the older locks; or this one, if a later one is there or the directory cannot be read. */
async function isLatest(files: FileSystem, directory: string, own: number): Promise<boolean> {
  try {
    const numbers = await lockNumbers(files, directory);
    if (Math.max(...numbers) === own) {
      for (const old of numbers) if (old < own) await files.remove(join(directory, lockName(old)));
      return true;
    }
  } catch (error) {
    await files.remove(join(directory, lockName(own))).catch(() => {});
    throw error;
  }
  await files.remove(join(directory, lockName(own)));
  return false;
}

/** Returns the identity of the file, or `null` if another process was faster. */
async function createLockFile(
  files: FileSystem,
  path: string,
  { drafts }: LockOptions,
  isReleased: boolean,
): Promise<string | null> {
  const draft = join(drafts, `lock-${randomUUID()}`);
  const file = await files.create(draft);
  const facts = await factsOf(files, draft);
  try {
    // whoever gets the lock removes all drafts
    if (facts === null) return null;
    const holder: Holder = {
      ...thisProcess(),
      startedAt: new Date(performance.timeOrigin).toISOString(),
      inode: facts.inode,
      isReleased,
    };
    await file.write(Buffer.from(`${JSON.stringify(holder, null, 2)}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  if (isReleased) {
    await files.rename(draft, path);
    return facts.identity;
  }
  try {
    await files.link(draft, path);
    return facts.identity;
  } catch (error) {
    if (hasCode(error, 'EEXIST', 'ENOENT')) return null;
    throw error;
  } finally {
    await files.remove(draft).catch(() => {});
  }
}

async function refuseIfAlive(
  files: FileSystem,
  path: string,
  { directory, takeOver }: LockOptions,
): Promise<void> {
  const holder = await readHolder(files, path);
  if (holder === null || holder.isReleased || holder.inode !== (await factsOf(files, path))?.inode)
    return;
  const canBeChecked = isHere(holder);
  if (canBeChecked ? !isAlive(holder) : takeOver) return;
  const { pid, host, startedAt } = holder;
  throw new SignalboxError(
    'STORE_LOCKED',
    `Store "${directory}" is in use by process ${pid} on host "${host}", started ${startedAt}`,
    {
      details: { directory, pid, host, startedAt },
      hint: canBeChecked
        ? 'Stop that process, open the store for reading only, or use the sqlite store, which several processes can share'
        : `That process cannot be checked from host "${hostname()}": make sure that it has ended, then open the store with takeOver`,
    },
  );
}

/** `null` if there is none any more, or none that can be understood: a lock is in place only once it is complete. */
async function readHolder(files: FileSystem, path: string): Promise<Holder | null> {
  try {
    const holder = JSON.parse((await files.readFile(path)).toString());
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? holder : null;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function factsOf(files: FileSystem, path: string): Promise<FileFacts | null> {
  try {
    return await files.stat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

function lockName(number: number): string {
  return `lock-${String(number).padStart(6, '0')}.json`;
}

async function lockNumbers(files: FileSystem, directory: string): Promise<readonly number[]> {
  const names = await files.list(directory);
  return names.flatMap((name) => /^lock-([0-9]{6,})\.json$/.exec(name)?.slice(1).map(Number) ?? []);
}
