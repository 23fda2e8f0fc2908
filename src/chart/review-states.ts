/** What an open review listens to beside its final decision: approvals and rejections of several people, and the times at which it is escalated. */
import type { DecisionPolicy } from '../plan/plan.ts';
import type { ChartAction, ChartGuard, ChartState, ChartTransition } from './chart.ts';

/** Name of the timer of an escalation, and last part of its event; levels count from 1. */
export const escalationName = (level: number) => `escalated_${level}`;

/** @returns `null` for a timer of another kind */
export function escalationLevel(timer: string): number | null {
  const level = /^escalated_(\d+)$/.exec(timer)?.[1];
  return level === undefined ? null : Number(level);
}

/** Who decides finally: the last of those whose approval, or whose rejection, it takes. */
export function decisionGuard(
  policy: DecisionPolicy,
  outcome: 'approved' | 'rejected',
  undo?: boolean,
): ChartGuard {
  const number = numberOf(policy, outcome);
  return {
    type: 'canDecide',
    params: {
      outcome,
      ...(undo === undefined ? {} : { undo }),
      ...(number === null ? {} : { ...number, isLast: true }),
    },
  };
}

function numberOf(
  { approvals, from, rejections }: DecisionPolicy,
  outcome: 'approved' | 'rejected',
) {
  if (outcome === 'rejected') return rejections === undefined ? null : { rejections };
  if (approvals === undefined) return null;
  return { approvals, ...(from === undefined ? {} : { from }) };
}

/** Timers that start when the review opens. */
export function escalationTimers(step: string, { escalate = [] }: DecisionPolicy): ChartAction[] {
  return escalate.map((_, index) => ({
    type: 'timer',
    params: { step, name: escalationName(index + 1) },
  }));
}

/** The review stays open. */
export function stayingOpen(step: string, policy: DecisionPolicy): NonNullable<ChartState['on']> {
  const { escalate = [] } = policy;
  const on: Record<string, readonly ChartTransition[]> = {};
  for (const [outcome, event, type] of [
    ['approved', 'voted', 'vote'],
    ['rejected', 'objected', 'object'],
  ] as const) {
    const number = numberOf(policy, outcome);
    if (number === null) continue;
    on[`${step}.${event}`] = [
      {
        guard: { type: 'canDecide', params: { outcome, ...number, isLast: false } },
        actions: [{ type, params: { step } }],
      },
    ];
  }
  for (const [index] of escalate.entries())
    on[`${step}.${escalationName(index + 1)}`] = [
      { actions: [{ type: 'escalate', params: { step, level: index + 1 } }] },
    ];
  return on;
}
