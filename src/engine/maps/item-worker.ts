/** One item of a map to its end: its tasks in order, each result recorded before the next begins. */
import { SignalboxError } from '../../errors.ts';
import { failureOf } from '../../failure.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { TaskCall, TaskStep } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { AttemptFailure, AttemptOutcome } from '../../ports/executor.ts';
import type { Logger } from '../../ports/logger.ts';
import { refusalOf } from '../breakers.ts';
import { execute } from '../execution.ts';
import { idempotencyKey } from '../keys.ts';
import { isLost, persist } from '../persist.ts';
import type { WorkDeps } from '../work-deps.ts';
import { type ItemState, itemReader } from './items.ts';
import { failedState, failMap, type Pass, save, waits } from './pass.ts';

/** Takes the result of a task down. @returns the state the item goes on with */
type Recorder = (after: ItemState) => Promise<ItemState>;

type Tried =
  | { readonly outcome: AttemptOutcome; readonly after: ItemState }
  /** It has to wait. */
  | { readonly outcome: null; readonly untilMs: number };

export function createItemWorker(deps: WorkDeps) {
  const { clock } = deps;

  /** @returns its state when it has ended, or when nothing more begins */
  async function workOn(pass: Pass, known: ItemState): Promise<ItemState> {
    let state = known;
    try {
      const tasks = pass.node.body.filter((part) => part.kind === 'task');
      for (const task of tasks) {
        if (Object.hasOwn(state.results, task.id)) continue;
        state = await runTask(pass, task, state, async (after) => {
          state = after;
          if (task === tasks.at(-1)) return complete(pass, after);
          await save(pass, after, 'running');
          return after;
        });
        if (!Object.hasOwn(state.results, task.id) || pass.abort.signal.aborted) return state;
      }
      return state.output === undefined ? await complete(pass, state) : state;
    } catch (error) {
      if (isLost(error)) throw error;
      return fail(pass, state, { ...failureOf(error), retryable: false });
    }
  }

  /** All its tasks have completed: what it yields is computed and recorded. */
  async function complete(pass: Pass, state: ItemState): Promise<ItemState> {
    const { run, node } = pass;
    const output = copyJson(resolveWiring(node.yields, itemReader(run, node, state)) ?? null);
    if (!output.ok)
      throw new SignalboxError(
        'VALUE_NOT_SERIALISABLE',
        `Item ${state.index} of map "${node.id}" yields a value JSON cannot carry`,
      );
    pass.order += 1;
    const { order } = pass;
    const completed = { ...state, output: output.value, order, attempts: 0, retryAtMs: null };
    await save(pass, completed, 'complete');
    return completed;
  }

  /** A task to its end, or until nothing more begins. A success is recorded before its place is free: closing waits for it. */
  async function runTask(
    pass: Pass,
    task: TaskStep,
    before: ItemState,
    record: Recorder,
  ): Promise<ItemState> {
    const { run, node, abort, halt } = pass;
    const step = `${node.id}/${before.index}/${task.id}`;
    let state = before;
    while (true) {
      if (state.retryAtMs !== null) {
        await delay(state.retryAtMs - clock.nowMs(), [abort.signal, halt.signal]);
        if (halt.signal.aborted) return state;
      }
      if (abort.signal.aborted) return state;
      const attempt = state.attempts + 1;
      const log = deps.log.child({ runId: run.header.id, step, attempt });
      const current = state;
      const tried = await dispatched(pass, task, current, () =>
        tryOnce(pass, task, step, current, record, log),
      );
      if (tried.outcome === null) {
        state = { ...state, retryAtMs: tried.untilMs };
        await save(pass, state, 'running');
        continue;
      }
      const { outcome, after } = tried;
      // Cut off by closing: nobody judges it, the next process does it again or asks.
      if (outcome.ok || abort.signal.reason instanceof SignalboxError) return after;
      const delayMs = delayAfter(pass, task.call, attempt, outcome.failure);
      if (delayMs === null) return fail(pass, state, outcome.failure);
      log.warn(
        { failure: outcome.failure, delayMs },
        `retrying in ${delayMs / 1000}s (attempt ${attempt + 1}/${task.call.retry.maxAttempts})`,
      );
      state = { ...state, attempts: attempt, retryAtMs: clock.nowMs() + delayMs };
      await save(pass, state, 'running');
    }
  }

  async function tryOnce(
    pass: Pass,
    task: TaskStep,
    step: string,
    state: ItemState,
    record: Recorder,
    log: Logger,
  ): Promise<Tried> {
    const { run, node, open } = pass;
    const { call } = task;
    const binding = run.definition.bindings.tasks.get(call.task);
    if (binding === undefined)
      throw new SignalboxError('DEFINITION_MISSING', `Task "${call.task}" is not registered`);
    const input = resolveWiring(task.input, itemReader(run, node, state));
    if (waits(pass)) return { outcome: null, untilMs: clock.nowMs() };
    const by = `${run.header.id}/${step}/${open.token}`;
    const refused = await refusalOf(deps, call, by);
    if (refused !== null)
      return refused.outcome === null ? refused : { outcome: refused.outcome, after: state };
    if (waits(pass)) {
      const { breaker } = call;
      if (breaker !== undefined) await persist(deps, () => deps.breakers.released(breaker, by));
      return { outcome: null, untilMs: clock.nowMs() };
    }
    if (call.repeat === 'unsafe') await save(pass, { ...state, attempting: task.id }, 'running');
    const outcome = await execute(deps, run, {
      task: binding,
      call,
      input,
      step,
      path: step,
      attempt: state.attempts + 1,
      token: open.token,
      idempotencyKey: idempotencyKey(run.header.id, step, run.state.generation),
      by,
      signal: pass.abort.signal,
      log,
      onHeartbeat: () => {},
    });
    if (!outcome.ok) return { outcome, after: state };
    const results = { ...state.results, [task.id]: outcome.output };
    return { outcome, after: await record({ ...state, results, attempts: 0, retryAtMs: null }) };
  }

  /** `null`: it is not tried again. */
  function delayAfter(
    { isStopping, isHeld, halt }: Pass,
    { retry, repeat }: TaskCall,
    attempt: number,
    { retryable, unclear, retryAfterMs }: AttemptFailure,
  ): number | null {
    const goesOn = !isStopping && (isHeld || !halt.signal.aborted);
    if (!retryable || !goesOn || (unclear && repeat === 'unsafe')) return null;
    return nextDelayMs(retry, attempt, deps.ids.random(), retryAfterMs);
  }

  /** Items share the queues with everything else. */
  function dispatched<T>(
    { run, open }: Pass,
    task: TaskStep,
    { index, attempts, retryAtMs }: ItemState,
    work: () => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      deps.dispatch(run, {
        // an open breaker puts an attempt off without counting it
        id: `${open.token}/${index}/${task.id}/${attempts + 1}/${retryAtMs ?? 0}`,
        queue: task.call.queue,
        priority: task.call.priority ?? run.header.priority,
        run: () => work().then(resolve, reject),
      });
    });
  }

  async function fail(pass: Pass, state: ItemState, failure: AttemptFailure): Promise<ItemState> {
    const { index } = state;
    const failed = failedState(pass, state, failure);
    await save(pass, failed, 'failed');
    const { run, node } = pass;
    deps.log.warn({ runId: run.header.id, step: node.id, index, failure }, 'item failed');
    failMap(pass, index, failure);
    return failed;
  }

  /** Until the time is over, or one of the signals aborts. */
  function delay(delayMs: number, signals: readonly AbortSignal[]): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        cancel();
        for (const signal of signals) signal.removeEventListener('abort', over);
        resolve();
      };
      const cancel = clock.after(Math.max(0, delayMs), over);
      for (const signal of signals) signal.addEventListener('abort', over);
      if (signals.some((signal) => signal.aborted)) over();
    });
  }

  return workOn;
}
