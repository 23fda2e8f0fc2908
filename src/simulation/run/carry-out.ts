import type { Effect } from '../../chart/events.ts';
import type { ActiveRun, Next } from './active-run.ts';
import { startAttempt } from './attempt.ts';
import { startChild } from './child.ts';
import { complete } from './events.ts';
import { startMap } from './map.ts';
import { decideByPolicy, openReview } from './review.ts';
import { stopWork } from './stop.ts';
import { startTimer } from './timer.ts';
import { startUndo } from './undo.ts';
import { awaitEvent } from './wait.ts';

/**
 * Does what a transition asks for, by chance.
 *
 * @param waitMs - until the next attempt, as the event said
 * @returns events that follow at once
 */
export function carryOut(run: ActiveRun, effect: Effect, waitMs: number): readonly Next[] {
  switch (effect.type) {
    case 'attempt':
      startAttempt(run, effect.step, effect.fallback);
      return [];
    case 'child':
      startChild(run, effect.step);
      return [];
    case 'map':
      startMap(run, effect.step);
      return [];
    case 'emit':
      return [[{ type: `${effect.step}.completed` }, complete(undefined)]];
    case 'await':
      awaitEvent(run, effect.step);
      return [];
    case 'review':
      openReview(run, effect.step, effect.inDoubt);
      return [];
    case 'decide':
      return [decideByPolicy(run, effect.step)];
    case 'timer':
      startTimer(run, effect.step, effect.name, waitMs);
      return [];
    case 'withdraw':
      withdraw(run, effect.step, effect.name);
      return [];
    case 'abandon':
      run.items.close(({ step, kind }) => step === effect.step && kind === 'work');
      return [];
    case 'stop':
      return stopWork(run, effect.mode, effect.running);
    case 'undo':
      startUndo(run, effect.position);
      return [];
    case 'skip':
    case 'vote':
    case 'object':
    case 'escalate':
    case 'finish':
      return [];
    default:
      return effect satisfies never;
  }
}

/** All but the work of the step; with `name` that timer, or its review, alone. */
function withdraw({ items }: ActiveRun, of: string, name: string | undefined): void {
  items.close(
    ({ step, kind }) =>
      step === of &&
      kind !== 'work' &&
      (name === undefined || kind === name || kind === `timer:${name}`),
  );
}
