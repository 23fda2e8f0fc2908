/** Carrying out attempts of tasks: dispatch, run, and bring the outcome back as an event. */

import { isDraining } from '../../chart/advance.ts';
import { SignalboxError } from '../../errors.ts';
import { failureOf } from '../../failure.ts';
import { callOf } from '../../plan/task-call.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { TaskBinding } from '../../ports/bindings.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { Logger } from '../../ports/logger.ts';
import { applyEvent } from '../apply.ts';
import { refusalOf } from '../breakers.ts';
import { canonical, digest } from '../canonical.ts';
import { closeItems } from '../draft.ts';
import { execute } from '../execution.ts';
import { holdBack, isHeld } from '../hold-back.ts';
import { businessKey, fallbackPath, idempotencyKey } from '../keys.ts';
import { type LiveRun, readerOf } from '../live-run.ts';
import { isLost, persist } from '../persist.ts';
import type { OpenItem } from '../run-body.ts';
import type { WorkDeps } from '../work-deps.ts';
import { toIncoming } from './ending.ts';
import { noteLate } from './late-result.ts';
import { claimResult, giveClaimBack, resultToKeep } from './remembered-results.ts';
import { type AttemptEnd, type StepAttempt, withoutRunning } from './step-attempt.ts';

export interface Attempts {
  /** Hands the open attempt of the step out. */
  start(run: LiveRun, step: string): void;
  abort(runId: string, step: string): void;
}

/** Why an attempt does not begin: its run is no longer this process's, is paused, or stops. */
type Hindrance = 'lost' | 'held' | 'stopped';

