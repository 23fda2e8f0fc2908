/** Whether a run accepts the action of a batch as it stands. */
import type { BatchAction } from '../../api/batches.ts';
import type { RunView } from '../../engine/views.ts';

/** @returns why not, in words that are the same for all runs refused alike; `null`: it does */
export function refusalOf(action: BatchAction, run: RunView): string | null {
  const isOver = run.finishedAt !== null;
  switch (action.kind) {
    case 'retry':
      if (run.status !== 'failed') return `is ${run.status}, not failed`;
      return !action.acceptNotUndone && (run.outcome?.notUndone.length ?? 0) > 0
        ? 'has effects that were not undone'
        : null;
    case 'cancel':
      return isOver ? `is ${run.status} already` : null;
    case 'pause':
      if (isOver) return `is ${run.status} already`;
      return run.paused ? 'is paused already' : null;
    case 'resume':
      return run.paused ? null : 'is not paused';
    case 'signal':
      return run.waitingOn.some((item) => item.kind === 'event' && item.event === action.event)
        ? null
        : `does not wait for "${action.event}"`;
    default:
      return action satisfies never;
  }
}
