/** Tasks that write down what they did, so that a test can say how often and in which order effects happened. */
import { z } from 'zod';
import type { Delivery } from '../../src/definition/index.ts';
import { defineTask, type Task, type TaskContext } from '../../src/index.ts';

export interface Deed {
  /** `ship` or `undo ship`. */
  readonly what: string;
  readonly step: string;
  readonly input: unknown;
  readonly output?: unknown;
  readonly attempt: number;
  readonly key: string;
  readonly runId: string;
}

type Work = (context: TaskContext<unknown, {}>) => unknown;

export interface DeedOptions extends Delivery {
  /** Default: undone by writing it down. */
  readonly compensate?: 'none' | 'irreversible' | (() => Promise<void> | void);
  readonly undoRetry?: Delivery['retry'];
  readonly repeat?: 'safe' | 'unsafe';
  /** What the task does after it has been written down; default: yields its name. */
  readonly run?: Work;
}

export interface Deeds {
  readonly all: readonly Deed[];
  /** `ship`, `undo ship`, in order. */
  readonly names: readonly string[];
  of(what: string): readonly Deed[];
  /** A task that writes down each attempt before it does anything. Its input and output are any JSON. */
  task(name: string, options?: DeedOptions): Task<unknown, unknown>;
}

export function createDeeds(): Deeds {
  const all: Deed[] = [];
  return {
    all,
    get names() {
      return all.map((deed) => deed.what);
    },
    of: (what) => all.filter((deed) => deed.what === what),
    task(name, { compensate, undoRetry, run, ...options } = {}) {
      const undone = async (context: {
        input: unknown;
        output: unknown;
        attempt: number;
        idempotencyKey: string;
        run: { runId: string };
      }) => {
        const { input, output, attempt, idempotencyKey: key } = context;
        all.push({
          what: `undo ${name}`,
          step: name,
          input,
          output,
          attempt,
          key,
          runId: context.run.runId,
        });
        if (typeof compensate === 'function') await compensate();
      };
      const undo = undoRetry === undefined ? undone : { run: undone, retry: undoRetry };
      return defineTask({
        ...options,
        name,
        input: z.unknown(),
        output: z.unknown(),
        compensate: compensate === 'none' || compensate === 'irreversible' ? compensate : undo,
        async run(context) {
          const { input, attempt, idempotencyKey: key } = context;
          all.push({ what: name, step: name, input, attempt, key, runId: context.run.runId });
          const output = run === undefined ? `${name} done` : await run(context);
          return output ?? null;
        },
      });
    },
  };
}

/** A promise that the test settles, and a sign that somebody waits for it. */
export function aGate<T = void>() {
  const opened = Promise.withResolvers<T>();
  const reached = Promise.withResolvers<void>();
  return {
    open: opened.resolve,
    fail: opened.reject,
    reached: reached.promise,
    pass: (): Promise<T> => {
      reached.resolve();
      return opened.promise;
    },
  };
}
