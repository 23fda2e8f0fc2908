/** What a drawing says about a node beyond its name, in words. */
import type {
  Approval,
  DecisionPolicy,
  GroupShare,
  Plan,
  SleepStep,
  StepNode,
} from '../plan/plan.ts';

export function captionOfStep(step: StepNode): string {
  switch (step.kind) {
    case 'task': {
      const name = step.call.task === step.id ? [] : [step.call.task];
      const fallback = step.fallback === undefined ? [] : [`else ${step.fallback.task}`];
      return [...name, ...fallback].join(', ');
    }
    case 'review':
      return [
        'review',
        ...approvalWords(step.approve),
        ...decisionWords(step),
        ...limit(step.expiresMs),
        ...(step.onRejected === 'fail' ? ['rejection fails the run'] : []),
      ].join(' · ');
    case 'wait':
      return [`waits for ${step.event}`, ...limit(step.withinMs)].join(' · ');
    case 'sleep':
      return sleepWords(step);
    case 'child':
      return `runs ${step.workflow} v${step.version}`;
    case 'map': {
      const tasks = step.body.flatMap((part) => (part.kind === 'task' ? [part.call.task] : []));
      const what = step.batch === undefined ? 'each item' : `each ${step.batch} items`;
      return tasks.length === 0 ? `for ${what}` : `for ${what}: ${tasks.join(', ')}`;
    }
    case 'emit':
      return `emits ${step.event}`;
    case 'fail':
      return step.message;
    default:
      return step satisfies never;
  }
}

export function captionOfStart(plan: Plan): string {
  return plan.startOn.length === 0 ? '' : `also on ${plan.startOn.join(', ')}`;
}

export function captionOfFinish({ finish }: Plan): string {
  const who = finish.approve.by === 'person' ? ['by a person'] : approvalWords(finish.approve);
  return [...who, ...decisionWords(finish), ...limit(finish.expiresMs)].join(' · ');
}

/** Of a review that takes more than one person's word, or less. */
function decisionWords({
  approvals,
  from = [],
  rejections,
  escalate = [],
  expiryPolicy,
}: DecisionPolicy): readonly string[] {
  return [
    ...(approvals === undefined ? [] : [`${approvals} approvals${sharesWords(from)}`]),
    ...(rejections === undefined ? [] : [`${rejections} rejections end it`]),
    ...escalate.map(({ afterMs, to }) => `${to.join(', ')} after ${durationWords(afterMs)}`),
    ...(expiryPolicy === undefined ? [] : [`then approved by ${expiryPolicy}`]),
  ];
}

/** Of which groups the approvals come. */
export function sharesWords(from: readonly GroupShare[]): string {
  const words = from.map(({ group, approvals }) => `${approvals} of ${group}`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** What has become of the effects when a run has failed. */
export function captionOfFailed({ onFailure }: Plan, isUndoable: boolean): string {
  if (onFailure === 'keep') return 'what is done is kept';
  return isUndoable ? 'after undoing what is done' : '';
}

export function approvalWords(approve: Approval): readonly string[] {
  switch (approve.by) {
    case 'person':
      return [];
    case 'automatic':
      return ['automatic'];
    case 'guard':
      return [`automatic if ${approve.label}`];
    default:
      return approve satisfies never;
  }
}

function sleepWords({ for: length }: SleepStep): string {
  if (length.kind !== 'literal') return 'sleeps';
  const { value } = length;
  if (typeof value === 'number') return `sleeps\u00a0${durationWords(value)}`;
  return typeof value === 'string' ? `sleeps\u00a0${value}` : 'sleeps';
}

function limit(ms: number | undefined): readonly string[] {
  return ms === undefined ? [] : [`within\u00a0${durationWords(ms)}`];
}

/** As an author would write it: `24h`, `90s`; days from two on. */
export function durationWords(ms: number): string {
  const units = [
    ['d', 86_400_000, 2],
    ['h', 3_600_000, 1],
    ['m', 60_000, 1],
    ['s', 1_000, 1],
  ] as const;
  for (const [unit, size, least] of units) {
    if (ms % size === 0 && ms / size >= least) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
