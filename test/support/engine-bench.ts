/** An engine on a bench: memory store, a clock that stands still, a log that is kept. */
import { onTestFinished } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import {
  createOrchestrator,
  type HistoryEntry,
  type Orchestrator,
  type OrchestratorOptions,
  type Store,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { createLogBook, type LogBook } from './log-book.ts';
import { mortal } from './mortal-store.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export interface Bench {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly log: LogBook;
  /** The engine that lives now. */
  readonly engine: Orchestrator;
  /** Closes the engine as a service that stops does, and opens the next one on the same store. */
  restart(options?: Partial<OrchestratorOptions>): Promise<Orchestrator>;
  /** The engine is gone from one moment to the next, whatever it was doing; the next one opens on the same store. */
  crash(options?: Partial<OrchestratorOptions>): Promise<Orchestrator>;
  /** As `crash`, but nobody comes back. */
  kill(): void;
}

type BenchOptions = Partial<OrchestratorOptions> & {
  readonly workflows: OrchestratorOptions['workflows'];
  readonly clock?: ManualClock;
};

export async function openBench(options: BenchOptions): Promise<Bench> {
  const clock = options.clock ?? new ManualClock();
  const store = options.store ?? createMemoryStore();
  const log = createLogBook();
  let current: OrchestratorOptions = { ...options, store };
  let life = mortal(store);
  let engine = await open();

  async function open(): Promise<Orchestrator> {
    const orchestrator = await createOrchestrator({
      logger: log.logger,
      ...current,
      clock,
      store: life.store,
    });
    onTestFinished(() => closed(orchestrator, clock));
    return orchestrator;
  }

  async function reopen(changes: Partial<OrchestratorOptions>): Promise<Orchestrator> {
    current = { ...current, ...changes };
    life = mortal(store);
    engine = await open();
    return engine;
  }

  return {
    clock,
    store,
    log,
    get engine() {
      return engine;
    },
    async restart(changes = {}) {
      await closed(engine, clock);
      return reopen(changes);
    },
    crash(changes = {}) {
      life.die();
      return reopen(changes);
    },
    kill: () => life.die(),
  };
}

/** Closes without waiting for attempts that do not end; their grace passes on the clock, not in real time. */
async function closed(engine: Orchestrator, clock: ManualClock): Promise<void> {
  const closing = engine.close({ graceMs: 0 });
  const isOver = Symbol('over');
  for (let turn = 0; turn < 50; turn += 1) {
    const first = await Promise.race([closing, clock.advance(0).then(() => isOver)]);
    if (first !== isOver) return;
  }
}

/** Lets the engine come to rest until the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`What was waited for did not happen: ${String(condition)}`);
}

/** The history as lines, `from > event > to` where the status changes. */
export async function eventsOf(engine: Orchestrator, runId: string): Promise<readonly string[]> {
  const entries = await engine.history(runId);
  return entries.map((entry) => entry.event);
}

export async function entryOf(
  engine: Orchestrator,
  runId: string,
  event: string,
): Promise<HistoryEntry> {
  const entries = await engine.history(runId);
  const found = entries.findLast((entry) => entry.event === event);
  if (found === undefined) {
    const events = entries.map((entry) => entry.event).join(', ');
    throw new Error(`No "${event}" in the history of the run: ${events}`);
  }
  return found;
}

/** The statuses a run has had, in order. */
export async function statusesOf(engine: Orchestrator, runId: string): Promise<readonly string[]> {
  const statuses: string[] = [];
  for (const { to } of await engine.history(runId)) if (statuses.at(-1) !== to) statuses.push(to);
  return statuses;
}
