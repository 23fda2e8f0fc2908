import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dataPath } from '../files.ts';

/**
 * Where a step leaves what is too large for the history; a step that follows gets the name. The same key gives the same file, so that a repeated
 * attempt leaves one.
 */
export function workFileName(idempotencyKey: string, extension: 'txt' | 'vectors'): string {
  return `${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32)}.${extension}`;
}

export function workPath(file: string): string {
  return dataPath('document-index', 'work', file);
}

/** Harmless to repeat. */
export async function removeWorkFile(file: string): Promise<void> {
  await rm(workPath(file), { force: true });
}
