/** A store whose process dies at a chosen commit. */
import type { Store } from '../../ports/store.ts';

export interface PlannedCrash {
  /** From 1: the next. */
  readonly commitsLeft: number;
  readonly moment: 'before' | 'after';
  readonly runId: string | null;
}

export interface MortalStore {
  readonly store: Store;
  /** Run commits so far. */
  readonly commits: number;
  readonly planned: PlannedCrash | null;
  plan(crash: PlannedCrash | null): void;
}

/** @param die - does not return in earnest; after it nothing of the process counts */
export function createMortalStore(inner: Store, die: () => void): MortalStore {
  let commits = 0;
  let planned: PlannedCrash | null = null;

  return {
    get commits() {
      return commits;
    },
    get planned() {
      return planned;
    },
    plan(crash) {
      planned = crash;
    },
    store: {
      ...inner,
      async commit(batch) {
        commits += batch.length;
        const { moment, runId, commitsLeft } = planned ?? noCrash;
        const counted = batch.filter((one) => runId === null || one.runId === runId).length;
        const isTime = planned !== null && counted >= commitsLeft;
        if (planned !== null && !isTime)
          planned = { ...planned, commitsLeft: commitsLeft - counted };
        if (isTime && moment === 'before') die();
        const outcomes = await inner.commit(batch);
        if (isTime && moment === 'after') die();
        return outcomes;
      },
    },
  };
}

const noCrash: PlannedCrash = { commitsLeft: 0, moment: 'after', runId: null };
