import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chainEntry } from '../../../src/engine/history-entry.ts';
import {
  defineWorkflow,
  type HistoryEntry,
  PermanentError,
  type Store,
} from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench } from '../../support/engine-bench.ts';

/** A failed run: inputs, outputs, an error, a decision with a form, undos. */
async function failed() {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'failing',
    version: 1,
    input: z.object({ n: z.number() }),
    steps(w) {
      const first = w.task('first', deeds.task('first', { run: () => ({ sum: 1 }) }), {
        input: w.input,
      });
      const look = w.review('look', { show: first, form: z.object({ reason: z.string() }) });
      const breaks = () => Promise.reject(new PermanentError('broken'));
      return w.task('second', deeds.task('second', { run: breaks }), { input: look });
    },
  });
  const bench = await openBench({ workflows: [workflow] });
  const { runId } = await bench.engine.start('failing', { n: 1 });
  await bench.engine.drive(runId);
  await bench.engine.decide(runId, 'look', {
    outcome: 'approved',
    actor: 'ann',
    form: { reason: 'fine' },
  });
  await bench.engine.drive(runId, 'finished');
  const entries = await bench.store.history(runId, { afterSeq: 0, limit: 1_000 });
  const verify = async (history: readonly HistoryEntry[]) => {
    const store: Store = {
      ...bench.store,
      history: async (_runId, { afterSeq, limit }) =>
        history.filter(({ seq }) => seq > afterSeq).slice(0, limit),
    };
    const { engine } = await openBench({ workflows: [workflow], store });
    return engine.verify(runId);
  };
  return { entries, verify };
}

/** Another value of the same kind. */
function altered(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return value.endsWith('x') ? 'y' : `${value}x`;
  if (value === null) return 'x';
  if (Array.isArray(value)) return [...(value as unknown[]), 'x'];
  return { ...(value as object), x: 'x' };
}

const erasable: ReadonlySet<string> = new Set(['output', 'inputHash', 'salt']);

describe('G-10: verify', () => {
  it('finds every change of every field of every entry, at that entry', async () => {
    const { entries, verify } = await failed();
    expect(entries.length).toBeGreaterThan(5);
    let changes = 0;

    for (const [index, entry] of entries.entries()) {
      for (const [field, value] of Object.entries(entry)) {
        // What an entry has no value for has no salt either, and means nothing.
        if (field === 'salt' && value === null) continue;
        const changed = { ...entry, [field]: altered(value) };

        const report = await verify(entries.with(index, changed));

        const found = report.fault === null ? 'nothing' : report.fault.seq;
        // A number that is not one more than the last is a gap before it.
        expect([field, found]).toEqual([field, entry.seq]);
        changes += 1;
      }
    }

    expect(changes).toBeGreaterThan(100);
  });

  it('finds values that stand where nothing was erased properly', async () => {
    const { entries, verify } = await failed();

    for (const [index, entry] of entries.entries()) {
      const forged = { ...entry, output: 'forged', salt: null };
      expect((await verify(entries.with(index, forged))).fault).toMatchObject({
        seq: entry.seq,
      });
      const hashed = { ...entry, inputHash: 'f'.repeat(64), salt: null };
      expect((await verify(entries.with(index, hashed))).fault).toMatchObject({
        seq: entry.seq,
      });
    }
  });

  it('takes fields that were erased for what they are, and no others', async () => {
    const { entries, verify } = await failed();
    const withoutValues = entries.map((entry) => {
      const rest = Object.entries(entry).filter(([field]) => !erasable.has(field));
      return { ...Object.fromEntries(rest), inputHash: null, salt: null } as HistoryEntry;
    });

    expect(await verify(withoutValues)).toMatchObject({ entries: entries.length, fault: null });
    for (const [index, entry] of withoutValues.entries()) {
      const rest = { ...entry, data: null, error: null };
      if (entry.data === null && entry.error === null) continue;
      expect((await verify(withoutValues.with(index, rest))).fault).toMatchObject({
        seq: entry.seq,
      });
    }
  });

  it('finds entries that were removed, doubled, exchanged or cut off, wherever', async () => {
    const { entries, verify } = await failed();

    for (const [index, entry] of entries.entries()) {
      expect((await verify(entries.toSpliced(index, 1))).fault).toMatchObject({ seq: entry.seq });
      expect((await verify(entries.slice(0, index))).fault).toMatchObject({ seq: entry.seq });
      if (index === 0) continue;
      const exchanged = entries.with(index, entries[index - 1] as HistoryEntry);
      expect((await verify(exchanged)).fault).not.toBeNull();
      expect((await verify(entries.toSpliced(index, 0, entry))).fault).not.toBeNull();
    }
  });

  it('finds a whole history that was forged from some entry on, by the head the run keeps', async () => {
    const { entries, verify } = await failed();
    let previous = '0'.repeat(64);
    const forged = entries.map((entry) => {
      const draft = { ...entry, actor: 'mallory' };
      const made = chainEntry(
        {
          ...draft,
          step: draft.step ?? undefined,
          attempt: draft.attempt ?? undefined,
          durationMs: draft.durationMs ?? undefined,
          inputHash: draft.inputHash ?? undefined,
          error: draft.error ?? undefined,
          data: draft.data ?? undefined,
        },
        { seq: entry.seq, generation: entry.generation, previousHash: previous },
        'salt',
      );
      previous = made.hash;
      return made;
    });

    expect((await verify(forged)).fault).not.toBeNull();
  });
});
