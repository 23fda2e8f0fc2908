/**
 * Effects on the world, one file each, named after the idempotency key of the step. A repeated attempt finds the file of the first one and does
 * nothing twice, and two runs never write the same file.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { dataPath, isMissing, writeAtomically } from './files.ts';

const Entry = z.object({
  status: z.enum(['done', 'undone']),
  details: z.record(z.string(), z.json()),
});
export type Entry = z.infer<typeof Entry>;

export interface Ledger {
  /** Has the effect, unless an earlier attempt already had it; returns its id, by which it is read and undone. */
  record(idempotencyKey: string, details: Entry['details']): Promise<string>;
  /** Takes an effect back. Harmless to repeat, and harmless if there is nothing to take back. */
  undo(id: string): Promise<void>;
  /** `null` if there is no such effect. */
  read(id: string): Promise<Entry | null>;
}

/** The ledger of one kind of effect of a machine, in the folder `machine/kind` below the data directory. */
export function createLedger(machine: string, kind: string): Ledger {
  const pathOf = (id: string) => dataPath(machine, kind, `${id}.json`);
  const write = (id: string, entry: Entry) =>
    writeAtomically(pathOf(id), `${JSON.stringify(entry, null, 2)}\n`);

  async function read(id: string): Promise<Entry | null> {
    try {
      return Entry.parse(JSON.parse(await readFile(pathOf(id), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  return {
    async record(idempotencyKey, details) {
      const id = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32);
      if ((await read(id)) === null) await write(id, { status: 'done', details });
      return id;
    },
    async undo(id) {
      const entry = await read(id);
      if (entry?.status === 'done') await write(id, { ...entry, status: 'undone' });
    },
    read,
  };
}
