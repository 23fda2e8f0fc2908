/** Carrying out attempts of tasks: dispatch, run, and bring the outcome back as an event. */
import { contextOf, statusOf } from '../chart/advance.ts';
import { attemptsOf } from '../chart/context.ts';
import type { FailureSummary } from '../chart/events.ts';
import { CircuitOpenError, SignalboxError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import type { Json } from '../plan/json.ts';
import type { TaskCall, TaskStep } from '../plan/plan.ts';
import { nextDelayMs } from '../plan/retry-policy.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { TaskBinding } from '../ports/bindings.ts';
import type { AttemptFailure, AttemptOutcome } from '../ports/executor.ts';
import { applyEvent } from './apply.ts';
import { reportTo } from './breakers.ts';
import { canonical, digest } from './canonical.ts';
import { createCheckpoints } from './checkpoints.ts';
import { annotate, closeItems, type Draft } from './draft.ts';
import { toError } from './effects.ts';
import { holdBack, isHeld } from './hold-back.ts';
import type { Incoming } from './incoming.ts';
import { fallbackPath, idempotencyKey } from './keys.ts';
import { type LiveRun, readerOf, restoreValue, runInfo } from './live-run.ts';
import { lateReason, leavesNothing, missUndo, outcomeOf } from './outcome.ts';
import { persist } from './persist.ts';
import type { OpenItem } from './run-body.ts';
import { toleratedValue } from './tolerance.ts';
import type { WorkDeps } from './work-deps.ts';

export type AttemptItem = Extract<OpenItem, { kind: 'attempt' }>;

export interface Attempts {
  /** Hands the open attempt of the step out. */
  start(run: LiveRun, step: string): void;
  abort(runId: string, step: string): void;
}

export function createAttempts(deps: WorkDeps): Attempts {
  const { runs, inFlight, log } = deps;

  function start(run: LiveRun, step: string): void {
    const item = run.open.find(
      (open): open is AttemptItem => open.kind === 'attempt' && open.step === step,
    );
    const node = run.definition.index.nodes.get(step);
    if (
      item === undefined ||
      node?.kind !== 'task' ||
      item.held === true ||
      run.state.pausedAtMs !== null ||
      inFlight.has(item.token)
    )
      return;
    const call = item.fallback && node.fallback !== undefined ? node.fallback : node.call;
    const abort = new AbortController();
    inFlight.set(item.token, {
      runId: run.header.id,
      step,
      abort,
      details: null,
      isRunning: false,
    });
    deps.dispatch(run, {
      id: item.token,
      queue: call.queue,
      priority: call.priority ?? run.header.priority,
      run: () => perform(run, node, call, item, abort).finally(() => inFlight.delete(item.token)),
    });
  }

  async function perform(
    run: LiveRun,
    node: TaskStep,
    call: TaskCall,
    item: AttemptItem,
    abort: AbortController,
  ): Promise<void> {
    const runId = run.header.id;
    const bound = log.child({ runId, step: node.id, attempt: item.attempt });
    const attempt = inFlight.get(item.token);
    if (attempt !== undefined) attempt.isRunning = true;
    const over = Promise.withResolvers<void>();
    try {
      const task = run.definition.bindings.tasks.get(call.task);
      if (task === undefined)
        throw new SignalboxError('DEFINITION_MISSING', `Task "${call.task}" is not registered`, {
          details: { runId, step: node.id },
        });
      const known = deps.runs.peek(runId);
      if (abort.signal.reason instanceof SignalboxError || known === null) return;
      if (!abort.signal.aborted && !isDraining(known) && isHeld(deps, known))
        return await persist(deps, () => holdBack(deps, runId, item.token));
      // One that was handed out before may have taken effect: it runs again, so that it can be undone.
      if (item.dispatches <= 1 && (abort.signal.aborted || isDraining(known))) {
        return await persist(deps, () =>
          settle(runId, node, call, item, neverBegun(node.id), null),
        );
      }
      const input = resolveWiring(node.input, readerOf(run));
      const by = `${runId}/${node.id}/${item.token}`;
      const isFree = call.rememberMs === undefined && call.breaker === undefined;
      const deferral = isFree ? null : await admission(run, node, call, item, task, input, by);
      if (deferral !== null) {
        if (deferral.kind === 'remembered')
          bound.info({ key: deferral.key }, 'result remembered, task not run');
        return await persist(deps, () =>
          settle(runId, node, call, item, deferral.outcome, null, deferral.delayMs, deferral.why),
        );
      }
      const path = item.fallback ? fallbackPath(node.id) : node.id;
      bound.debug({ task: call.task }, 'executing');
      deps.scopes.enter(task, runId);
      const outcome = await deps.executor.attempt({
        workflow: run.header.workflow,
        version: run.header.version,
        step: node.id,
        task,
        input,
        timeoutMs: call.timeoutMs,
        heartbeatTimeoutMs: call.heartbeatTimeoutMs,
        signal: abort.signal,
        context: {
          attempt: item.attempt,
          startedAtMs: deps.clock.nowMs(),
          idempotencyKey:
            businessKey(task, input) ?? idempotencyKey(runId, path, run.state.generation),
          log: bound,
          run: runInfo(run),
          checkpoint: createCheckpoints(deps, run, path, item.token),
          entities: deps.entities.of({
            runId,
            fence: { runId, epoch: run.state.epoch },
            token: item.token,
          }),
        },
        onHeartbeat(details) {
          if (attempt !== undefined) attempt.details = details;
        },
        onLate(late) {
          over.promise
            .then(() =>
              persist(deps, () => settle(runId, node, call, item, limited(late, node.id), null)),
            )
            .catch((error: unknown) =>
              bound.warn({ err: error }, 'a late result could not be recorded'),
            );
        },
      });
      const { breaker } = call;
      if (breaker !== undefined)
        await persist(deps, () => reportTo(deps.breakers, breaker, by, outcome));
      // Cut off because the process closes or has lost the run: the attempt is somebody else's to finish, and says nothing about the run.
      if (!outcome.ok && abort.signal.reason instanceof SignalboxError) {
        deps.cutOff.add(item.token);
        return;
      }
      const inputHash = digest(input ?? null);
      await persist(deps, () =>
        settle(runId, node, call, item, limited(outcome, node.id), inputHash),
      );
    } catch (error) {
      if (
        error instanceof SignalboxError &&
        (error.code === 'LEASE_LOST' ||
          error.code === 'STORE_UNAVAILABLE' ||
          error.code === 'RUN_NOT_FOUND')
      ) {
        bound.warn({ code: error.code }, `outcome of the attempt discarded: ${error.message}`);
        return;
      }
      bound.error({ err: error }, 'the attempt could not be carried out');
      await settle(
        runId,
        node,
        call,
        item,
        { ok: false, failure: { ...failureOf(error), retryable: false }, durationMs: 0 },
        null,
      ).catch((lost: unknown) => {
        bound.error({ err: lost }, 'the failed attempt could not be recorded');
      });
    } finally {
      over.resolve();
    }
  }

  /** Breaker and remembered results: either may stand in for the attempt. `null`: go ahead. */
  async function admission(
    run: LiveRun,
    node: TaskStep,
    call: TaskCall,
    item: AttemptItem,
    task: TaskBinding,
    input: unknown,
    by: string,
  ): Promise<{
    readonly kind: 'remembered' | 'deferred';
    readonly key?: string;
    readonly outcome: AttemptOutcome | null;
    readonly delayMs?: number;
    readonly why?: string;
  } | null> {
    const nowMs = deps.clock.nowMs();
    if (call.rememberMs !== undefined) {
      const key = `${call.task}:${businessKey(task, input) ?? digest(input ?? null)}`;
      const claimant = `${run.header.id}/${node.id}`;
      const held = await deps.store.claimResult(
        { key, claimant, expiresAtMs: nowMs + call.rememberMs },
        nowMs,
      );
      if (held?.output !== undefined)
        return {
          kind: 'remembered',
          key,
          outcome: { ok: true, output: held.output, durationMs: 0 },
        };
      if (held !== null && held.claimant !== claimant) {
        return {
          kind: 'deferred',
          outcome: null,
          delayMs: 1_000,
          why: `"${held.claimant}" computes the same result`,
        };
      }
    }
    if (call.breaker === undefined) return null;
    const admitted = await deps.breakers.enter(
      call.breaker,
      by,
      (call.timeoutMs ?? deps.settings.leaseMs) + deps.settings.leaseMs,
    );
    if (admitted.admitted) return null;
    if (call.breaker.whenOpen === 'fail') {
      return {
        kind: 'deferred',
        outcome: {
          ok: false,
          failure: failureOf(new CircuitOpenError(call.breaker.name)),
          durationMs: 0,
        },
      };
    }
    return {
      kind: 'deferred',
      outcome: null,
      delayMs: Math.max(1, admitted.untilMs - deps.clock.nowMs()),
      why: `breaker "${call.breaker.name}" is open`,
    };
  }

  /** @param outcome - `null`: the attempt was put off and made no request */
  async function settle(
    runId: string,
    node: TaskStep,
    call: TaskCall,
    item: AttemptItem,
    outcome: AttemptOutcome | null,
    inputHash: string | null,
    delayMs = 0,
    why?: string,
  ): Promise<void> {
    const run = await runs.own(runId);
    if (run === null) return;
    const incoming = (draft: Draft) =>
      toIncoming(draft, node, call, item, outcome, inputHash, delayMs, why);
    // Without an input hash the task was not run: what stood in for it keeps its own term.
    const remember = inputHash === null ? {} : rememberedOf(run, node, call, outcome);
    await runs.change(
      run,
      (draft) => {
        if (!run.open.some((open) => open.kind === 'attempt' && open.token === item.token)) {
          noteLate(draft, node, item, outcome);
          return;
        }
        closeItems(draft, (open) => open.kind === 'attempt' && open.token === item.token);
        applyEvent(draft, incoming(draft));
      },
      remember,
    );
  }

  function rememberedOf(
    run: LiveRun,
    node: TaskStep,
    call: TaskCall,
    outcome: AttemptOutcome | null,
  ) {
    if (call.rememberMs === undefined || outcome === null) return {};
    const task = run.definition.bindings.tasks.get(call.task);
    const input = resolveWiring(node.input, readerOf(run));
    if (task === undefined) return {};
    const key = `${call.task}:${businessKey(task, input) ?? digest(input ?? null)}`;
    const claimant = `${run.header.id}/${node.id}`;
    if (outcome.ok)
      return {
        remember: [
          {
            key,
            claimant,
            output: outcome.output,
            expiresAtMs: deps.clock.nowMs() + call.rememberMs,
          },
        ],
      };
    void deps.store
      .releaseResult(key, claimant)
      .catch((error: unknown) =>
        log.warn({ err: error, runId: run.header.id }, 'the claim of a result was not released'),
      );
    return {};
  }

  function toIncoming(
    draft: Draft,
    node: TaskStep,
    call: TaskCall,
    item: AttemptItem,
    outcome: AttemptOutcome | null,
    inputHash: string | null,
    delayMs: number,
    why: string | undefined,
  ): Incoming {
    const { run } = draft;
    const base = {
      actor: 'signalbox',
      step: node.id,
      attempt: item.attempt,
      ...(inputHash === null ? {} : { inputHash }),
    };
    if (outcome === null)
      return {
        ...base,
        event: { type: `${node.id}.deferred` },
        delayMs,
        ...(why === undefined ? {} : { why }),
      };
    const timed = { ...base, durationMs: Math.round(outcome.durationMs) };
    if (outcome.ok && item.attempt > 1)
      log.info(
        { runId: run.header.id, step: node.id, attempt: item.attempt },
        'succeeded on retry',
      );
    if (outcome.ok) return completed(run, node, call, item, outcome.output, timed);
    return failedAttempt(draft, node, call, item, outcome.failure, timed);
  }

  function completed(
    run: LiveRun,
    node: TaskStep,
    call: TaskCall,
    item: AttemptItem,
    output: Json,
    base: Omit<Incoming, 'event'>,
  ): Incoming {
    const stored: Json =
      node.tolerate === undefined ? output : { status: 'complete', value: output };
    const undoable =
      node.call.compensate !== 'none' ||
      (node.fallback !== undefined && node.fallback.compensate !== 'none');
    const data = item.fallback ? { fallback: true } : {};
    const value = restoreValue(run.definition, node.id, { output: stored, data });
    return {
      ...base,
      event: {
        type: `${node.id}.completed`,
        ...(undoable ? { undo: call.compensate === 'none' ? 0 : 1 } : {}),
      },
      settles: { value, output: stored },
      ...(item.fallback ? { data } : {}),
    };
  }

  function failedAttempt(
    draft: Draft,
    node: TaskStep,
    call: TaskCall,
    item: AttemptItem,
    failure: AttemptFailure,
    base: Omit<Incoming, 'event'>,
  ): Incoming {
    const { run, tools } = draft;
    const bound = log.child({ runId: run.header.id, step: node.id, attempt: item.attempt });
    const summary: FailureSummary = {
      step: node.id,
      name: failure.name,
      message: failure.message,
      retryable: failure.retryable,
      ...(failure.code === undefined ? {} : { code: failure.code }),
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
    };
    const error = toError(summary);
    if (failure.unclear && call.repeat === 'unsafe') {
      bound.warn(
        { failure: summary },
        'nobody knows whether the attempt took effect; a person is asked',
      );
      return { ...base, event: { type: `${node.id}.in_doubt`, failure: summary }, error };
    }
    const event = { type: `${node.id}.failed`, failure: summary };
    const failedBefore = attemptsOf(contextOf(run.snapshot), node.id);
    const working = statusOf(run.snapshot) === 'processing' && !isDraining(run);
    const delay =
      failure.retryable && working
        ? nextDelayMs(call.retry, failedBefore + 1, tools.random(), failure.retryAfterMs)
        : null;
    if (delay !== null) {
      bound.warn(
        {
          failure: summary,
          delayMs: delay,
          attempt: item.attempt,
          maxAttempts: call.retry.maxAttempts,
        },
        `retrying in ${delay / 1000}s (attempt ${item.attempt + 1}/${call.retry.maxAttempts})`,
      );
      return { ...base, event, error, delayMs: delay };
    }
    const value = toleratedValue(node, failure, item.attempt, item.fallback);
    if (value !== null) return { ...base, event, error, settles: { value, output: value } };
    bound.error(
      { failure: summary, completed: run.completed.length },
      `task failed after ${item.attempt} attempt(s); ${run.completed.length} completed step(s) to roll back`,
    );
    return { ...base, event, error };
  }

  function noteLate(
    draft: Draft,
    node: TaskStep,
    item: AttemptItem,
    outcome: AttemptOutcome | null,
  ): void {
    if (outcome === null) return;
    log.warn(
      { runId: draft.run.header.id, step: node.id, attempt: item.attempt, ok: outcome.ok },
      'late result of an earlier attempt recorded; it does not count',
    );
    annotate(draft, {
      event: `${node.id}.late`,
      actor: 'signalbox',
      step: node.id,
      attempt: item.attempt,
      durationMs: Math.round(outcome.durationMs),
      ...(outcome.ok
        ? { output: outcome.output }
        : { error: { name: outcome.failure.name, message: outcome.failure.message } }),
      ...(item.fallback ? { data: { fallback: true } } : {}),
    });
    if (outcome.ok) admitNotUndone(draft, node, item);
  }

  /** The effect happened after the run had given it up, and no other attempt stands for it: the outcome says so. */
  function admitNotUndone(draft: Draft, node: TaskStep, item: AttemptItem): void {
    const { run } = draft;
    if (leavesNothing(run, { step: node.id, fallback: item.fallback })) return;
    const status = statusOf(run.snapshot);
    const isStopping = status === 'compensating' || status === 'failed' || status === 'cancelled';
    if (!isStopping) {
      // Another attempt may yet complete the step; if none does, the outcome will say so.
      run.late = [...run.late, { step: node.id, fallback: item.fallback }];
      return;
    }
    missUndo(draft, node.id, lateReason);
    if (run.outcome !== null) run.outcome = outcomeOf(run);
  }

  function limited(outcome: AttemptOutcome, step: string): AttemptOutcome {
    if (!outcome.ok) return outcome;
    const bytes = Buffer.byteLength(canonical(outcome.output));
    if (bytes <= deps.settings.maxPayloadBytes) return outcome;
    const error = new SignalboxError(
      'PAYLOAD_TOO_LARGE',
      `Output of step "${step}" has ${bytes} bytes; at most ${deps.settings.maxPayloadBytes} are kept; put it into a blob store and return its reference`,
    );
    return {
      ok: false,
      failure: { ...failureOf(error), name: 'PayloadTooLarge' },
      durationMs: outcome.durationMs,
    };
  }

  return {
    start,
    abort(runId, step) {
      for (const attempt of inFlight.values()) {
        if (attempt.runId === runId && attempt.step === step)
          attempt.abort.abort(new Error(`Step "${step}" was stopped`));
      }
    },
  };
}

/** The run stopped while the attempt waited for its place. */
function neverBegun(step: string): AttemptOutcome {
  const message = `Step "${step}" was stopped before it began`;
  return {
    ok: false,
    failure: { name: 'Stopped', message, retryable: false, unclear: false },
    durationMs: 0,
  };
}

export function isDraining(run: LiveRun): boolean {
  const value: unknown = run.snapshot.value;
  return (
    typeof value === 'object' && value !== null && Reflect.get(value, 'processing') === 'draining'
  );
}

function businessKey(task: TaskBinding, input: unknown): string | null {
  if (task.key === null) return null;
  const parsed = task.input.parse(input);
  return parsed.ok ? task.key(parsed.value) : null;
}
