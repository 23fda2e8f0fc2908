/** Looks after schedules: brings each up to now when its next slot begins, and when a run somebody waits for has ended. */
import { isTerminal } from '../../chart/lifecycle.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Schedule } from '../../triggers/schedule.ts';
import { advance, type Deps } from './advance.ts';
import { nextBeginMs } from './due.ts';
import type { Registry } from './registry.ts';
import type { ScheduleState } from './state.ts';

/** So that a wall clock that was set is noticed, and what other processes did. */
const longestSleepMs = 30_000;

export interface Scheduler {
  start(): void;
  /** Looks at once; resolves when every schedule is up to now. */
  look(): Promise<void>;
  /** What is being started is started; nothing else is. */
  close(): Promise<void>;
}

export function createScheduler(
  deps: Deps & {
    readonly registry: Registry;
    /** Other processes may create schedules. */
    readonly isShared: boolean;
    readonly log: Logger;
    readonly orchestrator: Orchestrator;
    readonly clock: Clock;
  },
): Scheduler {
  const { clock, log, orchestrator, registry } = deps;
  const waitedFor = new Map<string, () => void>();
  let cancelTimer = () => {};
  let looking: Promise<void> | null = null;
  let isAskedAgain = false;
  let isClosed = false;

  async function pass(): Promise<void> {
    let nextMs = longestSleepMs;
    const schedules = await registry.all();
    for (const { schedule } of schedules) {
      if (isClosed) return;
      nextMs = Math.min(nextMs, await bringUp(schedule));
    }
    cancelTimer();
    // Whoever creates the first one looks; only another process would not be heard.
    const mayBeQuiet = schedules.length === 0 && !deps.isShared;
    if (!isClosed && !mayBeQuiet) cancelTimer = clock.after(nextMs, () => void look());
  }

  /** @returns milliseconds until it has to be looked at again */
  async function bringUp(schedule: Schedule): Promise<number> {
    try {
      const state = await advance(deps, schedule);
      listen(state);
      if (state.paused !== null) return longestSleepMs;
      const beginMs = nextBeginMs(schedule, state.handledUntilMs);
      return beginMs === null ? longestSleepMs : Math.max(0, beginMs - clock.nowMs());
    } catch (error) {
      log.error(
        { err: error, schedule: schedule.name },
        'a schedule cannot go on; it is tried again',
      );
      return longestSleepMs;
    }
  }

  function listen({ queued, lastRunId }: ScheduleState): void {
    if (queued === null || lastRunId === null || waitedFor.has(lastRunId)) return;
    const stop = orchestrator.subscribe(({ status }) => {
      if (!isTerminal(status)) return;
      waitedFor.get(lastRunId)?.();
      waitedFor.delete(lastRunId);
      void look();
    }, lastRunId);
    waitedFor.set(lastRunId, stop);
    // it may have ended before anybody listened
    isAskedAgain = true;
  }

  async function run(): Promise<void> {
    try {
      isAskedAgain = false;
      await pass();
    } catch (error) {
      log.error({ err: error }, 'schedules cannot be read; it is tried again');
      if (!isClosed) cancelTimer = clock.after(longestSleepMs, () => void look());
    } finally {
      looking = null;
    }
    if (isAskedAgain) await look();
  }

  function look(): Promise<void> {
    if (isClosed) return Promise.resolve();
    if (looking === null) looking = run();
    else isAskedAgain = true;
    return looking;
  }

  return {
    start: () => void look(),
    look,
    async close() {
      isClosed = true;
      cancelTimer();
      for (const stop of waitedFor.values()) stop();
      waitedFor.clear();
      await looking;
    },
  };
}
