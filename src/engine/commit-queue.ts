/** Group commit: what falls into one turn of the event loop, or waits for the previous flush, shares one transaction and one fsync. */
import { SignalboxError } from '../errors.ts';
import type { CommitOutcome, RunCommit, Store } from '../ports/store.ts';

export type CommitResult = CommitOutcome | { readonly outcome: 'failed'; readonly error: unknown };

export interface CommitQueue {
  /** Calls back once the commit is durable or refused, in order of submission. Never throws. */
  submit(commit: RunCommit, done: (result: CommitResult) => void): void;
  /** Resolves when nothing is queued or being written. */
  idle(): Promise<void>;
}

interface Entry {
  readonly commit: RunCommit;
  readonly done: (result: CommitResult) => void;
}

/** More would only make the first of a batch wait for the last. */
const maxBatch = 512;

export function createCommitQueue(store: Pick<Store, 'commit'>): CommitQueue {
  let waiting: Entry[] = [];
  let isFlushing = false;
  let idlers: (() => void)[] = [];

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      const results = await write(
        store,
        batch.map((entry) => entry.commit),
      );
      for (const [index, entry] of batch.entries())
        entry.done(results[index] ?? failed(new Error('The store gave no outcome')));
      if (waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    isFlushing = false;
    for (const idler of idlers) idler();
    idlers = [];
  }

  return {
    submit(commit, done) {
      waiting.push({ commit, done });
      if (isFlushing) return;
      isFlushing = true;
      setImmediate(() => void flush());
    },
    idle: () => (isFlushing ? new Promise((resolve) => idlers.push(resolve)) : Promise.resolve()),
  };
}

/** A batch that fails is tried again run by run, so that one bad run fails alone. */
async function write(
  store: Pick<Store, 'commit'>,
  commits: readonly RunCommit[],
): Promise<readonly CommitResult[]> {
  try {
    return await store.commit(commits);
  } catch (error) {
    if (commits.length === 1 || isUnavailable(error)) return commits.map(() => failed(error));
  }
  const results: CommitResult[] = [];
  const broken = new Set<string>();
  for (const commit of commits) {
    if (broken.has(commit.runId)) {
      results.push({ outcome: 'conflict' });
      continue;
    }
    const [result] = await write(store, [commit]);
    if (result?.outcome !== 'committed') broken.add(commit.runId);
    results.push(result ?? failed(new Error('The store gave no outcome')));
  }
  return results;
}

function failed(error: unknown): CommitResult {
  return { outcome: 'failed', error };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SignalboxError && error.code === 'STORE_UNAVAILABLE';
}
