import { nextDelayMs } from '../../plan/retry-policy.ts';
import { drawMs } from '../distribution.ts';
import { stepModelOf } from '../model.ts';
import type { ActiveRun } from './active-run.ts';
import { failureOf } from './events.ts';

/**
 * Compensation of one step: an attempt at undoing it.
 *
 * @param position - in the undo list, counted from 0 at the latest entry
 */
export function startUndo(run: ActiveRun, position: number): void {
  const { subject, world, items, undoList } = run;
  const { random } = world;
  const entry = undoList.entries.at(-1 - position);
  const step = entry?.step ?? 'undo';
  const { undo: takes, undoFailureRate = 0 } = stepModelOf(subject.model, step);
  world.count(subject, step, 'undo');
  const retry = entry?.call?.undo?.retry;
  const isIrreversible = entry?.call?.compensate === 'irreversible';
  const lastsMs = takes === undefined ? 0 : drawMs(takes, random);
  items.after({ step: 'undo', kind: 'work' }, lastsMs, () => {
    if (!isIrreversible && random() >= undoFailureRate) {
      undoList.undone += 1;
      return run.send({ type: 'undo.completed' });
    }
    const attempts = (run.context().undo?.attempts ?? 0) + 1;
    const delayMs =
      isIrreversible || retry === undefined ? null : nextDelayMs(retry, attempts, random());
    const failure = failureOf(step, delayMs !== null);
    const maxAttempts = retry?.maxAttempts ?? 1;
    run.send({ type: 'undo.failed', failure, maxAttempts }, undefined, delayMs ?? 0);
  });
}
