import type { CommitOutcome, ExportedRun, RunCommit, Store } from '../../ports/store.ts';
import { Broken } from './compare.ts';
import type { Life } from './life.ts';

/** What a store has said is safe: an entry of a history, or a message. */
export type Acknowledged =
  | { readonly runId: string; readonly seq: number; readonly hash: string }
  | { readonly messageId: string };

/** @param onMade - told of whatever the process hears is written while it lives */
export function noting(store: Store, life: Life, onMade: (made: Acknowledged) => void): Store {
  const note = (all: readonly Acknowledged[]) => {
    if (!life.isOver) for (const made of all) onMade(made);
  };
  return {
    ...store,
    async commit(batch) {
      const outcomes = await store.commit(batch);
      note(batch.flatMap((commit, index) => entriesOf(commit, outcomes[index])));
      return outcomes;
    },
    async send(messages) {
      const known = await store.send(messages);
      note(messages.map(({ id }) => ({ messageId: id })));
      return known;
    },
  };
}

function entriesOf(commit: RunCommit, outcome: CommitOutcome | undefined): Acknowledged[] {
  if (outcome?.outcome !== 'committed') return [];
  return commit.history.map(({ seq, hash }) => ({ runId: commit.runId, seq, hash }));
}

/** @throws Broken if something that was acknowledged is not there */
export async function checkAcknowledged(
  acknowledged: readonly Acknowledged[],
  runs: readonly ExportedRun[],
  store: Store,
): Promise<void> {
  const histories = new Map(runs.map(({ header, history }) => [header.id, history]));
  for (const made of acknowledged) {
    const isKept =
      'runId' in made
        ? histories.get(made.runId)?.[made.seq - 1]?.hash === made.hash
        : (await store.answer(made.messageId)) !== null;
    if (!isKept) throw new Broken(`Acknowledged and lost: ${JSON.stringify(made)}`);
  }
}
