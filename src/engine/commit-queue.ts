/** Group commit: what falls into one turn of the event loop, or waits for the previous flush, shares one transaction and one fsync. */
import { SignalboxError } from '../errors.ts';
import type { CommitOutcome, RunCommit, Store } from '../ports/store.ts';

export type CommitResult = CommitOutcome | { readonly outcome: 'failed'; readonly error: unknown };

export interface CommitQueue {
  /**
   * Calls back once the commit is durable or refused, of one run in order of submission. Never throws.
   *
   * @param isVoid - asked before it is written: what the commit builds on was refused, so it is a conflict whatever the store holds by now
   */
  submit(commit: RunCommit, done: (result: CommitResult) => void, isVoid?: () => boolean): void;
  /** Resolves when nothing is queued or being written. */
  idle(): Promise<void>;
}

interface Entry {
  readonly commit: RunCommit;
  readonly done: (result: CommitResult) => void;
  readonly isVoid: () => boolean;
}

/** More would only make the first of a batch wait for the last. */
const maxBatch = 512;

export function createCommitQueue(store: Pick<Store, 'commit' | 'shared'>): CommitQueue {
  let waiting: Entry[] = [];
  let isFlushing = false;
  let idlers: (() => void)[] = [];

  /**
   * The next batch. Of a run that other processes may change it holds one commit at most: if that is refused because another was faster, the
   * revision the other wrote must not be taken for the one the next commit builds on.
   */
  function take(): Entry[] {
    const batch: Entry[] = [];
    const rest: Entry[] = [];
    const taken = new Set<string>();
    for (const entry of waiting) {
      const { runId } = entry.commit;
      if (batch.length >= maxBatch || (store.shared && taken.has(runId))) rest.push(entry);
      else if (entry.isVoid()) entry.done({ outcome: 'conflict' });
      else batch.push(entry);
      taken.add(runId);
    }
    waiting = rest;
    return batch;
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = take();
      const commits = batch.map((entry) => entry.commit);
      const results = commits.length === 0 ? [] : await write(store, commits);
      for (const [index, entry] of batch.entries())
        entry.done(results[index] ?? failed(new Error('The store gave no outcome')));
      if (waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    isFlushing = false;
    for (const idler of idlers) idler();
    idlers = [];
  }

  return {
    submit(commit, done, isVoid = () => false) {
      waiting.push({ commit, done, isVoid });
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
