import type { ChartGuard } from './chart.ts';
import { holdsIn } from './conditions.ts';
import { attemptsOf, type ChartContext } from './context.ts';
import { whyNotDecide } from './deciding.ts';
import type { ChartEvent, Decider } from './events.ts';

/** The one place where a guard is decided; the machine and the explanation of what is possible both call it. */
export function isOpen(guard: ChartGuard, context: ChartContext, event: ChartEvent): boolean {
  switch (guard.type) {
    case 'ready':
      return (
        guard.params.settled.every((step) => context.settled[step] === true) &&
        guard.params.conditions.every((condition) => holdsIn(condition, context.facts)) ===
          guard.params.open
      );
    case 'retryable':
      return (
        event.failure?.retryable === true &&
        attemptsOf(context, guard.params.step) + 1 < guard.params.maxAttempts
      );
    case 'tolerated':
      return (
        event.failure !== undefined &&
        (guard.params.codes === 'any' ||
          (event.failure.code !== undefined && guard.params.codes.includes(event.failure.code)))
      );
    case 'policy':
      return guard.params.condition === null || holdsIn(guard.params.condition, context.facts);
    case 'canDecide':
      return (
        event.decider !== undefined &&
        whyNotDecide(event.decider, event.outcome, guard.params) === null &&
        (guard.params.outcome === 'any' || event.outcome === guard.params.outcome) &&
        isNumber(guard.params, event.decider) &&
        (guard.params.undo === undefined || guard.params.undo === context.undoable > 0)
      );
    case 'faulted':
      return event.faulted === true;
    case 'isRunning':
      return context.running.includes(guard.params.step);
    case 'stopped':
      return (
        context.running.length === 0 &&
        (guard.params.undo === null || guard.params.undo === context.undoable > 0) &&
        guard.params.cancelled === (context.cancel !== null)
      );
    case 'somethingToUndo':
      return context.undoable > 0;
    case 'nothingToUndo':
      return context.undoable === 0;
    case 'undoLeft':
      return context.undo !== null && context.undo.position < context.undoable;
    case 'undone':
      return guard.params.cancelled === (context.cancel !== null);
    case 'undoRetryable':
      return (
        event.failure?.retryable === true &&
        (context.undo?.attempts ?? 0) + 1 < (event.maxAttempts ?? 1)
      );
    case 'mayRetry':
      return (
        event.acceptNotUndone === true ||
        ((context.undo?.failed ?? 0) === 0 && context.doubts.length === 0)
      );
    default:
      return guard satisfies never;
  }
}

/** Whether it completes the approvals, or the rejections, as it should; one that takes no number is always the last. */
function isNumber(
  { approvals, rejections, isLast }: Extract<ChartGuard, { type: 'canDecide' }>['params'],
  { given = 0, rejections: before = 0 }: Decider,
): boolean {
  if (approvals !== undefined) return given + 1 >= approvals === isLast;
  return rejections === undefined || before + 1 >= rejections === isLast;
}
