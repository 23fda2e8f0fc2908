/** Waiting for a run: until it has ended, or until only people, events or time can move it. */
import { isTerminal } from '../chart/lifecycle.ts';
import { SignalboxError } from '../errors.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { cloneJson } from '../plan/json-value.ts';
import type { RunStatus } from '../plan/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { Announcer } from './announcer.ts';
import type { Reader } from './reader.ts';
import type { RunBody } from './run-body.ts';
import type { RunTable } from './run-table.ts';
import { type RunView, toView } from './views.ts';
import type { Waiting } from './waiting.ts';

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

/** A run that has ended, as it is stored. */
export interface Ended {
  readonly status: RunStatus;
  /** `null` unless the run is complete. Not to be changed. */
  readonly output: Json;
  /** Made when asked for: who wants the output alone does not wait for it. */
  readonly view: RunView;
}

export interface Driver {
  /** @throws SignalboxError `CLOSED` if the engine closes first */
  drive(runId: string, until: Until): Promise<RunView>;
  /** @throws SignalboxError `CLOSED` if the engine closes first */
  untilEnded(runId: string): Promise<Ended>;
}

export interface Waits extends Driver {
  /** Nobody here moves runs any more: whoever waits gets what there is, or a refusal. */
  close(): void;
}

export function createDriver(deps: DriverDeps): Waits {
  const { reader, runs, announcer, clock, pollMs } = deps;
  /** Looks of those that wait. */
  const waits = new Set<() => void>();
  let isClosed = false;

  /** @param again - called when there is more to see that nobody announces */
  async function waitsOutside(
    view: RunView,
    watched: Set<string>,
    again: () => void,
  ): Promise<boolean> {
    watched.add(view.runId);
    if (runs.isPending(view.runId)) {
      runs.onceSettled(view.runId, again);
      return false;
    }
    if (view.paused || view.heldBy.length > 0) return true;
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
      if (
        child === null ||
        isTerminal(child.status) ||
        !(await waitsOutside(child, watched, again))
      )
        return false;
    }
    return true;
  }

  /** Told at once of what happens in this process; looks again and again for what others may do. */
  function wait<T>(
    listen: (again: () => void, resolve: (value: T) => void) => () => void,
    check: (again: () => void) => Promise<T | null>,
    isAtWork: boolean,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      let isLooking = false;
      let isStale = false;
      let stopPolling = () => {};
      const stopListening = listen(again, (value) => end(() => resolve(value)));
      waits.add(again);

      function end(settle: () => void): void {
        if (isOver) return;
        isOver = true;
        waits.delete(again);
        stopListening();
        stopPolling();
        settle();
      }

      async function lookUntilFresh(): Promise<void> {
        isLooking = true;
        try {
          do {
            isStale = false;
            const found = await check(again);
            if (found !== null) end(() => resolve(found));
          } while (isStale && !isOver);
          if (isClosed) end(() => reject(closed()));
        } catch (error) {
          end(() => reject(error instanceof Error ? error : new Error(String(error))));
        } finally {
          // in the same step as the last question: whoever asks after it begins a look of its own
          isLooking = false;
        }
      }

      function again(): void {
        isStale = true;
        if (!isOver && !isLooking) void lookUntilFresh();
      }

      function poll(periodMs: number): void {
        stopPolling = clock.after(periodMs, () => {
          again();
          if (!isOver) poll(periodMs);
        });
      }

      if (pollMs !== null) poll(pollMs);
      if (!isAtWork || isClosed) again();
    });
  }

  async function untilWaiting(runId: string): Promise<RunView> {
    const watched = new Set([runId]);
    return wait<RunView>(
      (again) =>
        announcer.subscribe((event) => {
          if (watched.has(event.runId)) again();
        }),
      async (again) => {
        const view = await reader.get(runId);
        return isEnded(view.status, view.waitingOn) || (await waitsOutside(view, watched, again))
          ? view
          : null;
      },
      false,
    );
  }

  function untilEnded(runId: string): Promise<Ended> {
    const known = runs.peek(runId);
    return wait<Ended>(
      (again, resolve) =>
        announcer.watch(runId, (run, { state, history }) => {
          const { status, body } = state;
          if (!isEnded(status, (body as unknown as RunBody).open)) return;
          const last = history.find(({ step }) => step === 'completion');
          // a later commit of a run that had ended before says nothing about its output
          if (status === 'complete' && last === undefined) return again();
          resolve({
            status,
            output: last?.output ?? null,
            get view() {
              const { plan, mode } = run.definition;
              return toView({ header: run.header, state }, plan, mode, []);
            },
          });
        }),
      async () => {
        const view = await reader.get(runId);
        const { status } = view;
        if (!isEnded(status, view.waitingOn)) return null;
        return { status, view, output: status === 'complete' ? await reader.output(view) : null };
      },
      // its end is announced here
      known !== null && !isTerminal(known.state.status),
    );
  }

  return {
    untilEnded,
    async drive(runId, until) {
      if (until === 'waiting') return untilWaiting(runId);
      const { view } = await untilEnded(runId);
      // a copy: it may be part of a run in memory
      return cloneJson(view as unknown as JsonObject) as unknown as RunView;
    },
    close() {
      isClosed = true;
      for (const look of waits) look();
    },
  };
}

function closed(): SignalboxError {
  return new SignalboxError('CLOSED', 'The orchestrator is closed; the run goes on with the next', {
    hint: 'Ask the next one for its result',
  });
}

/** A failed run goes on until whoever is to be told of it has been told. */
function isEnded(status: RunStatus, open: readonly { readonly kind: string }[]): boolean {
  return isTerminal(status) && !open.some(({ kind }) => kind === 'notice');
}
