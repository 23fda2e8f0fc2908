import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';

/** Everything the store does to a disk; replaced in tests to fail or to end the process at any of these calls. */
export interface FileSystem {
  readFile(path: string): Promise<Buffer>;
  /** Fails with `EEXIST` if there is anything at the path. */
  create(path: string): Promise<NewFile>;
  /** Replaces what is at `to`, atomically. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for the file; fails with `EEXIST` if the name is taken. */
  link(from: string, to: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with its content; nothing at the path is no error. */
  remove(path: string): Promise<void>;
  /** With its parents if `recursive`. An existing folder is no error. Returns the first folder that had to be made. */
  makeDirectory(path: string, options: { readonly recursive: boolean }): Promise<string | null>;
  list(path: string): Promise<readonly string[]>;
  stat(path: string): Promise<FileFacts>;
  /** Makes the names in the folder survive a power loss. */
  syncDirectory(path: string): Promise<void>;
}

/** What the store asks about a file. */
export interface FileFacts {
  /** Device and number: equal for two paths exactly if they lead to one file. */
  readonly identity: string;
  /** The number alone, which is the same seen from another host. */
  readonly inode: string;
  readonly isDirectory: boolean;
}

/** A file that is being written. */
export interface NewFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the content survive a power loss. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The disk of this machine. */
export const nodeFileSystem: FileSystem = {
  readFile: (path) => readFile(path),
  async create(path) {
    const handle = await open(path, 'wx', 0o600);
    return {
      write: (bytes) => handle.writeFile(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename,
  link,
  copy: (from, to) => copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
  remove: (path) => rm(path, { recursive: true, force: true }),
  async makeDirectory(path, { recursive }) {
    try {
      const made = await mkdir(path, { recursive, mode: 0o700 });
      return recursive ? (made ?? null) : path;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      return null;
    }
  },
  list: (path) => readdir(path),
  async stat(path) {
    const facts = await stat(path);
    return {
      identity: `${facts.dev}:${facts.ino}`,
      inode: String(facts.ino),
      isDirectory: facts.isDirectory(),
    };
  },
  async syncDirectory(path) {
    // Windows has no such call and needs none
    if (process.platform === 'win32') return;
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}
