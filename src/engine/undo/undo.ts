/** Carrying out compensation: the undo list of a run, its children's included, newest completion first. */
import { SignalboxError } from '../../errors.ts';
import { failureOf } from '../../failure.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import type { EntityAccess } from '../../ports/bindings.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import { applyEvent } from '../apply.ts';
import { closeItems } from '../draft.ts';
import { toError } from '../failure-data.ts';
import { holdBack, isHeld } from '../hold-back.ts';
import type { LiveRun } from '../live-run.ts';
import { isLost, persist } from '../persist.ts';
import { isQuarantined, quarantined } from '../recovery.ts';
import type { OpenItem } from '../run-body.ts';
import type { ByHand } from '../undo-by-hand.ts';
import type { WorkDeps } from '../work-deps.ts';
import { createUndoer } from './carry-out.ts';
import {
  onceOnly,
  policyOf,
  progressOf,
  type UndoEntry,
  type UndoStep,
  undoListOf,
} from './list.ts';
import { createUndoRetries } from './retry.ts';
import { tellChildren } from './tell-children.ts';

export interface Undoing {
  start(run: LiveRun): void;
  /** What a cancellation would undo now, or what has become of it; first to be undone first. */
  preview(runId: string): Promise<readonly UndoStep[]>;
  /** One more attempt at an undo that has failed; its idempotency key is the same. @throws SignalboxError `NOTHING_TO_UNDO`, `NOT_UNDONE` */
  retry(runId: string, given: ByHand): Promise<void>;
}

type UndoItem = Extract<OpenItem, { kind: 'undo' }>;

export function createUndoing(deps: WorkDeps): Undoing {
  const { runs, log, inFlight } = deps;
  const undo = createUndoer(deps);
  /** Each belongs to the run as it is in memory now: one read again has another epoch. */
  const lists = new WeakMap<
    LiveRun,
    { readonly generation: number; readonly entries: Promise<readonly UndoEntry[]> }
  >();

  function listOf(run: LiveRun): Promise<readonly UndoEntry[]> {
    const known = lists.get(run);
    if (known !== undefined && known.generation === run.state.generation) return known.entries;
    const { generation } = run.state;
    const entries = undoListOf(runs, run);
    lists.set(run, { generation, entries });
    entries.catch(() => lists.delete(run));
    return entries;
  }

  function start(run: LiveRun): void {
    const item = run.open.find((open): open is UndoItem => open.kind === 'undo');
    if (item === undefined || item.held === true || inFlight.has(item.token)) return;
    if (run.state.pausedAtMs !== null) return;
    const { token } = item;
    const abort = new AbortController();
    const runId = run.header.id;
    inFlight.set(token, { runId, step: 'undo', abort, details: null, isRunning: true });
    deps.dispatch(run, {
      id: token,
      queue: 'default',
      priority: 'high',
      run: () => perform(run, item, abort.signal).finally(() => inFlight.delete(token)),
    });
  }

  async function perform(run: LiveRun, item: UndoItem, signal: AbortSignal): Promise<void> {
    const runId = run.header.id;
    try {
      if (isHeld(deps, run)) return await persist(deps, () => holdBack(deps, runId, item.token));
      const entry = (await listOf(run))[item.position];
      if (entry === undefined)
        throw new SignalboxError(
          'RUN_DAMAGED',
          `Run "${runId}" has no undo entry ${item.position}`,
          { details: { runId } },
        );
      const { attempt, token } = item;
      const outcome: AttemptOutcome = isQuarantined(item, deps.settings)
        ? { ok: false, failure: quarantined(`the undo of "${entry.path}"`, item), durationMs: 0 }
        : await undo({ entry, attempt, signal, entities: accessOf(run, entry, token) });
      // Cut off because the process closes or has lost the run: it is done again, and has not failed.
      if (!outcome.ok && signal.reason instanceof SignalboxError) return;
      await persist(deps, () => settle(runId, item, entry, outcome));
    } catch (error) {
      if (isLost(error)) {
        log.warn({ runId, code: error.code }, `outcome of the undo discarded: ${error.message}`);
        return;
      }
      log.error({ err: error, runId }, 'the undo could not be carried out');
      const failure = { ...failureOf(error), retryable: false };
      await settle(runId, item, null, { ok: false, failure, durationMs: 0 }).catch(() => {});
    }
  }

  /** The undo is the failing run's, the command that of the run whose step it undoes. */
  function accessOf(run: LiveRun, entry: UndoEntry, token: string): EntityAccess {
    const fence = { runId: run.header.id, epoch: run.state.epoch };
    return deps.entities.of({ runId: entry.run.header.id, fence, token });
  }

  async function settle(
    runId: string,
    item: UndoItem,
    entry: UndoEntry | null,
    outcome: AttemptOutcome,
  ): Promise<void> {
    const run = await runs.own(runId);
    if (run === null) return;
    const step = entry?.path ?? 'undo';
    const policy = entry === null ? onceOnly : policyOf(entry);
    const isIt = (open: OpenItem) => open.kind === 'undo' && open.token === item.token;
    await runs.change(run, (draft) => {
      if (!run.open.some(isIt)) return;
      closeItems(draft, isIt);
      const base = {
        actor: 'signalbox',
        step,
        attempt: item.attempt,
        durationMs: Math.round(outcome.durationMs),
      };
      if (outcome.ok) {
        log.info({ runId, step }, 'compensated');
        if (entry !== null) tellChildren(draft, entry);
        applyEvent(draft, {
          ...base,
          event: { type: 'undo.completed' },
          settles: { value: undefined, output: null },
        });
        return;
      }
      const { name, message, retryable, retryAfterMs } = outcome.failure;
      const failure = { step, name, message, retryable };
      const delayMs = retryable
        ? nextDelayMs(policy, item.attempt, draft.tools.random(), retryAfterMs)
        : null;
      log.warn(
        { runId, step, failure, delayMs },
        delayMs === null
          ? 'compensation failed'
          : `compensation failed, retrying in ${delayMs / 1000}s`,
      );
      applyEvent(draft, {
        ...base,
        event: { type: 'undo.failed', failure, maxAttempts: policy.maxAttempts },
        error: toError(failure),
        ...(delayMs === null ? { isFinalFailure: true } : { delayMs }),
      });
    });
  }

  return {
    start,
    async preview(runId) {
      const run = await runs.loadNewest(runId);
      return progressOf(run, await undoListOf(runs, run));
    },
    retry: createUndoRetries(deps, undo),
  };
}
