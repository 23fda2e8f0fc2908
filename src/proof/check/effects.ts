/** What completing a step leaves behind, as the definition declares it. */
import type { StepNode, TaskCall } from '../../plan/plan.ts';

/** `undoable`: there is something to undo it with; `delegated`: a child run undoes its own steps; `irreversible`: declared, or sent out. */
export type StepEffect = 'none' | 'undoable' | 'delegated' | 'irreversible';

export function effectOf(step: StepNode): StepEffect {
  switch (step.kind) {
    case 'task':
      return ofCalls(step.fallback === undefined ? [step.call] : [step.call, step.fallback]);
    case 'map':
      return ofCalls(
        step.body.flatMap((inner) =>
          inner.kind !== 'task'
            ? []
            : inner.fallback === undefined
              ? [inner.call]
              : [inner.call, inner.fallback],
        ),
      );
    case 'child':
      return 'delegated';
    case 'emit':
      return 'irreversible';
    default:
      return 'none';
  }
}

function ofCalls(calls: readonly TaskCall[]): StepEffect {
  if (calls.some((call) => call.compensate === 'irreversible')) return 'irreversible';
  return calls.some((call) => call.compensate === 'handler') ? 'undoable' : 'none';
}

/** Why the run may fail at this step; `null`: it cannot. */
export function failureOf(step: StepNode): string | null {
  switch (step.kind) {
    case 'task':
      return step.tolerate === 'any' ? null : 'its task fails for good';
    case 'child':
      return step.tolerate === 'any' ? null : 'the child fails';
    case 'map':
      return step.onItemFailure === 'collect' ? null : 'an item fails';
    case 'review':
      if (step.onRejected === 'fail') return 'it is rejected';
      return step.onExpired === 'fail' && step.expiresMs !== undefined ? 'it expires' : null;
    case 'wait':
      return step.withinMs !== undefined && step.onTimeout === 'fail' ? 'the event is late' : null;
    case 'fail':
      return 'the workflow says so';
    default:
      return null;
  }
}
