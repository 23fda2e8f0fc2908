/** Tasks beside the chart: the one that is told of a failed run, and reminders of open reviews. Neither changes the outcome. */
import type { JsonObject } from '../plan/json.ts';
import type { TaskCall } from '../plan/plan.ts';
import { nextDelayMs } from '../plan/retry-policy.ts';
import type { AttemptOutcome } from '../ports/executor.ts';
import type { WorkDeps } from './attempts.ts';
import { annotate, closeItems } from './draft.ts';
import { idempotencyKey } from './keys.ts';
import { type LiveRun, runInfo } from './live-run.ts';
import { persist } from './persist.ts';
import { isQuarantined, quarantined } from './recovery.ts';
import { policyOf } from './review-progress.ts';
import type { OpenItem } from './run-body.ts';

export interface Notices {
  start(run: LiveRun): void;
  remind(run: LiveRun, step: string, round: number): void;
  escalate(run: LiveRun, step: string, level: number): void;
}

export function createNotices(deps: WorkDeps): Notices {
  const { log, runs, inFlight } = deps;

  function execute(
    run: LiveRun,
    call: TaskCall,
    path: string,
    input: unknown,
    attempt: number,
    abort: AbortController,
  ): Promise<AttemptOutcome> {
    const task = run.definition.bindings.tasks.get(call.task);
    const bound = log.child({ runId: run.header.id, step: path, attempt });
    if (task === undefined)
      return Promise.resolve({
        ok: false,
        durationMs: 0,
        failure: {
          name: 'DefinitionMissing',
          message: `Task "${call.task}" is not registered`,
          retryable: false,
          unclear: false,
        },
      });
    return new Promise((resolve, reject) => {
      deps.dispatch(run, {
        id: `${run.header.id}/${path}/${attempt}`,
        queue: call.queue,
        priority: call.priority ?? run.header.priority,
        run: () => {
          deps.scopes.enter(task, run.header.id);
          return deps.executor
            .attempt({
              workflow: run.header.workflow,
              version: run.header.version,
              step: path,
              task,
              input,
              timeoutMs: call.timeoutMs,
              heartbeatTimeoutMs: call.heartbeatTimeoutMs,
              signal: abort.signal,
              context: {
                attempt,
                startedAtMs: deps.clock.nowMs(),
                idempotencyKey: idempotencyKey(run.header.id, path, run.state.generation),
                log: bound,
                run: runInfo(run),
                checkpoint: (_name, compute) => compute(),
                entities: deps.entities.of({
                  runId: run.header.id,
                  fence: { runId: run.header.id, epoch: run.state.epoch },
                  token: null,
                }),
              },
              onHeartbeat: () => {},
            })
            .then(resolve, reject);
        },
      });
    });
  }

  async function work(
    run: LiveRun,
    item: Extract<OpenItem, { kind: 'notice' }>,
    abort: AbortController,
  ): Promise<void> {
    const call = run.definition.plan.onFailed;
    const { outcome } = run;
    if (call === undefined || outcome === null) return;
    const { failure } = outcome;
    const input = {
      run: runInfo(run),
      input: run.definition.bindings.input.restore(run.header.input),
      failure: {
        name: failure?.name ?? 'Error',
        message: failure?.message ?? '',
        retryable: false,
        attempts: 1,
      },
      completedSteps: outcome.completed,
      compensation: outcome.compensation,
    };
    let attempt = item.attempt;
    let result: AttemptOutcome = isQuarantined(item, deps.settings)
      ? { ok: false, failure: quarantined('onFailed', item), durationMs: 0 }
      : await execute(run, call, 'onFailed', input, attempt, abort);
    while (!result.ok && result.failure.retryable && !abort.signal.aborted) {
      const delayMs = nextDelayMs(
        call.retry,
        attempt,
        deps.ids.random(),
        result.failure.retryAfterMs,
      );
      if (delayMs === null) break;
      log.warn(
        { runId: run.header.id, failure: result.failure, delayMs },
        `retrying onFailed in ${delayMs / 1000}s`,
      );
      await new Promise<void>((resolve) => deps.clock.after(delayMs, resolve));
      attempt += 1;
      result = await execute(run, call, 'onFailed', input, attempt, abort);
    }
    const last = result;
    if (!last.ok && abort.signal.aborted) return;
    await persist(deps, () => settle(run.header.id, item, attempt, last));
  }

  async function settle(
    runId: string,
    item: Extract<OpenItem, { kind: 'notice' }>,
    attempt: number,
    last: AttemptOutcome,
  ): Promise<void> {
    const isSame = (open: OpenItem) => open.kind === 'notice' && open.token === item.token;
    const owned = await runs.own(runId);
    if (owned === null || !owned.open.some(isSame)) return;
    await runs.change(owned, (draft) => {
      closeItems(draft, isSame);
      annotate(draft, {
        event: last.ok ? 'run.failure_handled' : 'run.failure_not_handled',
        actor: 'signalbox',
        step: 'onFailed',
        attempt,
        durationMs: Math.round(last.durationMs),
        ...(last.ok ? {} : { error: { name: last.failure.name, message: last.failure.message } }),
      });
    });
  }

  return {
    start(run) {
      const item = run.open.find(
        (open): open is Extract<OpenItem, { kind: 'notice' }> => open.kind === 'notice',
      );
      if (item === undefined || inFlight.has(item.token)) return;
      const abort = new AbortController();
      inFlight.set(item.token, {
        runId: run.header.id,
        step: 'onFailed',
        abort,
        details: null,
        isRunning: true,
      });
      void work(run, item, abort)
        .catch((error: unknown) =>
          log.error({ err: error, runId: run.header.id }, 'onFailed could not be carried out'),
        )
        .finally(() => inFlight.delete(item.token));
    },
    remind(run, step, round) {
      const node = run.definition.index.nodes.get(step);
      if (node?.kind !== 'review' || node.remind === undefined) return;
      tell(
        run,
        node.remind.call,
        `${step}/remind/${round}`,
        {
          reviewId: `${run.header.id}/${step}`,
          round,
        },
        'reminder failed',
      );
    },
    escalate(run, step, level) {
      const { plan, index } = run.definition;
      const escalation = policyOf(plan, index.nodes, step).escalate?.[level - 1];
      if (escalation?.call === undefined) return;
      tell(
        run,
        escalation.call,
        `${step}/escalate/${level}`,
        {
          reviewId: `${run.header.id}/${step}`,
          level,
          to: [...escalation.to],
        },
        'message about an escalation failed',
      );
    },
  };

  /** Beside an open review; whatever comes of it, the review stays as it is. */
  function tell(
    run: LiveRun,
    call: TaskCall,
    path: string,
    input: JsonObject,
    complaint: string,
  ): void {
    const { reviewId: _id, ...rest } = input;
    const bound = { runId: run.header.id, step: path, ...rest };
    void execute(run, call, path, input, 1, new AbortController())
      .then((outcome) =>
        outcome.ok ? undefined : log.warn({ ...bound, failure: outcome.failure }, complaint),
      )
      .catch((error: unknown) => log.warn({ ...bound, err: error }, complaint))
      .finally(() => deps.scopes.settle(run));
  }
}
