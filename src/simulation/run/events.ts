/** Events of a run by chance. Nothing in them but what the chart decides by. */
import type { ChartEvent, Decider, FailureSummary } from '../../chart/events.ts';
import type { StepNode, TaskCall, TaskStep } from '../../plan/plan.ts';
import type { Settled } from '../../plan/settle.ts';

export const decider: Decider = { actor: 'simulated', groups: [], assignees: null, excluded: [] };

/** `diagnosis` of `diagnosis.completed`. */
export const stepOf = ({ type }: ChartEvent): string => type.slice(0, type.lastIndexOf('.'));

export const failureOf = (step: string, retryable: boolean): FailureSummary => ({
  step,
  name: 'Simulated',
  message: '',
  retryable,
});

export const complete = (value: unknown): Settled => ({ status: 'complete', value });

/** What a step yields that failed although it may. */
export const toleratedFailure = (step: string): Settled =>
  complete({ status: 'failed', failure: failureOf(step, false) });

/** What a step yields that went well: of its data nothing is known. */
export const success = (node: StepNode): Settled =>
  complete(isTolerant(node) ? { status: 'complete' } : undefined);

export function taskCompleted(node: TaskStep, call: TaskCall): ChartEvent {
  const canUndo = [node.call, node.fallback].some(
    (one) => one !== undefined && one.compensate !== 'none',
  );
  const type = `${node.id}.completed`;
  return canUndo ? { type, undo: call.compensate === 'none' ? 0 : 1 } : { type };
}

function isTolerant(node: StepNode): boolean {
  return (node.kind === 'task' || node.kind === 'child') && node.tolerate !== undefined;
}
