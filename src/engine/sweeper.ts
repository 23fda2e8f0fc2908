/** Looking for work nobody is at: deadlines that have passed, attempts whose process is gone, letters not yet read. */
import { SignalboxError } from '../errors.ts';
import type { Courier } from './courier.ts';
import { takeUp } from './draft.ts';
import { fireDue, fireReminders } from './due.ts';
import type { OwnRuns } from './own-runs.ts';
import { adopt, orphansOf } from './recovery.ts';
import type { Unreadable } from './unreadable.ts';
import { createWaker } from './waker.ts';
import type { WorkDeps } from './work-deps.ts';

export interface Sweeper {
  /** Everything that is due, orphaned or unread, once; resolves when it has been set going. */
  sweep(): Promise<void>;
  /** Looks at this wall time at the latest. */
  at(dueAtMs: number): void;
  /** Looks no more; resolves when a look under way has ended. */
  stop(): Promise<void>;
}

const pageSize = 500;

/**
 * @param own - the runs to look after; `null`: all
 * @param onHeld - called when another process has paused runs, or let them go on
 */
export function createSweeper(
  deps: WorkDeps,
  courier: Courier,
  unreadable: Unreadable,
  own: OwnRuns | null,
  onHeld: () => void,
): Sweeper {
  const { store, runs, clock, settings, log, inFlight, owner, holds } = deps;
  let sweeping: Promise<void> | null = null;
  let isAskedAgain = false;
  const waker = createWaker(
    clock,
    store.shared ? settings.pollMs : settings.maxSleepMs,
    () => void sweep(),
  );

  function sweep(): Promise<void> {
    if (deps.isClosed()) return Promise.resolve();
    // A look under way may have passed by what this one is asked for.
    isAskedAgain = sweeping !== null;
    sweeping ??= lookUntilDone().catch((error: unknown) =>
      log.error({ err: error }, 'looking for due work failed; it is tried again'),
    );
    return sweeping;
  }

  async function lookUntilDone(): Promise<void> {
    try {
      do {
        isAskedAgain = false;
        await look();
      } while (isAskedAgain && !deps.isClosed());
    } finally {
      // in the same step as the last question: whoever asks after it begins a look of its own
      sweeping = null;
    }
  }

  async function look(): Promise<void> {
    try {
      if (store.shared && (await holds.refresh())) onHeld();
      await (own === null ? lookAtAll() : lookAtOwn(own));
    } finally {
      await setAlarm();
    }
  }

  async function lookAtOwn(runs: OwnRuns): Promise<void> {
    const ids = await runs.withChildren();
    await Promise.all(ids.filter((runId) => !unreadable.has(runId)).map(tend));
    // A process that died may not have started a child of theirs.
    if (ids.length > 0) await courier.broadcast();
  }

  async function lookAtAll(): Promise<void> {
    const seen = new Set<string>();
    for (let isDone = false; !isDone && !deps.isClosed(); ) {
      const query = {
        nowMs: clock.nowMs(),
        owner,
        anyLease: !store.shared,
        // Those that cannot be dealt with now hide no others.
        limit: pageSize + inFlight.size + seen.size + unreadable.size,
      };
      const found = await store.claimable(query);
      const fresh = found.filter((runId) => !seen.has(runId) && !unreadable.has(runId));
      for (const runId of fresh) seen.add(runId);
      await Promise.all(fresh.map(tend));
      isDone = fresh.length === 0;
    }
    await wake();
    await courier.broadcast();
  }

  /** Runs that were held, and are not any more. */
  async function wake(): Promise<void> {
    for (const name of holds.lifted()) {
      const sleeping = await store.awaiting(name);
      for (let at = 0; at < sleeping.length && !deps.isClosed(); at += pageSize) {
        const page = sleeping.slice(at, at + pageSize);
        await Promise.all(page.filter((runId) => !unreadable.has(runId)).map(tend));
      }
    }
  }

  /** What is overdue and could not be dealt with is looked at again later, never in a busy loop. */
  async function setAlarm(): Promise<void> {
    const nextMs = await store.nextDueAtMs().catch(() => null);
    const nowMs = clock.nowMs();
    const patienceMs = store.shared ? settings.pollMs : settings.maxSleepMs;
    if (nextMs === null) waker.at(nowMs + patienceMs);
    else waker.at(nextMs > nowMs ? Math.min(nextMs, nowMs + patienceMs) : nowMs + settings.pollMs);
  }

  async function tend(runId: string): Promise<void> {
    try {
      const run = await runs.own(runId);
      if (run === null) return;
      const mayAdopt = run.state.pausedAtMs === null && !runs.isPending(runId);
      const orphans = mayAdopt ? orphansOf(run, inFlight) : [];
      const isDue = run.state.dueAtMs !== null && run.state.dueAtMs <= clock.nowMs();
      const isWoken = holds.lifted().some((name) => run.state.awaits.includes(name));
      if (orphans.length > 0 || isDue || isWoken) {
        await runs.change(run, (draft) => {
          takeUp(draft);
          adopt(draft, orphans, settings, log);
          fireReminders(draft);
          fireDue(draft);
        });
      }
      await courier.deliver(runId);
      unreadable.delete(runId);
    } catch (error) {
      const code = error instanceof SignalboxError ? error.code : null;
      if (code === 'LEASE_LOST' || code === 'CLOSED') return;
      const isKnown = code !== null && code !== 'STORE_UNAVAILABLE' && !unreadable.add(runId);
      if (!isKnown) log.warn({ err: error, runId }, 'the run cannot go on here');
    }
  }

  return {
    sweep,
    at: (dueAtMs) => waker.at(dueAtMs),
    async stop() {
      waker.stop();
      await sweeping;
    },
  };
}
