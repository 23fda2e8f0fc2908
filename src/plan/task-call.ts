import type { TaskCall, TaskStep } from './plan.ts';

/** What a step carries out: its own task, or the fallback that stands in for it, where it has one. */
export function callOf(step: TaskStep, isFallback: boolean): TaskCall {
  return isFallback && step.fallback !== undefined ? step.fallback : step.call;
}
