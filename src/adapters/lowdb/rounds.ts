/** Changes are carried out in rounds: all that have come in while one round is written are the next. */

export interface Change<T> {
  /** Brings what `apply` reads into memory. Runs beside the other preparations of its round; nothing is written meanwhile. */
  readonly prepare: () => Promise<void>;
  /** Stages the change. What it throws concerns this change alone, provided it throws before staging anything. */
  readonly apply: () => T;
  /** Must be on the disk, not just handed to the system, before it is acknowledged. */
  readonly isSynced: boolean;
}

export interface Rounds {
  /** Resolves when the change is written. */
  submit<T>(change: Change<T>): Promise<T>;
  /** Resolves when nothing is waiting any more. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly prepare: () => Promise<void>;
  readonly isSynced: boolean;
  /** Stages the change and returns what to call when it is written. */
  readonly apply: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds the time and memory of one round. */
const maxChanges = 256;

/** @param write - writes whatever is staged; if it throws, nothing is written and nothing remains staged */
export function createRounds(write: (isSynced: boolean) => Promise<void>): Rounds {
  const waiting: Waiting[] = [];
  let working: Promise<void> | null = null;

  async function work(): Promise<void> {
    // whoever calls in this turn of the event loop shares the first round
    await Promise.resolve();
    while (waiting.length > 0) await carryOut(waiting.splice(0, maxChanges));
    working = null;
  }

  async function carryOut(changes: readonly Waiting[]): Promise<void> {
    const prepared: Waiting[] = [];
    await Promise.all(
      changes.map(async (change) => {
        try {
          await change.prepare();
          prepared.push(change);
        } catch (error) {
          change.reject(error);
        }
      }),
    );
    const inOrder = changes.filter((change) => prepared.includes(change));
    const applied: { readonly change: Waiting; readonly resolve: () => void }[] = [];
    for (const change of inOrder) {
      try {
        applied.push({ change, resolve: change.apply() });
      } catch (error) {
        change.reject(error);
      }
    }
    try {
      await write(applied.some(({ change }) => change.isSynced));
      for (const { resolve } of applied) resolve();
    } catch (error) {
      for (const { change } of applied) change.reject(error);
    }
  }

  return {
    submit: (change) =>
      new Promise((resolve, reject) => {
        const apply = () => {
          const result = change.apply();
          return () => resolve(result);
        };
        waiting.push({ prepare: change.prepare, isSynced: change.isSynced, apply, reject });
        working ??= work();
      }),
    idle: () => working ?? Promise.resolve(),
  };
}
