/** Two processes on one database: two orchestrators on one SQLite file, each with a clock of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import type { OrchestratorOptions } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { type Bench, openBench } from './engine-bench.ts';

/** A file that does not exist yet, in a folder that goes when the test ends. */
export function aDatabaseFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-engine-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'runs.sqlite');
}

export interface Side extends Pick<Bench, 'clock' | 'log' | 'engine' | 'kill' | 'store'> {
  readonly name: 'a' | 'b';
}

type Options = Omit<Partial<OrchestratorOptions>, 'workflows'> & {
  /** Called once per process, with its name: the same plan, and handlers that know where they run. */
  readonly workflows: (side: 'a' | 'b') => OrchestratorOptions['workflows'];
};

export interface Pair {
  readonly a: Side;
  readonly b: Side;
  readonly file: string;
  /** Moves the clocks of both on, a little at a time. */
  advance(byMs: number): Promise<void>;
  /** Moves both clocks on until the condition holds; not longer than ten minutes of theirs. */
  advanceUntil(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Moves both clocks on until the promise settles, and settles as it does. */
  settled<T>(promise: Promise<T>): Promise<T>;
}

export async function openPair({ workflows, ...options }: Options): Promise<Pair> {
  const file = aDatabaseFile();
  const side = async (name: 'a' | 'b'): Promise<Side> => {
    const store = await openSqliteStore(file);
    onTestFinished(() => store.close());
    const bench = await openBench({
      ...options,
      workflows: workflows(name),
      store,
      clock: new ManualClock(),
    });
    return { ...bench, engine: bench.engine, name };
  };
  const a = await side('a');
  const b = await side('b');
  const stepMs = 100;
  const advance = async (byMs: number) => {
    for (let doneMs = 0; doneMs < byMs; doneMs += stepMs) {
      const nextMs = Math.min(stepMs, byMs - doneMs);
      await Promise.all([a.clock.advance(nextMs), b.clock.advance(nextMs)]);
    }
  };
  const advanceUntil = async (condition: () => boolean | Promise<boolean>) => {
    for (let doneMs = 0; doneMs < 600_000; doneMs += stepMs) {
      if (await condition()) return;
      await advance(stepMs);
    }
    throw new Error(`What was waited for did not happen: ${String(condition)}`);
  };
  return {
    a,
    b,
    file,
    advance,
    advanceUntil,
    async settled(promise) {
      const pending = Symbol('pending');
      const ended = promise.then(
        () => null,
        () => null,
      );
      await advanceUntil(
        async () => (await Promise.race([ended, Promise.resolve(pending)])) !== pending,
      );
      return promise;
    },
  };
}
