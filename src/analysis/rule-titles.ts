import type { RuleId } from '../proof/check/report.ts';

/** What each rule asks, in a few words. */
export const ruleTitles: { readonly [R in RuleId]: string } = {
  'completion-reviewed': 'No run completes past its closing review',
  'protected-steps': 'What a step protects is reached through it only',
  'states-reachable': 'Every state can be reached',
  'no-dead-ends': 'No state is a dead end',
  'waits-bounded': 'Every wait has an owner and a deadline',
  'failures-routed': 'Every failure has a route',
  'loops-bounded': 'Every loop is bounded',
  'effects-undone': 'Every effect is undone or declared irreversible',
  'four-eyes': 'Whoever asks does not decide',
  'deadlines-feasible': 'Deadlines can be kept',
  'graph-is-machine': 'The chart checked is the machine that runs',
};
