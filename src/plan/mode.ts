/** Whether the attempts of a run go through a queue. Commits, timers, retries and everything recorded are the same either way. */
import { layOut } from './layout.ts';
import { isStep, type Plan } from './plan.ts';

/**
 * `local`: an attempt runs in the process that holds the run as soon as it is committed. `queued`: it goes through the dispatcher, with queues,
 * priorities and limits.
 */
export type RunMode = 'local' | 'queued';
/** `auto`: local for a workflow of fewer than ten steps without parallelism and without queues or priorities of its own, else queued. */
export type Mode = RunMode | 'auto';

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
