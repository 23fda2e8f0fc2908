/** Blobs in a folder, a file each, named by the digest of its content. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SignalboxError } from '../../errors.ts';
import type { BlobRef, BlobSource, BlobStore } from '../../ports/blobs.ts';
import type { Clock } from '../../ports/clock.ts';
import { systemClock } from '../system/clock.ts';

/** Name and limits of a blob store in a folder. */
export interface FolderBlobsOptions {
  /** Stands in references; one that names another store is refused. Default `blobs`. */
  readonly name?: string;
  /** Largest content. Default 1 GiB. */
  readonly maxBytes?: number;
  readonly clock?: Pick<Clock, 'nowMs'>;
}

const defaultMaxBytes = 1024 ** 3;
const defaultMaxRead = 16 * 1024 ** 2;
const day = 24 * 60 * 60 * 1_000;
const pieceBytes = 64 * 1024;

/** Opens the folder at `directory`, which is made with the first content. Several processes may use it at once. */
export function createFolderBlobs(directory: string, options: FolderBlobsOptions = {}): BlobStore {
  const { name = 'blobs', maxBytes = defaultMaxBytes, clock = systemClock } = options;
  const root = resolve(directory);
  const drafts = join(root, 'drafts');
  const pathOf = (sha256: string) => join(root, sha256.slice(0, 2), sha256);

  async function put(
    source: BlobSource,
    given: { mediaType?: string; signal?: AbortSignal } = {},
  ): Promise<BlobRef> {
    const { mediaType = 'application/octet-stream', signal } = given;
    await mkdir(drafts, { recursive: true });
    const draft = join(drafts, randomUUID());
    const file = await open(draft, 'wx');
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of piecesOf(source)) {
        signal?.throwIfAborted();
        bytes += piece.byteLength;
        if (bytes > maxBytes) throw tooLarge(`Content for blob store "${name}"`, bytes, maxBytes);
        hash.update(piece);
        await file.writeFile(piece);
      }
      await file.sync();
      await file.close();
      const sha256 = hash.digest('hex');
      const path = pathOf(sha256);
      await mkdir(dirname(path), { recursive: true });
      // Whole files only, so it does not matter if the same content is there already.
      await rename(draft, path);
      const now = new Date(clock.nowMs());
      await utimes(path, now, now);
      for (const folder of [dirname(path), root, dirname(root)]) await syncFolder(folder);
      return { $blob: name, bytes, sha256, mediaType };
    } catch (error) {
      await file.close().catch(() => {});
      await rm(draft, { force: true });
      throw error;
    }
  }

  async function* read(
    ref: BlobRef,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncIterable<Uint8Array> {
    checkStore(ref);
    const file = await open(pathOf(ref.sha256), 'r').catch((error: unknown) => {
      throw isMissing(error) ? missing(ref) : error;
    });
    try {
      const { size } = await file.stat();
      if (size !== ref.bytes) throw damaged(ref, `has ${size} bytes instead of ${ref.bytes}`);
      const hash = createHash('sha256');
      for (let position = 0; position < size; ) {
        signal?.throwIfAborted();
        const piece = new Uint8Array(Math.min(pieceBytes, size - position));
        const { bytesRead } = await file.read(piece, 0, piece.byteLength, position);
        if (bytesRead === 0) throw damaged(ref, 'ends early');
        const whole = piece.subarray(0, bytesRead);
        hash.update(whole);
        position += bytesRead;
        // The last piece is given out only if all of it is what was stored.
        if (position >= size && hash.digest('hex') !== ref.sha256)
          throw damaged(ref, 'has another digest');
        yield whole;
      }
    } finally {
      await file.close();
    }
  }

  function checkStore(ref: BlobRef): void {
    if (!/^[0-9a-f]{64}$/.test(ref.sha256)) throw missing(ref);
    if (ref.$blob !== name)
      throw new SignalboxError(
        'BLOB_MISSING',
        `Blob ${ref.sha256.slice(0, 12)} is in store "${ref.$blob}", and this is "${name}"`,
        {
          details: { sha256: ref.sha256, store: ref.$blob },
          hint: 'Read it from the store its reference names',
        },
      );
  }

  return {
    name,
    put,
    read,
    async bytes(ref, { maxBytes: most = defaultMaxRead, signal } = {}) {
      if (ref.bytes > most) throw tooLarge(`Blob ${ref.sha256.slice(0, 12)}`, ref.bytes, most);
      const pieces: Uint8Array[] = [];
      for await (const piece of read(ref, signal === undefined ? {} : { signal }))
        pieces.push(piece);
      return Buffer.concat(pieces);
    },
    async sweep(isUsed, { unusedForMs = day, dryRun = false } = {}) {
      const before = clock.nowMs() - unusedForMs;
      const isOld = async (path: string) =>
        (await stat(path).catch(() => null))?.mtimeMs ?? Infinity;
      const removed: string[] = [];
      for (const folder of await namesIn(root)) {
        for (const file of await namesIn(join(root, folder))) {
          const path = join(root, folder, file);
          if ((await isOld(path)) >= before) continue;
          const isDraft = folder === 'drafts';
          if (!isDraft && (!/^[0-9a-f]{64}$/.test(file) || isUsed(file))) continue;
          if (!isDraft) removed.push(file);
          if (!dryRun) await rm(path, { force: true });
        }
      }
      return removed;
    },
  };
}

async function* piecesOf(source: BlobSource): AsyncIterable<Uint8Array> {
  if (typeof source === 'string') yield Buffer.from(source);
  else if (source instanceof Uint8Array) yield source;
  else
    for await (const piece of source) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENOTDIR'))
      return [];
    throw error;
  }
}

/** The name survives a loss of power only when its folder is on the disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function missing({ sha256, $blob }: BlobRef): SignalboxError {
  return new SignalboxError(
    'BLOB_MISSING',
    `Blob store "${$blob}" has no blob ${sha256.slice(0, 12)}`,
    {
      details: { sha256, store: $blob },
      hint: 'Restore the folder of the blob store, or run the step that made it again',
    },
  );
}

function damaged({ sha256, $blob }: BlobRef, how: string): SignalboxError {
  return new SignalboxError(
    'BLOB_DAMAGED',
    `Blob ${sha256.slice(0, 12)} of store "${$blob}" ${how}`,
    {
      details: { sha256, store: $blob },
      hint: 'Restore the file from a backup; its name is its digest',
    },
  );
}

function tooLarge(what: string, bytes: number, maxBytes: number): SignalboxError {
  return new SignalboxError(
    'PAYLOAD_TOO_LARGE',
    `${what} has ${bytes} bytes or more; at most ${maxBytes} are accepted`,
    {
      details: { bytes, maxBytes },
      hint: 'Store it in parts, or raise maxBytes',
    },
  );
}
