/** A store that refuses writes when told to, as one on a full disk or behind a broken line does. */
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { SignalboxError, type Store } from '../../src/index.ts';
import type { RunCommit } from '../../src/ports/store.ts';

export interface FaultyStore {
  readonly store: Store;
  /** The next commits fail as unavailable, `Infinity`: until it is set to 0 again. */
  outage: number;
  /** Commits refused so far. */
  readonly refused: number;
  /** A batch that contains such a commit fails as a whole, with an error nobody knows. */
  poison: (commit: RunCommit) => boolean;
}

export function createFaultyStore(inner: Store = createMemoryStore()): FaultyStore {
  let refused = 0;
  const faulty = {
    store: new Proxy(inner, {
      get(target, name, receiver) {
        if (name !== 'commit') return Reflect.get(target, name, receiver) as unknown;
        return async (batch: readonly RunCommit[]) => {
          if (faulty.outage > 0) {
            faulty.outage -= 1;
            refused += 1;
            throw new SignalboxError('STORE_UNAVAILABLE', 'No space left on the device');
          }
          if (batch.some((commit) => faulty.poison(commit))) throw new Error('constraint failed');
          return target.commit(batch);
        };
      },
    }),
    outage: 0,
    get refused() {
      return refused;
    },
    poison: (_commit: RunCommit) => false,
  };
  return faulty;
}
