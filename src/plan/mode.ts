/** Whether the attempts of a run go through a queue. Commits, timers, retries and everything recorded are the same either way. */
import { layOut } from './layout.ts';
import { isStep, type Mode, type Plan, type RunMode } from './plan.ts';

/** Steps from which on a workflow is no longer small. */
const manySteps = 10;

/**
 * @param wanted - what the orchestrator was told, for every workflow
 * @param otherwise - where neither the orchestrator nor the workflow says anything
 */
export function modeOf(plan: Plan, wanted?: Mode, otherwise: Mode = 'auto'): RunMode {
  const mode = wanted ?? plan.mode ?? otherwise;
  if (mode !== 'auto') return mode;
  return isSmall(plan) ? 'local' : 'queued';
}

/** Branches of which only one is taken count as parallel too: the plan does not know that they exclude each other. */
function isSmall(plan: Plan): boolean {
  const steps = plan.nodes.filter(isStep);
  return (
    steps.length < manySteps &&
    steps.every(
      (step) =>
        step.kind !== 'map' &&
        (step.kind !== 'task' ||
          (step.call.queue === 'default' && step.call.priority === undefined)),
    ) &&
    layOut(plan).stages.every(({ kind }) => kind === 'step')
  );
}
