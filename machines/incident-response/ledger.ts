/**
 * Effects on the world, one file each, named after the idempotency key of the step. A repeated attempt finds the file of the first one and does
 * nothing twice, and two runs never write the same file.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { dataPath, isMissing, writeAtomically } from '../files.ts';

const Entry = z.object({
  status: z.enum(['done', 'undone']),
  details: z.record(z.string(), z.string()),
});
export type Entry = z.infer<typeof Entry>;
export type EffectKind = 'firmware-updates' | 'ticket-entries';

/** Has the effect, unless an earlier attempt already had it; returns its id, by which it is read and undone. */
export async function recordEffect(
  kind: EffectKind,
  idempotencyKey: string,
  details: Entry['details'],
): Promise<string> {
  const id = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32);
  if ((await readEffect(kind, id)) === null) {
    await write(kind, id, { status: 'done', details });
  }
  return id;
}

/** Takes an effect back. Harmless to repeat, and harmless if there is nothing to take back. */
export async function undoEffect(kind: EffectKind, id: string): Promise<void> {
  const entry = await readEffect(kind, id);
  if (entry?.status === 'done') {
    await write(kind, id, { ...entry, status: 'undone' });
  }
}

/** `null` if there is no such effect. */
export async function readEffect(kind: EffectKind, id: string): Promise<Entry | null> {
  try {
    return Entry.parse(JSON.parse(await readFile(pathOf(kind, id), 'utf8')));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function write(kind: EffectKind, id: string, entry: Entry): Promise<void> {
  return writeAtomically(pathOf(kind, id), `${JSON.stringify(entry, null, 2)}\n`);
}

function pathOf(kind: EffectKind, id: string): string {
  return dataPath('incident-response', kind, `${id}.json`);
}