export function createAttempts(deps: WorkDeps): Attempts {
  const { runs, inFlight } = deps;

  function start(run: LiveRun, step: string): void {
    const item = run.open.find(
      (open): open is StepAttempt['item'] => open.kind === 'attempt' && open.step === step,
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
    const call = callOf(node, item.fallback);
    const runId = run.header.id;
    const abort = new AbortController();
    inFlight.set(item.token, { runId, step, abort, details: null, isRunning: false });
    deps.dispatch(run, {
      id: item.token,
      queue: call.queue,
      priority: call.priority ?? run.header.priority,
      run: () =>
        perform(run, { runId, node, call, item }, abort.signal).finally(() =>
          inFlight.delete(item.token),
        ),
    });
  }

  /** Never rejects: what could not be carried out is the failure of the attempt, or another process's to finish. */
  async function perform(run: LiveRun, attempt: StepAttempt, signal: AbortSignal): Promise<void> {
    const { runId, node, item } = attempt;
    const log = deps.log.child({ runId, step: node.id, attempt: item.attempt });
    const over = Promise.withResolvers<void>();
    const onLate = (late: AttemptOutcome) => {
      over.promise
        .then(() =>
          persist(deps, () => settle(attempt, withoutRunning(limited(late, node.id)), log)),
        )
        .catch((error: unknown) => log.warn({ err: error }, 'a late result could not be recorded'));
    };
    try {
      const end = await carryOut(run, attempt, signal, log, onLate);
      if (end !== null) await persist(deps, () => settle(attempt, end, log));
    } catch (error) {
      if (isLost(error) || (error instanceof SignalboxError && error.code === 'RUN_NOT_FOUND')) {
        log.warn({ code: error.code }, `outcome of the attempt discarded: ${error.message}`);
        return;
      }
      log.error({ err: error }, 'the attempt could not be carried out');
      const failure = { ...failureOf(error), retryable: false };
      const end = withoutRunning({ ok: false, failure, durationMs: 0 });
      await settle(attempt, end, log).catch((lost: unknown) =>
        log.error({ err: lost }, 'the failed attempt could not be recorded'),
      );
    } finally {
      over.resolve();
    }
  }

  /** `null`: nothing of it is to be recorded here. */
  async function carryOut(
    run: LiveRun,
    attempt: StepAttempt,
    signal: AbortSignal,
    log: Logger,
    onLate: (late: AttemptOutcome) => void,
  ): Promise<AttemptEnd | null> {
    const { runId, node, call, item } = attempt;
    const flight = inFlight.get(item.token);
    if (flight !== undefined) flight.isRunning = true;
    const task = run.definition.bindings.tasks.get(call.task);
    if (task === undefined)
      throw new SignalboxError('DEFINITION_MISSING', `Task "${call.task}" is not registered`, {
        details: { runId, step: node.id },
      });
    const hindrance = hindranceTo(attempt, signal);
    if (hindrance !== null) return notBegun(attempt, hindrance);
    const input = resolveWiring(node.input, readerOf(run));
    const by = `${runId}/${node.id}/${item.token}`;
    const standIn = await standInFor(attempt, task, input, by);
    if (standIn !== null) return standIn;
    // It may have been paused or stopped while the store was asked.
    const sinceThen = hindranceTo(attempt, signal);
    if (sinceThen !== null) {
      await persist(deps, () => giveAdmissionBack(attempt, task, input, by, sinceThen));
      return notBegun(attempt, sinceThen);
    }
    const path = item.fallback ? fallbackPath(node.id) : node.id;
    log.debug({ task: call.task }, 'executing');
    const outcome = await execute(deps, run, {
      task,
      call,
      input,
      step: node.id,
      path,
      attempt: item.attempt,
      token: item.token,
      idempotencyKey: businessKey(task, input) ?? idempotencyKey(runId, path, run.state.generation),
      by,
      signal,
      log,
      onHeartbeat(details) {
        if (flight !== undefined) flight.details = details;
      },
      onLate,
    });
    // Cut off because the process closes or has lost the run: the attempt is somebody else's to finish, and says nothing about the run.
    if (!outcome.ok && signal.reason instanceof SignalboxError) {
      deps.cutOff.add(item.token);
      return null;
    }
    return { outcome: limited(outcome, node.id), inputHash: digest(input ?? null) };
  }

  function hindranceTo({ runId, item }: StepAttempt, signal: AbortSignal): Hindrance | null {
    const known = runs.peek(runId);
    if (signal.reason instanceof SignalboxError || known === null) return 'lost';
    // One that was handed out before may have taken effect: it runs again, so that it can be undone.
    if (signal.aborted || isDraining(known.snapshot))
      return item.dispatches <= 1 ? 'stopped' : null;
    return isHeld(deps, known) ? 'held' : null;
  }

  async function notBegun(
    { runId, node, item }: StepAttempt,
    hindrance: Hindrance,
  ): Promise<AttemptEnd | null> {
    if (hindrance === 'held') await persist(deps, () => holdBack(deps, runId, item.token));
    return hindrance === 'stopped' ? withoutRunning(neverBegun(node.id)) : null;
  }

  /** Nobody waits for a call that is not made. */
  async function giveAdmissionBack(
    attempt: StepAttempt,
    task: TaskBinding,
    input: unknown,
    by: string,
    hindrance: Hindrance,
  ): Promise<void> {
    const { breaker } = attempt.call;
    if (breaker !== undefined) await deps.breakers.released(breaker, by);
    // Of a run that another process goes on with, the claim is that process's.
    if (hindrance !== 'lost') await giveClaimBack(deps, attempt, task, input);
  }

  /** A remembered result, or what an open breaker says. `null`: go ahead. */
  async function standInFor(
    attempt: StepAttempt,
    task: TaskBinding,
    input: unknown,
    by: string,
  ): Promise<AttemptEnd | null> {
    const { call } = attempt;
    const remembered = await claimResult(deps, attempt, task, input);
    if (remembered !== null || call.breaker === undefined) return remembered;
    const refused = await refusalOf(deps, call, by);
    if (refused === null) return null;
    await giveClaimBack(deps, attempt, task, input);
    if (refused.outcome !== null) return withoutRunning(refused.outcome);
    const delayMs = Math.max(1, refused.untilMs - deps.clock.nowMs());
    return { outcome: null, delayMs, why: `breaker "${call.breaker.name}" is open` };
  }

  async function settle(attempt: StepAttempt, end: AttemptEnd, log: Logger): Promise<void> {
    const run = await runs.own(attempt.runId);
    if (run === null) return;
    const isIt = (open: OpenItem) => open.kind === 'attempt' && open.token === attempt.item.token;
    await runs.change(
      run,
      (draft) => {
        if (run.open.some(isIt)) {
          closeItems(draft, isIt);
          applyEvent(draft, toIncoming(draft, attempt, end, log));
        } else if (end.outcome !== null) noteLate(draft, attempt, end.outcome, log);
      },
      // What stood in for a task that was not run keeps its own term.
      end.outcome === null || end.inputHash === null
        ? {}
        : resultToKeep(deps, run, attempt, end.outcome),
    );
  }

  function limited(outcome: AttemptOutcome, step: string): AttemptOutcome {
    if (!outcome.ok) return outcome;
    const { maxPayloadBytes } = deps.settings;
    const bytes = Buffer.byteLength(canonical(outcome.output));
    if (bytes <= maxPayloadBytes) return outcome;
    const error = new SignalboxError(
      'PAYLOAD_TOO_LARGE',
      `Output of step "${step}" has ${bytes} bytes; at most ${maxPayloadBytes} are kept; put it into a blob store and return its reference`,
    );
    const failure = { ...failureOf(error), name: 'PayloadTooLarge' };
    return { ok: false, failure, durationMs: outcome.durationMs };
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
