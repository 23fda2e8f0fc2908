/** An attempt at a task: how long it takes, how it ends, and whether there is another one. */

import { attemptsOf } from '../../chart/context.ts';
import type { TaskCall, TaskStep } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { callOf } from '../../plan/task-call.ts';
import { drawMs } from '../distribution.ts';
import { type StepModel, stepModelOf } from '../model.ts';
import type { ActiveRun } from './active-run.ts';
import { failureOf, success, taskCompleted, toleratedFailure } from './events.ts';

interface AttemptSample {
  readonly lastsMs: number;
  readonly ending: 'completed' | 'in_doubt' | 'passing' | 'fatal';
}

export function startAttempt(run: ActiveRun, step: string, isFallback: boolean): void {
  const { subject, world } = run;
  const node = subject.index.nodes.get(step);
  if (node?.kind !== 'task') return;
  const call = callOf(node, isFallback);
  world.count(subject, step, 'attempt');
  const model = stepModelOf(subject.model, step);
  const { lastsMs, ending } = sampleAttempt(call, node.expectedMs ?? 0, model, world.random);
  run.items.occupy({ step, kind: 'work' }, world.workers(call.queue), lastsMs, () => {
    if (ending === 'completed') return run.send(taskCompleted(node, call), success(node));
    world.count(subject, step, 'failure');
    if (ending === 'in_doubt')
      return run.send({ type: `${step}.in_doubt`, failure: failureOf(step, false) });
    fail(run, node, call, isFallback, ending === 'passing');
  });
}

function sampleAttempt(
  { timeoutMs, repeat }: TaskCall,
  expectedMs: number,
  { duration, failureRate = 0, fatalRate = 0 }: StepModel,
  random: () => number,
): AttemptSample {
  const takesMs = duration === undefined ? expectedMs : drawMs(duration, random);
  const draw = random();
  if (timeoutMs !== undefined && takesMs > timeoutMs)
    return { lastsMs: timeoutMs, ending: repeat === 'unsafe' ? 'in_doubt' : 'passing' };
  if (draw < failureRate) return { lastsMs: takesMs, ending: 'passing' };
  return { lastsMs: takesMs, ending: draw < failureRate + fatalRate ? 'fatal' : 'completed' };
}

function fail(
  run: ActiveRun,
  node: TaskStep,
  call: TaskCall,
  isFallback: boolean,
  isPassing: boolean,
): void {
  const attempts = attemptsOf(run.context(), node.id) + 1;
  const delayMs = isPassing ? nextDelayMs(call.retry, attempts, run.world.random()) : null;
  const isLast = delayMs === null && (isFallback || node.fallback === undefined);
  run.send(
    { type: `${node.id}.failed`, failure: failureOf(node.id, isPassing) },
    isLast && node.tolerate === 'any' ? toleratedFailure(node.id) : undefined,
    delayMs ?? 0,
  );
}
