/** What a drawing of the chart writes on a transition: its event and, in brackets, what its guard asks. */
import type { ChartGuard, ChartTransition } from '../chart/chart.ts';
import type { StepNode } from '../plan/plan.ts';

/** Of one transition, in two parts; either may be empty. */
export interface TransitionLabel {
  readonly event: string;
  readonly guard: string;
}

/**
 * @param event - `always` and `done` have no event of their own
 * @param step - the step it belongs to; its name is left out
 */
export function labelOfTransition(
  event: string,
  { guard }: ChartTransition,
  step: StepNode | undefined,
): TransitionLabel {
  return {
    event: eventWords(event, step),
    guard: guard === undefined ? '' : labelOfGuard(guard, step),
  };
}

function eventWords(event: string, step: StepNode | undefined): string {
  if (event === 'always') return '';
  if (event === 'done') return 'all regions are done';
  return step !== undefined && event.startsWith(`${step.id}.`)
    ? event.slice(step.id.length + 1)
    : event;
}

/** One line for all events that the same guard asks about; events without a guard have a line each. */
export function linesOfLabels(labels: readonly TransitionLabel[]): readonly string[] {
  const events = new Map<string, Set<string>>();
  for (const { event, guard } of labels) {
    const line = guard === '' ? event : `[${guard}]`;
    events.set(line, (events.get(line) ?? new Set()).add(event));
  }
  return [...events]
    .map(([line, names]) =>
      line.startsWith('[') ? `${[...names].join(', ')} ${line}`.trim() : line,
    )
    .filter((line) => line !== '');
}

function labelOfGuard(guard: ChartGuard, step: StepNode | undefined): string {
  switch (guard.type) {
    case 'ready': {
      const { settled, open } = guard.params;
      const conditions = [...new Set(step?.gates.map(({ label }) => label))].join(' and ');
      if (!open) return settled.length === 0 ? 'else, skipped' : `${listed(settled)}, else skipped`;
      return [listed(settled), conditions].filter((part) => part !== '').join(', ');
    }
    case 'retryable':
      return `retryable, at most ${guard.params.maxAttempts - 1} times`;
    case 'tolerated':
      return guard.params.codes === 'any'
        ? 'tolerated'
        : `tolerated: ${guard.params.codes.join(', ')}`;
    case 'policy':
      return guard.params.label;
    case 'canDecide': {
      const { outcome, undo } = guard.params;
      return [outcome === 'any' ? 'allowed' : outcome, ...undoWords(undo)].join(', ');
    }
    case 'faulted':
      return 'input unusable';
    case 'isRunning':
      return `${guard.params.step} runs`;
    case 'stopped':
      return [
        guard.params.cancelled ? 'cancelled' : 'failed',
        ...undoWords(guard.params.undo ?? undefined),
      ].join(', ');
    case 'somethingToUndo':
      return 'something to undo';
    case 'nothingToUndo':
      return 'nothing to undo';
    case 'undoLeft':
      return 'undo left';
    case 'undone':
      return guard.params.cancelled ? 'cancelled' : 'failed';
    case 'undoRetryable':
      return 'retryable';
    case 'mayRetry':
      return 'nothing left half undone';
    default:
      return guard satisfies never;
  }
}

function undoWords(undo: boolean | undefined): readonly string[] {
  return undo === undefined ? [] : [undo ? 'something to undo' : 'nothing to undo'];
}

function listed(steps: readonly string[]): string {
  if (steps.length === 0) return '';
  const named =
    steps.length > 3
      ? `${steps.slice(0, 2).join(', ')} and ${steps.length - 2} more`
      : steps.join(', ');
  return `after ${named}`;
}
