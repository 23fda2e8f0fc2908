/** Timers: sleeps, waits before another attempt, time limits. */
import { escalationLevel } from '../../chart/review-states.ts';
import { parseDuration } from '../../plan/duration.ts';
import { drawMs } from '../distribution.ts';
import type { ActiveRun } from './active-run.ts';
import { complete, failureOf, toleratedFailure } from './events.ts';
import type { Subject, World } from './world.ts';

/** @param waitMs - what the event that asks for it says, of timers that have no length of their own */
export function startTimer(run: ActiveRun, step: string, name: string, waitMs: number): void {
  const lastsMs = timerMs(run, step, name, waitMs);
  run.items.after({ step, kind: `timer:${name}` }, lastsMs, () => fire(run, step, name));
}

function fire(run: ActiveRun, step: string, name: string): void {
  const { subject, world, items } = run;
  const type = `${step}.${name}`;
  const failure = failureOf(step, false);
  switch (name) {
    case 'fired':
      return run.send({ type }, complete(undefined));
    case 'timed_out':
      world.count(subject, 'run', 'expiry');
      return run.send({ type: 'run.timed_out', failure });
    case 'grace_over':
      items.close(({ kind }) => kind === 'work');
      return run.send({ type });
    case 'deadline_passed': {
      world.count(subject, step, 'expiry');
      const node = subject.index.nodes.get(step);
      const isTolerated = node?.kind === 'task' && node.tolerate === 'any';
      return run.send({ type, failure }, isTolerated ? toleratedFailure(step) : undefined);
    }
    default:
      return run.send({ type });
  }
}

function timerMs(
  { subject, world }: ActiveRun,
  step: string,
  name: string,
  waitMs: number,
): number {
  const { plan, index } = subject;
  switch (name) {
    case 'fired':
      return sleepMs(subject, step, world.random);
    case 'timed_out':
      return plan.timeoutMs ?? 0;
    case 'grace_over':
      return plan.abortGraceMs;
    case 'deadline_passed': {
      const node = index.nodes.get(step);
      return node?.kind === 'task' ? (node.withinMs ?? 0) : 0;
    }
    default: {
      const level = escalationLevel(name);
      if (level === null) return waitMs;
      const node = index.nodes.get(step);
      const { escalate } = node?.kind === 'review' ? node : plan.finish;
      return escalate?.[level - 1]?.afterMs ?? 0;
    }
  }
}

/** As the model says of the step itself, else of the plan; a time that depends on data is none. */
function sleepMs({ model, index }: Subject, step: string, random: World['random']): number {
  const duration = model.steps?.[step]?.duration;
  if (duration !== undefined) return drawMs(duration, random);
  const node = index.nodes.get(step);
  if (node?.kind !== 'sleep' || node.for.kind !== 'literal') return 0;
  const { value } = node.for;
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (parseDuration(value) ?? 0) : 0;
}
