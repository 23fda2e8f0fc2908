import { describe, expect, it } from 'vitest';
import { type CommitResult, createCommitQueue } from '../../../src/engine/commit-queue.ts';
import { SignalboxError } from '../../../src/index.ts';
import type { CommitOutcome, RunCommit } from '../../../src/ports/store.ts';

const aCommit = (runId: string, expectedRevision = 1) => ({ runId, expectedRevision }) as RunCommit;
const committed: CommitOutcome = { outcome: 'committed' };

/** A store that writes down its batches and answers as told. */
function aStore(
  shared: boolean,
  answer: (batch: readonly RunCommit[]) => readonly CommitOutcome[] = (batch) =>
    batch.map(() => committed),
) {
  const batches: string[][] = [];
  return {
    batches,
    shared,
    commit: async (batch: readonly RunCommit[]) => {
      batches.push(batch.map(({ runId, expectedRevision }) => `${runId}@${expectedRevision}`));
      return answer(batch);
    },
  };
}

async function submitted(store: ReturnType<typeof aStore>, commits: readonly RunCommit[]) {
  const queue = createCommitQueue(store);
  const refused = new Set<string>();
  const results: string[] = [];
  for (const commit of commits) {
    const done = ({ outcome }: CommitResult) => {
      results.push(`${commit.runId}@${commit.expectedRevision} ${outcome}`);
      if (outcome !== 'committed') refused.add(commit.runId);
    };
    queue.submit(commit, done, () => refused.has(commit.runId));
  }
  await queue.idle();
  return results;
}

describe('the commit queue', () => {
  it('writes what falls into one turn in one batch, and answers in order', async () => {
    const store = aStore(false);

    const results = await submitted(store, [aCommit('a', 1), aCommit('b', 7), aCommit('a', 2)]);

    expect(store.batches).toEqual([['a@1', 'b@7', 'a@2']]);
    expect(results).toEqual(['a@1 committed', 'b@7 committed', 'a@2 committed']);
  });

  it('writes at most 512 at once', async () => {
    const store = aStore(false);

    await submitted(
      store,
      Array.from({ length: 1_200 }, (_, n) => aCommit(`r${n}`)),
    );

    expect(store.batches.map((batch) => batch.length)).toEqual([512, 512, 176]);
  });

  it('on a shared store puts one commit of a run into a batch, so that none is taken for what follows another process', async () => {
    const store = aStore(true);

    const results = await submitted(store, [
      aCommit('a', 1),
      aCommit('a', 2),
      aCommit('b', 7),
      aCommit('a', 3),
    ]);

    expect(store.batches).toEqual([['a@1', 'b@7'], ['a@2'], ['a@3']]);
    expect(results).toEqual(['a@1 committed', 'b@7 committed', 'a@2 committed', 'a@3 committed']);
  });

  it.each([true, false])(
    'does not write what builds on a refused commit (shared: %s)',
    async (shared) => {
      const store = aStore(shared, (batch) =>
        batch.map(({ runId }) => (runId === 'a' ? { outcome: 'conflict' } : committed)),
      );

      const results = await submitted(store, [
        aCommit('a', 1),
        aCommit('b', 7),
        aCommit('a', 2),
        aCommit('a', 3),
      ]);

      expect(results.filter((result) => result.startsWith('a'))).toEqual([
        'a@1 conflict',
        'a@2 conflict',
        'a@3 conflict',
      ]);
      if (shared) expect(store.batches).toEqual([['a@1', 'b@7']]);
    },
  );

  it('tries a batch that fails again run by run: one bad run fails alone', async () => {
    const store = aStore(false, (batch) => {
      if (batch.some(({ runId }) => runId === 'bad')) throw new Error('malformed');
      return batch.map(() => committed);
    });

    const results = await submitted(store, [
      aCommit('a', 1),
      aCommit('bad', 1),
      aCommit('b', 1),
      aCommit('bad', 2),
    ]);

    expect(results).toEqual(['a@1 committed', 'bad@1 failed', 'b@1 committed', 'bad@2 conflict']);
  });

  it('tries nothing again when the store is unavailable: it may have written', async () => {
    const store = aStore(false, () => {
      throw new SignalboxError('STORE_UNAVAILABLE', 'disk full');
    });

    const results = await submitted(store, [aCommit('a', 1), aCommit('b', 1)]);

    expect(store.batches).toHaveLength(1);
    expect(results).toEqual(['a@1 failed', 'b@1 failed']);
  });
});
