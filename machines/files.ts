import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Where the example workflows leave what they do to the world: below `SIGNALBOX_DATA`, by default `.signalbox/data` in the working directory.
 * Read at each call, so that a test or a service can point it elsewhere after import.
 */
export function dataPath(...parts: readonly string[]): string {
  return join(process.env['SIGNALBOX_DATA'] ?? join('.signalbox', 'data'), ...parts);
}

/** Writes the whole file or nothing: a reader, or a restart after a crash, never finds half of it. Parent directories are created. */
export async function writeAtomically(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(temporary, contents, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether a file-system error says that there is no such file or directory. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
