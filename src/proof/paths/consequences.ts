/** What a move means: the chart's event, the step it settles, and what the engine does at once because of it. */

import { contextOf, isDraining } from '../../chart/advance.ts';
import { holdsIn } from '../../chart/conditions.ts';
import { attemptsOf } from '../../chart/context.ts';
import type { ChartEvent, Decider, Effect } from '../../chart/events.ts';
import type { Approval, PlanNode, ReviewStep, TaskStep } from '../../plan/plan.ts';
import type { Facts } from '../../plan/settle.ts';
import { callOf } from '../../plan/task-call.ts';
import type { Move, StepEnding } from './move.ts';
import type { UndoWork } from './undo.ts';
import type { Walk, WalkState } from './walk-state.ts';

/** Whoever decides on a path may. */
const decider: Decider = { actor: 'path', groups: [], assignees: null, excluded: [] };

export function chartEventOf(
  move: Move,
  given: {
    readonly work: readonly UndoWork[];
    readonly facts: Facts;
    readonly undo: UndoWork | null;
    /** What counts already. */
    readonly given: Partial<Decider>;
  },
): ChartEvent {
  const { type, step, failure, code, outcome, mode, faulted } = move;
  const adds = type.endsWith('.completed') || type.endsWith('.happened');
  const failed = failure === undefined && !isFailing(type) ? undefined : failure;
  return {
    type,
    ...(Object.keys(given.facts).length === 0 ? {} : { facts: given.facts }),
    ...(failed === undefined && !isFailing(type)
      ? {}
      : {
          failure: {
            step,
            name: 'Error',
            message: type,
            retryable: failed === 'transient',
            ...(code === undefined ? {} : { code }),
          },
        }),
    ...(adds && step !== 'undo' ? { undo: given.work.length } : {}),
    ...(type.endsWith('.failed') && step !== 'undo' ? { undo: 0 } : {}),
    ...(outcome === undefined ? {} : { outcome }),
    ...(mode === undefined ? {} : { mode }),
    ...(faulted === true && type === 'run.started' ? { faulted: true } : {}),
    ...(type === 'run.retried' ? { acceptNotUndone: true } : {}),
    ...(type === 'undo.failed' ? { maxAttempts: given.undo?.policy.maxAttempts ?? 1 } : {}),
    decider: { ...decider, ...given.given },
  };
}

const failing: readonly string[] = [
  '.failed',
  '.in_doubt',
  '.given_up',
  '.deadline_passed',
  '.faulted',
];

function isFailing(type: string): boolean {
  return failing.some((ending) => type.endsWith(ending));
}

/** How the move settles its step; `null` if it does not, or the run fails by it. */
export function endingOf(
  node: PlanNode | undefined,
  move: Move,
  before: WalkState,
  isFallback: boolean,
): StepEnding | null {
  const { type, step } = move;
  const last = type.slice(step.length + 1);
  const ended = (ending: string): StepEnding => ({ step, ending });
  switch (node?.kind) {
    case 'task':
      return endingOfTask(node, move, last, before, isFallback);
    case 'review':
      return endingOfReview(node, move, last, before);
    case 'wait':
      if (last === 'received') return ended('received');
      return last === 'timed_out' && node.onTimeout === 'continue' ? ended('timed_out') : null;
    case 'child':
      if (last === 'completed') return ended('completed');
      return last === 'failed' && node.tolerate !== undefined ? ended('failed') : null;
    case 'sleep':
      return last === 'fired' ? ended('fired') : null;
    case 'map':
    case 'emit':
      return last === 'completed' ? ended('completed') : null;
    default:
      return null;
  }
}

function endingOfTask(
  node: TaskStep,
  move: Move,
  last: string,
  before: WalkState,
  isFallback: boolean,
): StepEnding | null {
  const { step } = move;
  const tolerated = node.tolerate === 'any' ? { step, ending: 'failed' } : null;
  switch (last) {
    case 'completed':
    case 'happened':
      return { step, ending: 'completed' };
    case 'failed':
      return afterFailure(node, move, before, isFallback);
    case 'given_up':
      return isFallback || node.fallback === undefined ? tolerated : null;
    case 'deadline_passed':
      return tolerated;
    default:
      return null;
  }
}

function endingOfReview(
  node: ReviewStep,
  { step, outcome = 'approved' }: Move,
  last: string,
  before: WalkState,
): StepEnding | null {
  const approved: StepEnding = { step, ending: 'approved', byPolicy: true };
  if (last === 'decided_by_policy') return approves(node.approve, before) ? approved : null;
  if (last === 'decided')
    return outcome === 'approved' || node.onRejected === 'continue'
      ? { step, ending: outcome }
      : null;
  if (last !== 'expired' || node.onExpired === 'fail') return null;
  if (node.onExpired === 'continue') return { step, ending: 'expired' };
  if (node.onExpired === 'approve') return approved;
  return node.onRejected === 'fail' ? null : { step, ending: 'rejected', byPolicy: true };
}

/** Another attempt, the fallback, or what is tolerated. */
function afterFailure(
  node: TaskStep,
  { step, failure, code }: Move,
  before: WalkState,
  isFallback: boolean,
): StepEnding | null {
  if (isDraining(before.snapshot)) return null;
  const { maxAttempts } = callOf(node, isFallback).retry;
  const made = attemptsOf(contextOf(before.snapshot), step) + 1;
  if (failure === 'transient' && made < maxAttempts) return null;
  if ((node.fallback !== undefined && !isFallback) || node.tolerate === undefined) return null;
  if (node.tolerate === 'any') return { step, ending: 'failed' };
  return code !== undefined && node.tolerate.includes(code) ? { step, ending: code } : null;
}

function approves(approve: Approval, { snapshot }: WalkState): boolean {
  return approve.by !== 'guard' || holdsIn(approve.condition, contextOf(snapshot).facts);
}

/**
 * Events the engine adds in the same commit.
 *
 * @param recorded - what settled each step before a retry; it settles it again
 */
export function followUps(
  walk: Walk,
  state: WalkState,
  effects: readonly Effect[],
  recorded: ReadonlyMap<string, Move>,
): readonly Move[] {
  return effects.flatMap((effect): readonly Move[] => {
    if (!('step' in effect)) return [];
    const { step } = effect;
    const again = isAnswered(effect) ? recorded.get(step) : undefined;
    if (again !== undefined) return [replayed(again)];
    if (effect.type === 'emit') return [{ type: `${step}.completed`, step }];
    if (effect.type !== 'decide') return [];
    const node = walk.index.nodes.get(step);
    const approve = node?.kind === 'review' ? node.approve : walk.plan.finish.approve;
    const type = `${step}.decided_by_policy`;
    return [approves(approve, state) ? { type, step, outcome: 'approved' } : { type, step }];
  });
}

const answered: ReadonlySet<string> = new Set([
  'attempt',
  'child',
  'map',
  'emit',
  'await',
  'review',
]);

function isAnswered(effect: Effect): boolean {
  return effect.type === 'timer' ? effect.name === 'fired' : answered.has(effect.type);
}

/** A verdict on an attempt in doubt counts as what the attempt itself would have said. */
function replayed(move: Move): Move {
  const type = move.type.replace(/\.happened$/, '.completed').replace(/\.given_up$/, '.failed');
  const { failure } = move;
  return { ...move, type, ...(failure === undefined ? {} : { failure: 'permanent' }) };
}
