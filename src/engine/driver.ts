/** Waiting for a run: until it has ended, or until only people, events or time can move it. */
import { isTerminal } from '../chart/lifecycle.ts';
import type { Clock } from '../ports/clock.ts';
import type { Announcer, RunEvent } from './announcer.ts';
import type { Reader } from './reader.ts';
import type { RunTable } from './run-table.ts';
import type { RunView, Waiting } from './views.ts';

export type Until = 'waiting' | 'finished';

interface DriverDeps {
  readonly reader: Reader;
  readonly runs: RunTable;
  readonly announcer: Announcer;
  readonly clock: Clock;
  /** Set if another process may be the one that moves the run. */
  readonly pollMs: number | null;
}

/** Nothing in this process will end these. */
const outside: ReadonlySet<Waiting['kind']> = new Set([
  'review',
  'event',
  'timer',
  'start',
  'pause',
  'definition',
]);

export function createDriver(deps: DriverDeps): (runId: string, until: Until) => Promise<RunView> {
  const { reader, runs, announcer, clock, pollMs } = deps;

  async function waitsOutside(view: RunView, watched: Set<string>): Promise<boolean> {
    watched.add(view.runId);
    if (runs.isPending(view.runId)) return false;
    if (view.paused) return true;
    // Whatever else it waits for, nobody here can do it.
    if (view.waitingOn.some((waiting) => waiting.kind === 'definition')) return true;
    if (view.waitingOn.length === 0) return false;
    for (const waiting of view.waitingOn) {
      if (waiting.kind !== 'child' || waiting.runId === undefined) {
        if (!outside.has(waiting.kind)) return false;
        continue;
      }
      watched.add(waiting.runId);
      // Not there yet: it is about to be started.
      const child = await reader.get(waiting.runId).catch(() => null);
      if (child === null || isTerminal(child.status) || !(await waitsOutside(child, watched)))
        return false;
    }
    return true;
  }

  return (runId, until) =>
    new Promise((resolve, reject) => {
      const watched = new Set([runId]);
      let isOver = false;
      let look: Promise<void> | null = null;
      let isStale = false;
      let stopPolling = () => {};
      const concerns = (event: RunEvent) =>
        until === 'finished' ? isTerminal(event.status) : watched.has(event.runId);
      const stop = announcer.subscribe(
        (event) => {
          if (concerns(event)) again();
        },
        until === 'finished' ? runId : undefined,
      );

      function end(settle: () => void): void {
        isOver = true;
        stop();
        stopPolling();
        settle();
      }

      async function check(): Promise<void> {
        do {
          isStale = false;
          const view = await reader.get(runId);
          if (isOver) return;
          const isEnded =
            isTerminal(view.status) && !view.waitingOn.some((waiting) => waiting.kind === 'notice');
          if (isEnded || (until === 'waiting' && (await waitsOutside(view, watched))))
            return end(() => resolve(view));
        } while (isStale);
      }

      function again(): void {
        if (isOver) return;
        isStale = true;
        look ??= check()
          .catch((error: unknown) => {
            if (!isOver)
              end(() => reject(error instanceof Error ? error : new Error(String(error))));
          })
          .finally(() => {
            look = null;
          });
      }

      function poll(periodMs: number): void {
        stopPolling = clock.after(periodMs, () => {
          again();
          if (!isOver) poll(periodMs);
        });
      }

      if (pollMs !== null) poll(pollMs);
      const known = runs.peek(runId);
      // A run that is at work here has its end announced here.
      const isAtWork = known !== null && !isTerminal(known.state.status);
      if (until === 'waiting' || !isAtWork) again();
    });
}
