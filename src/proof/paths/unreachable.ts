/** Why no path takes a transition. */
import type { NamedTransition } from '../../chart/transitions.ts';
import type { Plan, PlanNode } from '../../plan/plan.ts';

export const unknownReason = 'the walk found no way to it';

/** In words that name what would have to be different. */
export function reasonFor(plan: Plan, transition: NamedTransition): string {
  const { state, event, guard } = transition;
  const last = event.slice(event.lastIndexOf('.') + 1);
  const step = plan.nodes.find(({ id }) => event === `${id}.${last}`);
  if (event === 'run.faulted') return faultReason(state);
  if (event === 'run.timed_out' && plan.timeoutMs === undefined)
    return 'the workflow has no time limit';
  if (state === 'waiting_review' && plan.finish.approve.by === 'automatic')
    return 'a policy decides the closing review at once';
  if (event === 'run.started' && guard?.type === 'faulted')
    return 'no condition or derived value depends on the input alone';
  if (last === 'deferred' || last === 'deferral_over') return deferralReason(step);
  if (state.endsWith('draining') && (step?.kind === 'child' || step?.kind === 'map'))
    return `the ${step.kind} would have to complete at the moment it is stopped`;
  if (step?.kind === 'child') return 'the child waits for nothing and cannot fail';
  if (step?.kind === 'map' && last === 'failed' && step.onItemFailure === 'collect')
    return 'failures of items are collected';
  if (step !== undefined && 'tolerate' in step && step.tolerate === 'any' && guard === null)
    return 'every failure of the step is tolerated';
  if (guard?.type === 'tolerated') return 'the task declares no failure that is tolerated here';
  if (guard?.type === 'ready')
    return guard.params.open ? 'its conditions cannot hold' : 'its conditions always hold';
  if (guard?.type === 'policy') return `"${guard.params.label}" cannot hold`;
  if (
    event === 'run.timed_out' ||
    last === 'expired' ||
    last === 'timed_out' ||
    last === 'deadline_passed'
  )
    return 'another deadline always comes first';
  if (
    event === 'run.retried' ||
    (guard?.type === 'stopped' && !guard.params.cancelled && !guard.params.undo)
  )
    return 'nothing in the workflow can fail';
  if (event === 'stop.grace_over' || event === 'run.cancelled')
    return 'no step has work that could outlast the stop';
  if (guard?.type === 'stopped' && guard.params.undo !== false)
    return 'nothing of the workflow can be undone';
  if (
    guard?.type === 'somethingToUndo' ||
    (guard?.type === 'canDecide' && guard.params.undo === true)
  )
    return 'nothing of the workflow can be undone';
  if (
    guard?.type === 'nothingToUndo' ||
    (guard?.type === 'canDecide' && guard.params.undo === false)
  )
    return 'something is always to be undone by then';
  if (state === 'compensating' || state.startsWith('compensating.'))
    return compensationReason(plan);
  return unknownReason;
}

function faultReason(state: string): string {
  return state === 'waiting_review'
    ? 'no function of the definition is asked while the closing review is open'
    : 'the workflow has no condition or derived value that could throw';
}

function deferralReason(step: PlanNode | undefined): string {
  const call = step?.kind === 'task' ? step.call : undefined;
  if (call?.breaker?.whenOpen === 'fail')
    return 'an open breaker fails the step instead of deferring it';
  return 'only another run that computes the same result at the same time defers it';
}

function compensationReason(plan: Plan): string {
  const calls = plan.nodes.flatMap((node) => (node.kind === 'task' ? [node.call] : []));
  if (calls.every(({ compensate }) => compensate === 'none'))
    return 'nothing of the workflow is to be undone';
  return 'no undo of the workflow is tried again';
}
