/** What an open review listens to beside its final decision: approvals of several people, and the times at which it is escalated. */
import type { DecisionPolicy } from '../plan/plan.ts';
import type { ChartAction, ChartGuard, ChartState, ChartTransition } from './chart.ts';

/** Name of the timer of an escalation, and last part of its event; levels count from 1. */
export const escalationName = (level: number) => `escalated_${level}`;

/** @returns `null` for a timer of another kind */
export function escalationLevel(timer: string): number | null {
  const level = /^escalated_(\d+)$/.exec(timer)?.[1];
  return level === undefined ? null : Number(level);
}

/** Who decides finally: the last of those whose approval it takes, or anybody who rejects. */
export function decisionGuard(
  { approvals }: DecisionPolicy,
  outcome: 'approved' | 'rejected',
  undo?: boolean,
): ChartGuard {
  return {
    type: 'canDecide',
    params: {
      outcome,
      ...(undo === undefined ? {} : { undo }),
      ...(outcome === 'rejected' || approvals === undefined ? {} : { approvals, isLast: true }),
    },
  };
}

/** Timers that start when the review opens. */
export function escalationTimers(step: string, { escalate = [] }: DecisionPolicy): ChartAction[] {
  return escalate.map((_, index) => ({
    type: 'timer',
    params: { step, name: escalationName(index + 1) },
  }));
}

/** The review stays open. */
export function stayingOpen(
  step: string,
  { approvals, escalate = [] }: DecisionPolicy,
): NonNullable<ChartState['on']> {
  const on: Record<string, readonly ChartTransition[]> = {};
  if (approvals !== undefined)
    on[`${step}.voted`] = [
      {
        guard: {
          type: 'canDecide',
          params: { outcome: 'approved', approvals, isLast: false },
        },
        actions: [{ type: 'vote', params: { step } }],
      },
    ];
  for (const [index] of escalate.entries())
    on[`${step}.${escalationName(index + 1)}`] = [
      { actions: [{ type: 'escalate', params: { step, level: index + 1 } }] },
    ];
  return on;
}
