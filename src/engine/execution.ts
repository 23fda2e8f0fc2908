import type { Json } from '../plan/json.ts';
import type { TaskCall } from '../plan/plan.ts';
import type { TaskBinding } from '../ports/bindings.ts';
import type { AttemptOutcome, AttemptRequest } from '../ports/executor.ts';
import type { Logger } from '../ports/logger.ts';
import { reportTo } from './breakers.ts';
import { createCheckpoints } from './checkpoints.ts';
import { type LiveRun, runInfo } from './live-run.ts';
import { persist } from './persist.ts';
import type { WorkDeps } from './work-deps.ts';

/** One call of a handler: of a step's task, or of an item's in a map. */
export interface Execution {
  readonly task: TaskBinding;
  readonly call: TaskCall;
  readonly input: unknown;
  /** As handlers see it. */
  readonly step: string;
  /** Its checkpoints stand under it. */
  readonly path: string;
  readonly attempt: number;
  /** What it saves is refused once the token no longer counts. */
  readonly token: string;
  readonly idempotencyKey: string;
  /** The name under which the breaker let it through. */
  readonly by: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onHeartbeat: (details: Json) => void;
  readonly onLate?: AttemptRequest['onLate'];
}

/** Has the handler called, and tells its breaker how that went. */
export async function execute(
  deps: WorkDeps,
  run: LiveRun,
  execution: Execution,
): Promise<AttemptOutcome> {
  const { task, call, input, step, path, attempt, token, idempotencyKey, log } = execution;
  const { id, workflow, version } = run.header;
  deps.scopes.enter(task, id);
  const outcome = await deps.executor.attempt({
    workflow,
    version,
    step,
    task,
    input,
    timeoutMs: call.timeoutMs,
    heartbeatTimeoutMs: call.heartbeatTimeoutMs,
    signal: execution.signal,
    context: {
      attempt,
      startedAtMs: deps.clock.nowMs(),
      idempotencyKey,
      log,
      run: runInfo(run),
      checkpoint: createCheckpoints(deps, run, path, token),
      entities: deps.entities.of({
        runId: id,
        fence: { runId: id, epoch: run.state.epoch },
        token,
      }),
    },
    onHeartbeat: execution.onHeartbeat,
    ...(execution.onLate === undefined ? {} : { onLate: execution.onLate }),
  });
  const { breaker } = call;
  if (breaker !== undefined)
    await persist(deps, () => reportTo(deps.breakers, breaker, execution.by, outcome));
  return outcome;
}
