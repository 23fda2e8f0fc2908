/** Undoing once more, when somebody asks for it, what a run that has ended has left. */
import { SignalboxError } from '../../errors.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { LiveRun } from '../live-run.ts';
import { persist } from '../persist.ts';
import { assertNotUndone, type ByHand, noteRetriedUndo } from '../undo-by-hand.ts';
import type { WorkDeps } from '../work-deps.ts';
import type { createUndoer } from './carry-out.ts';
import { obstacleOf, type UndoEntry, undoListOf } from './list.ts';
import { tellChildren } from './tell-children.ts';

/** Who asks while a retry is under way gets the same one. */
export function createUndoRetries(
  deps: WorkDeps,
  undo: ReturnType<typeof createUndoer>,
): (runId: string, given: ByHand) => Promise<void> {
  const { runs, inFlight } = deps;
  const underWay = new Map<string, Promise<void>>();

  async function retry(runId: string, given: ByHand): Promise<void> {
    const run = await ownedRun(runId);
    assertNotUndone(run, given.step);
    const entry = (await undoListOf(runs, run)).find(({ path }) => path === given.step);
    if (entry === undefined || obstacleOf(entry) !== null)
      throw new SignalboxError(
        'NOT_UNDONE',
        `Nothing can undo "${given.step}" of run "${runId}" by itself: ${entry === undefined ? 'nobody knows what it did' : 'it has no undo'}`,
        {
          details: { runId, step: given.step },
          hint: 'Undo it by hand, and say so: resolve it with a reason',
        },
      );
    const token = deps.ids.token();
    const abort = new AbortController();
    inFlight.set(token, { runId, step: 'undo', abort, details: null, isRunning: true });
    try {
      const entities = deps.entities.of({
        runId: entry.run.header.id,
        fence: { runId, epoch: run.state.epoch },
        token: null,
      });
      const outcome = await undo({ entry, attempt: 1, signal: abort.signal, entities });
      await persist(deps, () => settle(runId, given, entry, outcome));
      if (!outcome.ok)
        throw new SignalboxError(
          'NOT_UNDONE',
          `"${given.step}" of run "${runId}" could not be undone: ${outcome.failure.message}`,
          { details: { runId, step: given.step, failure: outcome.failure } },
        );
    } finally {
      inFlight.delete(token);
      deps.scopes.settle(run);
    }
  }

  async function settle(
    runId: string,
    given: ByHand,
    entry: UndoEntry,
    outcome: AttemptOutcome,
  ): Promise<void> {
    await runs.change(await ownedRun(runId), (draft) => {
      assertNotUndone(draft.run, given.step);
      if (outcome.ok) tellChildren(draft, entry);
      noteRetriedUndo(draft, given, Math.round(outcome.durationMs), errorOf(given.step, outcome));
    });
  }

  async function ownedRun(runId: string): Promise<LiveRun> {
    const run = await runs.own(runId);
    if (run !== null) return run;
    throw new SignalboxError('RUN_CONFLICT', `Another process holds run "${runId}" now`, {
      details: { runId },
    });
  }

  return (runId, given) => {
    const key = JSON.stringify([runId, given.step]);
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const retrying = retry(runId, given).finally(() => underWay.delete(key));
    underWay.set(key, retrying);
    return retrying;
  };
}

function errorOf(step: string, outcome: AttemptOutcome) {
  if (outcome.ok) return null;
  const { name, message, retryable } = outcome.failure;
  return { step, name, message, retryable };
}
