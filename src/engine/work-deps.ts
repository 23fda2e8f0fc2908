/** What carrying out the work of runs needs: attempts, maps, undoing, and what looks after them. */
import type { Json } from '../plan/json.ts';
import type { Job } from '../ports/dispatcher.ts';
import type { Executor } from '../ports/executor.ts';
import type { Breakers } from './breakers.ts';
import type { Entities } from './entities.ts';
import type { LiveRun } from './live-run.ts';
import type { ResourceScopes } from './resource-scopes.ts';
import type { RunTable, RunTableDeps } from './run-table.ts';

export interface WorkDeps extends Omit<RunTableDeps, 'onCommitted' | 'onDropped'> {
  readonly runs: RunTable;
  /** Hands a job of the run to the dispatcher, or past it, as the mode of the run says. */
  dispatch(run: LiveRun, job: Job): void;
  /** Resolves when no job runs any more; none is begun after the call. */
  readonly drain: () => Promise<unknown>;
  readonly executor: Executor;
  readonly breakers: Breakers;
  readonly scopes: ResourceScopes;
  readonly entities: Entities;
  isClosed(): boolean;
  /** Attempts this process runs now, by token. */
  readonly inFlight: Map<
    string,
    {
      readonly runId: string;
      readonly step: string;
      readonly abort: AbortController;
      details: Json;
      isRunning: boolean;
    }
  >;
  /** Tokens of attempts cut off without an outcome. */
  readonly cutOff: Set<string>;
}
