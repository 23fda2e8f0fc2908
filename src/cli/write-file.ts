/** `--output`: files that are there as a whole or not at all. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './usage-error.ts';

/** The whole file or none, in a folder that is made if need be. @throws UsageError if it cannot be written */
export async function writeAtomically(
  file: string,
  text: AsyncIterable<string> | Iterable<string | Uint8Array>,
): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await pipeline(
      Readable.from(text),
      createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
    );
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    if (!isFileError(error)) throw error;
    throw new UsageError(`--output: "${file}" cannot be written (${error.code})`);
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException & { readonly path: string } {
  return error instanceof Error && 'code' in error && 'path' in error && 'syscall' in error;
}
