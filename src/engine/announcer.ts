import type { RunStatus } from '../plan/plan.ts';
import type { Logger } from '../ports/logger.ts';
import type { HistoryEntry, RunCommit } from '../ports/store.ts';
import { toHistoryView } from './history-view.ts';
import type { LiveRun } from './live-run.ts';

/** A step of a run's life, told after it is durable. */
export interface RunEvent {
  readonly runId: string;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly entry: HistoryEntry;
}

export type RunListener = (event: RunEvent) => void;

/** Tells subscribers and the log what has become true. A listener that throws hurts nobody. */
export interface Announcer {
  announce(run: LiveRun, commit: RunCommit): void;
  /** `runId`: of one run only. Returns a function that ends it. */
  subscribe(listener: RunListener, runId?: string): () => void;
  /** For the engine itself: whole commits of one run, with what subscribers do not get to see. Not to be changed. */
  watch(runId: string, watcher: RunWatcher): () => void;
}

export type RunWatcher = (run: LiveRun, commit: RunCommit) => void;

export function createAnnouncer(log: Logger): Announcer {
  /** Under `null` those that listen to every run. */
  const listeners = new Map<string | null, Set<RunListener>>();
  const watchers = new Map<string, Set<RunWatcher>>();

  function tell(listener: RunListener, event: RunEvent): void {
    try {
      listener(event);
    } catch (error) {
      log.error({ err: error, runId: event.runId }, 'a listener threw; the run is not affected');
    }
  }

  return {
    announce(run, commit) {
      const { id: runId, workflow } = run.header;
      for (const watcher of watchers.get(runId) ?? nobody) watcher(run, commit);
      const heard = [...(listeners.get(null) ?? nobody), ...(listeners.get(runId) ?? nobody)];
      for (const entry of commit.history) {
        const { event, from, to, step, attempt } = entry;
        log.debug({ runId, event, from, to, step, attempt }, 'transition');
        if (heard.length === 0) continue;
        let view: HistoryEntry | null = null;
        const told: RunEvent = {
          runId,
          workflow,
          status: to,
          // only where somebody looks at it
          get entry() {
            return (view ??= toHistoryView(entry, run.definition.plan));
          },
        };
        for (const listener of heard) tell(listener, told);
      }
    },
    subscribe: (listener, runId) => addTo(listeners, runId ?? null, listener),
    watch: (runId, watcher) => addTo(watchers, runId, watcher),
  };
}

const nobody: ReadonlySet<never> = new Set();

/** Returns a function that takes it out again. */
function addTo<K, T>(groups: Map<K, Set<T>>, key: K, member: T): () => void {
  const group = groups.get(key) ?? new Set();
  groups.set(key, group.add(member));
  return () => {
    group.delete(member);
    if (group.size === 0 && groups.get(key) === group) groups.delete(key);
  };
}
