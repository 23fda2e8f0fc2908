/** Which runs may have connections and clients open here, so that they are closed when a run needs them no more. */
import type { TaskBinding } from '../ports/bindings.ts';
import type { Executor } from '../ports/executor.ts';
import type { LiveRun } from './live-run.ts';

export interface ResourceScopes {
  /** Called before each attempt or undo. @param by - the run on whose behalf: a parent undoes what its child did */
  enter(task: TaskBinding, runId: string, by?: string): void;
  /** After a commit: a run that has ended, or only waits, holds nothing open. */
  settle(run: LiveRun): void;
  /** The run is no longer this process's. */
  leave(runId: string): void;
}

/** Costs runs without resources a look at an empty map. */
export function createResourceScopes(executor: Executor): ResourceScopes {
  const opened = new Map<string, Set<string>>();

  function leave(runId: string): void {
    const scopes = opened.get(runId);
    if (scopes === undefined) return;
    opened.delete(runId);
    for (const scope of scopes) void executor.release?.(scope);
  }

  return {
    enter(task, runId, by = runId) {
      if (task.resources === undefined) return;
      const scopes = opened.get(by) ?? new Set();
      opened.set(by, scopes.add(runId));
    },
    settle(run) {
      if (opened.size > 0 && !hasWork(run)) leave(run.header.id);
    },
    leave,
  };
}

function hasWork(run: LiveRun): boolean {
  return run.open.some((item) => {
    const isWork =
      item.kind === 'attempt' ||
      item.kind === 'map' ||
      item.kind === 'undo' ||
      item.kind === 'notice';
    return isWork && item.held !== true;
  });
}
