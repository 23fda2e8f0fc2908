/** When two states of a walk count as one: same place, and the same answers to every guard that can still be asked. */
import { contextOf, isDraining } from '../../chart/advance.ts';
import { escalationLevel } from '../../chart/review-states.ts';
import { statusIn } from './walk.ts';
import type { WalkState } from './walk-state.ts';

export function serialise(state: WalkState): string {
  const { snapshot, timers, round } = state;
  const { facts, settled, running, attempts, doubts, undoable, cancel, undo } = contextOf(snapshot);
  const status = statusIn(state);
  const hasUndo = undoable > 0;
  const base = [JSON.stringify(snapshot.value), round, ...openReviews(state)];
  switch (status) {
    case 'processing': {
      const isStopping = isDraining(snapshot);
      const grace = timers.some(({ step }) => step === 'stop');
      return JSON.stringify(
        isStopping
          ? [...base, running, hasUndo, cancel !== null, grace, doubts.length > 0, state.neverBegun]
          : [...base, facts, settled, attempts, hasUndo],
      );
    }
    case 'waiting_review':
      return JSON.stringify([...base, facts, hasUndo]);
    case 'compensating': {
      const left = undoable - (undo?.position ?? 0);
      const failed = (undo?.failed ?? 0) > 0;
      return JSON.stringify([
        ...base,
        left,
        undo?.position === 0,
        undo?.attempts,
        failed,
        cancel !== null,
      ]);
    }
    default:
      return JSON.stringify([...base, (undo?.failed ?? 0) > 0 || doubts.length > 0, undo !== null]);
  }
}

/** What tells two states of open reviews apart although the chart stands where it stood. */
function openReviews({ votes, timers }: WalkState): readonly unknown[] {
  const escalations = timers.flatMap(({ step, name }) =>
    escalationLevel(name) === null ? [] : [`${step}.${name}`],
  );
  return votes.size === 0 && escalations.length === 0 ? [] : [[...votes], escalations];
}
