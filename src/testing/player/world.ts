/** What a script is played in. */
import { createMemoryStore } from '../../adapters/memory/index.ts';
import type { Settings } from '../../engine/settings.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { RunMode } from '../../plan/plan.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';
import type { Move } from '../../proof/paths/move.ts';
import { pathRandom } from '../../proof/paths/timers.ts';
import { ManualClock } from '../manual-clock.ts';
import type { Around, TaskEffect } from './scripted-executor.ts';

/** Store, clock and surroundings of a play. After a crash the next one is played on the same store and clock. */
export interface World {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly ids?: Ids;
  readonly logger?: Logger;
  readonly settings?: Partial<Settings>;
  /** Default: `local`, so that no place in a queue is waited for. */
  readonly mode?: RunMode;
  /** Of real time for which a run that does not move is not taken for stuck. Default 1,000. */
  readonly patienceMs?: number;
  /** A process before this one died, maybe without having heard an answer: what it sent last is sent again. */
  readonly comesAgain?: boolean;
  /** Called for each task effect; what it returns is the outcome the engine gets. */
  readonly around?: Around;
  /** Aborted when the process this play stands for is dead: playing stops at once, and nothing is closed. */
  readonly died?: AbortSignal;
  /** Called while the run waits for the move, before it is made. */
  readonly before?: (moment: Moment) => Promise<void>;
  /** Of an attempt that nobody knows the end of: whether it took effect. Default: it did not. */
  readonly tookEffect?: (effect: Pick<TaskEffect, 'runId' | 'step'>) => boolean;
}

export interface Moment {
  readonly orchestrator: Orchestrator;
  readonly runId: string;
  readonly move: Move;
}

/** A world with a memory store and a clock that stands still. */
export function createWorld(given: Partial<World> = {}): World {
  return { store: createMemoryStore(), clock: new ManualClock(), ...given };
}

/** Ids that count, and the draw that paths count on. */
export function createCountingIds(prefix = ''): Ids {
  let count = 0;
  const next = () => {
    count += 1;
    return String(count).padStart(6, '0');
  };
  return {
    runId: () => `run-${prefix}${next()}`,
    token: () => `token-${prefix}${next()}`,
    random: () => pathRandom,
  };
}

export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};
