/** Reviews that take several approvals or rejections, on a path. */
import type { Decider, Effect } from '../../chart/events.ts';
import { anyApprover } from '../../chart/quorum.ts';
import { decisionPolicyOf } from './declared.ts';
import type { Move } from './move.ts';
import type { Walk, WalkState } from './walk-state.ts';

export function approvalsOf({ plan, index }: Walk, step: string): number {
  return decisionPolicyOf(plan, index.nodes, step).approvals ?? 1;
}

export function rejectionsOf({ plan, index }: Walk, step: string): number {
  return decisionPolicyOf(plan, index.nodes, step).rejections ?? 1;
}

/** Under which a step's rejections are counted. */
export function objectionsKey(step: string): string {
  return `${step}.objected`;
}

/** The facts on a decider: approvals and rejections that count before the move. What a retry finds recorded is the last of them. */
export function givenBefore(
  walk: Walk,
  { votes }: WalkState,
  { type, step }: Move,
): Partial<Decider> {
  const isDecided = type === `${step}.decided`;
  const given = isDecided ? approvalsOf(walk, step) - 1 : (votes.get(step) ?? 0);
  const rejections = isDecided
    ? rejectionsOf(walk, step) - 1
    : (votes.get(objectionsKey(step)) ?? 0);
  const { from } = decisionPolicyOf(walk.plan, walk.index.nodes, step);
  return {
    ...(given === 0 ? {} : { given }),
    ...(rejections === 0 ? {} : { rejections }),
    ...anyApprover(from, given),
  };
}

export function votesAfter(
  votes: WalkState['votes'],
  effects: readonly Effect[],
): WalkState['votes'] {
  let after = votes;
  for (const effect of effects) {
    if (effect.type === 'vote' || effect.type === 'object') {
      const key = effect.type === 'vote' ? effect.step : objectionsKey(effect.step);
      after = new Map([...after, [key, (after.get(key) ?? 0) + 1]]);
    } else if (effect.type === 'withdraw') {
      const keys = [effect.step, objectionsKey(effect.step)];
      if (keys.some((key) => after.has(key)))
        after = new Map([...after].filter(([key]) => !keys.includes(key)));
    }
  }
  return after;
}
