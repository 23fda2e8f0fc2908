/** Tasks beside the chart: the one that is told of a failed run, and those that tell people of open reviews. None changes the outcome. */
import type { TaskCall } from '../plan/plan.ts';
import { nextDelayMs } from '../plan/retry-policy.ts';
import type { AttemptOutcome } from '../ports/executor.ts';
import { annotate, closeItems } from './draft.ts';
import { holdBack, isHeld } from './hold-back.ts';
import { idempotencyKey } from './keys.ts';
import { type LiveRun, runInfo } from './live-run.ts';
import { persist } from './persist.ts';
import { isQuarantined, quarantined } from './recovery.ts';
import { callOf, inputOf, pathOf } from './review-messages.ts';
import type { OpenItem } from './run-body.ts';
import type { WorkDeps } from './work-deps.ts';

export interface Notices {
  /** Begins those that nobody is at. */
  start(run: LiveRun): void;
}

type Notice = Extract<OpenItem, { kind: 'notice' }>;

interface Job {
  readonly call: TaskCall;
  readonly input: unknown;
  /** As the path of a step. */
  readonly path: string;
  /** Stable over attempts and restarts: whoever gets the message drops a second one by it. */
  readonly key: string;
}

export function createNotices(deps: WorkDeps): Notices {
  const { log, runs, inFlight } = deps;

  function execute(
    run: LiveRun,
    { token }: Notice,
    { call, path, input, key }: Job,
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
        id: `${token}/${attempt}`,
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
                idempotencyKey: key,
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

  async function work(run: LiveRun, item: Notice, abort: AbortController): Promise<void> {
    const job = jobOf(run, item);
    if (job === null) return settle(run.header.id, item, item.attempt, notRegistered);
    if (isHeld(deps, run)) return later(run, item);
    const what = item.about === undefined ? 'onFailed' : job.path;
    let attempt = item.attempt;
    let result: AttemptOutcome = isQuarantined(item, deps.settings)
      ? { ok: false, failure: quarantined(what, item), durationMs: 0 }
      : await execute(run, item, job, attempt, abort);
    while (!result.ok && result.failure.retryable && !abort.signal.aborted) {
      const { failure } = result;
      const delayMs = nextDelayMs(job.call.retry, attempt, deps.ids.random(), failure.retryAfterMs);
      if (delayMs === null) break;
      const bound = { runId: run.header.id, ...item.about, failure, delayMs };
      log.warn(bound, `retrying ${what} in ${delayMs / 1000}s`);
      await pause(delayMs, abort.signal);
      if (abort.signal.aborted || (await ownedOf(run.header.id, item)) === null) return;
      if (isHeld(deps, run)) return later(run, item);
      attempt += 1;
      result = await execute(run, item, job, attempt, abort);
    }
    const last = result;
    if (!last.ok && abort.signal.aborted) return;
    await persist(deps, () => settle(run.header.id, item, attempt, last));
  }

  /** Its run is held: begun anew when that is over. */
  function later({ header: { id } }: LiveRun, { token }: Notice): Promise<void> {
    return persist(deps, () => holdBack(deps, id, token));
  }

  function pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = deps.clock.after(delayMs, resolve);
      const stop = () => {
        cancel();
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** `null`: it is settled, or over, or not this process's any more. */
  async function ownedOf(runId: string, item: Notice): Promise<LiveRun | null> {
    const owned = await runs.own(runId);
    return owned?.open.some((open) => isSame(open, item)) === true ? owned : null;
  }

  async function settle(
    runId: string,
    item: Notice,
    attempt: number,
    last: AttemptOutcome,
  ): Promise<void> {
    const owned = await ownedOf(runId, item);
    if (owned === null) return;
    const { about } = item;
    if (!last.ok && about !== undefined)
      log.warn({ runId, ...about, failure: last.failure }, 'message about a review given up');
    await runs.change(owned, (draft) => {
      closeItems(draft, (open) => isSame(open, item));
      annotate(draft, {
        event:
          about === undefined
            ? `run.failure_${last.ok ? '' : 'not_'}handled`
            : `${about.step}.${last.ok ? '' : 'not_'}told`,
        actor: 'signalbox',
        step: about?.step ?? 'onFailed',
        attempt,
        durationMs: Math.round(last.durationMs),
        ...(about === undefined ? {} : { data: { of: about.kind, number: about.number } }),
        ...(last.ok ? {} : { error: { name: last.failure.name, message: last.failure.message } }),
      });
    });
  }

  return {
    start(run) {
      for (const item of run.open) {
        if (item.kind !== 'notice' || item.held === true || inFlight.has(item.token)) continue;
        const abort = new AbortController();
        const step = item.about === undefined ? 'onFailed' : pathOf(item.about);
        const runId = run.header.id;
        inFlight.set(item.token, { runId, step, abort, details: null, isRunning: true });
        void work(run, item, abort)
          .catch((error: unknown) =>
            log.error(
              { err: error, runId, step },
              'a task beside the run could not be carried out',
            ),
          )
          .finally(() => inFlight.delete(item.token));
      }
    },
  };
}

function isSame(open: OpenItem, { token }: Notice): boolean {
  return open.kind === 'notice' && open.token === token;
}

const notRegistered: AttemptOutcome = {
  ok: false,
  durationMs: 0,
  failure: {
    name: 'DefinitionMissing',
    message: 'This version of the workflow has no task for it',
    retryable: false,
    unclear: false,
  },
};

function jobOf(run: LiveRun, { about }: Notice): Job | null {
  const { header, definition, outcome, state } = run;
  if (about !== undefined) {
    const call = callOf(definition.index, about);
    const path = pathOf(about);
    return call === null
      ? null
      : {
          call,
          path,
          input: inputOf(definition.index, header.id, about),
          key: idempotencyKey(header.id, `${path}/${about.openedAtMs}`, state.generation),
        };
  }
  const call = definition.plan.onFailed;
  if (call === undefined || outcome === null) return null;
  const { failure } = outcome;
  return {
    call,
    path: 'onFailed',
    key: idempotencyKey(header.id, 'onFailed', state.generation),
    input: {
      run: runInfo(run),
      input: definition.bindings.input.restore(header.input),
      failure: {
        name: failure?.name ?? 'Error',
        message: failure?.message ?? '',
        retryable: false,
        attempts: 1,
      },
      completedSteps: outcome.completed,
      compensation: outcome.compensation,
    },
  };
}
