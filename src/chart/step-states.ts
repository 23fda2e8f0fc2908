/** How each kind of step becomes a small compound state. */
import type {
  Approval,
  ChildStep,
  DecisionPolicy,
  MapStep,
  ReviewStep,
  StepNode,
  TaskCall,
  TaskStep,
  Tolerance,
  WaitStep,
} from '../plan/plan.ts';
import type { ChartAction, ChartGuard, ChartState, ChartTransition } from './chart.ts';
import { decisionGuard, escalationTimers, stayingOpen } from './review-states.ts';

/** Where a step leads, and what is done on the way. */
export interface StepPlace {
  /** Target when the step has settled. */
  readonly next: string;
  /** Steps of other regions it waits for. */
  readonly waitsFor: readonly string[];
  /** Steps of other regions wait for it. */
  readonly watched: boolean;
  /** Predicates or gates are decided when it settles. */
  readonly informs: boolean;
}

export const stepStateId = (step: string) => `step:${step}`;
export const drainingId = '#draining';

const action = (type: string, params?: ChartAction['params']): ChartAction =>
  params === undefined ? { type } : { type, params };

/** Ends the run: whatever else runs is stopped first. */
function failRun(step: string, then: readonly ChartAction[] = []): ChartTransition {
  return { target: drainingId, actions: [...then, action('fail', { step })] };
}

export function stepState(step: StepNode, place: StepPlace): ChartState {
  const start = startOf(step);
  const body = bodyOf(step, place);
  const needsDecision = place.waitsFor.length > 0 || step.gates.length > 0 || step.kind === 'fail';
  const base = { id: stepStateId(step.id), meta: { step: step.id, kind: step.kind } };
  const exit = body.exit === undefined ? {} : { exit: body.exit };
  if (!needsDecision) return { ...base, initial: start, ...body };
  // Its time does not run while it waits for others: what begins it starts the clock.
  return {
    ...base,
    initial: 'blocked',
    states: {
      blocked: blocked(step, start, place, body.entry ?? []),
      ...listening(body.states ?? {}, body.on ?? {}),
    },
    ...exit,
  };
}

function listening(
  states: NonNullable<ChartState['states']>,
  on: NonNullable<ChartState['on']>,
): NonNullable<ChartState['states']> {
  const entries = Object.entries(states);
  return Object.fromEntries(
    entries.map(([name, state]) => [name, { ...state, on: { ...state.on, ...on } }] as const),
  );
}

function startOf(step: StepNode): string {
  switch (step.kind) {
    case 'review':
      return step.approve.by === 'person' ? 'waiting_review' : 'deciding';
    case 'wait':
      return 'waiting';
    case 'sleep':
      return 'sleeping';
    case 'emit':
      return 'emitting';
    default:
      return 'running';
  }
}

function blocked(
  step: StepNode,
  start: string,
  place: StepPlace,
  begin: readonly ChartAction[],
): ChartState {
  const conditions = step.gates.map((gate) => gate.condition);
  const ready = (open: boolean): ChartGuard => ({
    type: 'ready',
    params: { settled: place.waitsFor, conditions, open },
  });
  const run: ChartTransition =
    step.kind === 'fail'
      ? {
          target: drainingId,
          guard: ready(true),
          actions: [action('failWith', { step: step.id, message: step.message })],
        }
      : { target: start, guard: ready(true), ...(begin.length === 0 ? {} : { actions: begin }) };
  const skip: ChartTransition = {
    target: place.next,
    guard: ready(false),
    actions: [action('skip', { step: step.id }), ...settles(step, place)],
  };
  return { always: conditions.length === 0 ? [run] : [run, skip] };
}

/** What leaving the step tells the chart: only what somebody still reads. */
function settles(step: StepNode, place: StepPlace, undoable = false): readonly ChartAction[] {
  const actions: ChartAction[] = [];
  if (undoable) actions.push(action('countUndo'));
  if (place.informs) actions.push(action('learn'));
  if (place.watched) actions.push(action('settle', { step: step.id }));
  return actions;
}

function bodyOf(
  step: StepNode,
  place: StepPlace,
): Pick<ChartState, 'states' | 'entry' | 'exit' | 'on'> {
  switch (step.kind) {
    case 'task':
      return taskBody(step, place);
    case 'child':
    case 'map':
      return delegatedBody(step, place);
    case 'review':
      return reviewBody(step, place);
    case 'wait':
      return waitBody(step, place);
    case 'sleep':
      return {
        states: {
          sleeping: {
            tags: ['waiting'],
            entry: [action('timer', { step: step.id, name: 'fired' })],
            exit: [action('withdraw', { step: step.id })],
            on: { [`${step.id}.fired`]: [{ target: place.next, actions: settles(step, place) }] },
          },
        },
      };
    case 'emit':
      return {
        states: {
          emitting: {
            entry: [action('emit', { step: step.id })],
            on: {
              [`${step.id}.completed`]: [{ target: place.next, actions: settles(step, place) }],
            },
          },
        },
      };
    case 'fail':
      return { states: {} };
    default:
      return step satisfies never;
  }
}

/** Tracked on entry, and untracked by what ends it rather than on exit: a run that stops goes on waiting for it while it drains. */
function underWay(
  step: string,
  entry: ChartAction,
  on: { readonly [event: string]: readonly ChartTransition[] },
): ChartState {
  const ended = Object.entries(on).map(
    ([event, transitions]) =>
      [
        event,
        transitions.map((to) => ({
          ...to,
          actions: [action('untrack', { step }), ...(to.actions ?? [])],
        })),
      ] as const,
  );
  return {
    tags: ['running'],
    entry: [action('track', { step }), entry],
    on: Object.fromEntries(ended),
  };
}

function tolerated(
  tolerate: Tolerance | undefined,
  step: StepNode,
  place: StepPlace,
): ChartTransition[] {
  if (tolerate === undefined) return [];
  return [
    {
      target: place.next,
      guard: { type: 'tolerated', params: { codes: tolerate } },
      actions: settles(step, place),
    },
  ];
}

function taskBody(
  step: TaskStep,
  place: StepPlace,
): Pick<ChartState, 'states' | 'entry' | 'exit' | 'on'> {
  const { id, call, fallback } = step;
  const calls = fallback === undefined ? [call] : [call, fallback];
  const givenUp: ChartTransition[] = [...tolerated(step.tolerate, step, place), failRun(id)];
  const toFallback = { target: 'fallback', actions: [action('forgetAttempts', { step: id })] };
  // Which of the two has completed the step, and whether that can be undone, the event says.
  const isUndoable = calls.some(({ compensate }) => compensate !== 'none');
  const completed = { target: place.next, actions: settles(step, place, isUndoable) };
  const states =
    fallback === undefined
      ? attemptStates(step, call, 'running', completed, givenUp)
      : {
          ...attemptStates(step, call, 'running', completed, [toFallback]),
          ...attemptStates(step, fallback, 'fallback', completed, givenUp),
        };
  const isDoubtful = calls.some(({ repeat }) => repeat === 'unsafe');
  const limit =
    step.withinMs === undefined
      ? {}
      : {
          entry: [action('timer', { step: id, name: 'deadline_passed' })],
          on: {
            [`${id}.deadline_passed`]: givenUp.map((transition) => ({
              ...transition,
              actions: [
                action('abandon', { step: id }),
                ...(isDoubtful ? [action('doubtRunning', { step: id })] : []),
                action('untrack', { step: id }),
                ...(transition.actions ?? []),
              ],
            })),
          },
        };
  const exit = [
    ...(step.withinMs === undefined ? [] : [action('withdraw', { step: id })]),
    ...(calls.some(isRetried) ? [action('forgetAttempts', { step: id })] : []),
  ];
  return { states, ...limit, ...(exit.length === 0 ? {} : { exit }) };
}

/** The task itself is attempted in `running`, what stands in for it in `fallback`. */
type Attempting = 'running' | 'fallback';

/** One of the calls under way, and what it may wait for: its next attempt, its place, a verdict. */
function attemptStates(
  step: TaskStep,
  call: TaskCall,
  attempting: Attempting,
  completed: ChartTransition,
  failed: readonly ChartTransition[],
): Record<string, ChartState> {
  const { id } = step;
  const fallback = attempting === 'fallback';
  const named = (state: string) => (fallback ? `fallback_${state}` : state);
  const timed = (name: string): ChartState => ({
    tags: ['waiting'],
    entry: [action('timer', { step: id, name })],
    exit: [action('withdraw', { step: id, name })],
    on: { [`${id}.${name}`]: [{ target: `#${stepStateId(id)}.${attempting}` }] },
  });
  const { maxAttempts } = call.retry;
  const again: ChartTransition = {
    target: named('backing_off'),
    guard: { type: 'retryable', params: { step: id, maxAttempts } },
    actions: [action('countAttempt', { step: id })],
  };
  const on: Record<string, readonly ChartTransition[]> = {
    [`${id}.completed`]: [completed],
    [`${id}.failed`]: isRetried(call) ? [again, ...failed] : failed,
  };
  const waiting: Record<string, ChartState> = {};
  if (isRetried(call)) waiting[named('backing_off')] = timed('retry_due');
  if (isDeferrable(call)) {
    on[`${id}.deferred`] = [{ target: named('deferred') }];
    waiting[named('deferred')] = timed('deferral_over');
  }
  if (call.repeat === 'unsafe') {
    on[`${id}.in_doubt`] = [{ target: named('in_doubt') }];
    waiting[named('in_doubt')] = inDoubt(step, completed, failed, attempting);
  }
  return { [attempting]: underWay(id, action('attempt', { step: id, fallback }), on), ...waiting };
}

function isRetried({ retry }: TaskCall): boolean {
  return retry.maxAttempts > 1;
}

/** Something may stand in for the attempt, or make it wait. */
function isDeferrable(call: TaskCall): boolean {
  return call.breaker !== undefined || call.rememberMs !== undefined;
}

/** A person says whether the effect of an attempt without a verdict happened. */
function inDoubt(
  step: TaskStep,
  completed: ChartTransition,
  afterFailure: readonly ChartTransition[],
  again: Attempting,
): ChartState {
  const { id } = step;
  const asked = { step: id, inDoubt: true, ...(again === 'fallback' ? { fallback: true } : {}) };
  const cleared = action('clearDoubt', { step: id });
  return {
    tags: ['waiting_review'],
    entry: [action('doubt', { step: id }), action('review', asked)],
    exit: [action('withdraw', { step: id, name: 'review' })],
    on: {
      [`${id}.happened`]: [
        {
          ...completed,
          guard: { type: 'canDecide', params: { outcome: 'any' } },
          actions: [cleared, ...(completed.actions ?? [])],
        },
      ],
      [`${id}.did_not_happen`]: [
        {
          target: again,
          guard: { type: 'canDecide', params: { outcome: 'any' } },
          actions: [cleared],
        },
      ],
      [`${id}.given_up`]: afterFailure.map((transition) => ({
        ...transition,
        guard: transition.guard ?? { type: 'canDecide', params: { outcome: 'any' } },
      })),
    },
  };
}

function delegatedBody(step: ChildStep | MapStep, place: StepPlace): Pick<ChartState, 'states'> {
  const tolerate = step.kind === 'child' ? step.tolerate : undefined;
  return {
    states: {
      running: underWay(step.id, action(step.kind, { step: step.id }), {
        [`${step.id}.completed`]: [{ target: place.next, actions: settles(step, place, true) }],
        // Items of a failed map may have completed: they join the undo list all the same.
        [`${step.id}.failed`]: [
          ...tolerated(tolerate, step, place),
          failRun(step.id, step.kind === 'map' ? [action('countUndo')] : []),
        ],
      }),
    },
  };
}

function reviewBody(step: ReviewStep, place: StepPlace): Pick<ChartState, 'states'> {
  const { id } = step;
  const next: ChartTransition = { target: place.next, actions: settles(step, place) };
  const decided = (outcome: 'approved' | 'rejected', then: ChartTransition): ChartTransition => ({
    ...then,
    guard: decisionGuard(step, outcome),
  });
  // Nobody is ever asked, so there is no state in which somebody could be.
  if (step.approve.by === 'automatic')
    return { states: { deciding: deciding(id, step.approve, next, 'waiting_review') } };
  const states: Record<string, ChartState> = {
    waiting_review: {
      tags: ['waiting_review'],
      entry: [action('review', { step: id, inDoubt: false }), ...escalationTimers(id, step)],
      exit: [action('withdraw', { step: id })],
      on: {
        ...stayingOpen(id, step),
        [`${id}.decided`]: [
          decided('approved', next),
          decided('rejected', step.onRejected === 'continue' ? next : failRun(id)),
        ],
        ...(step.expiresMs === undefined
          ? {}
          : {
              [`${id}.expired`]: [
                step.onExpired === 'approve'
                  ? { ...next, guard: bySilence(step) }
                  : step.onExpired === 'fail' ||
                      (step.onExpired === 'reject' && step.onRejected === 'fail')
                    ? failRun(id)
                    : next,
              ],
            }),
      },
    },
  };
  if (step.approve.by !== 'person')
    states['deciding'] = deciding(id, step.approve, next, 'waiting_review');
  return { states };
}

/** Nobody has objected in time. */
export function bySilence({ expiryPolicy = '' }: DecisionPolicy): ChartGuard {
  return { type: 'policy', params: { label: expiryPolicy, condition: null } };
}

/** A policy decides, or hands over to a person. The effect is answered at once, in the same commit. */
export function deciding(
  step: string,
  approve: Approval,
  approved: ChartTransition,
  person: string,
): ChartState {
  const condition = approve.by === 'guard' ? approve.condition : null;
  const label = approve.by === 'guard' ? approve.label : 'automatic';
  return {
    tags: ['waiting_review'],
    entry: [action('decide', { step })],
    on: {
      [`${step}.decided_by_policy`]: [
        { ...approved, guard: { type: 'policy', params: { label, condition } } },
        ...(condition === null ? [] : [{ target: person }]),
      ],
    },
  };
}

function waitBody(step: WaitStep, place: StepPlace): Pick<ChartState, 'states'> {
  const { id } = step;
  const next: ChartTransition = { target: place.next, actions: settles(step, place) };
  return {
    states: {
      waiting: {
        tags: ['waiting'],
        entry: [action('await', { step: id })],
        exit: [action('withdraw', { step: id })],
        on: {
          [`${id}.received`]: [next],
          ...(step.withinMs === undefined
            ? {}
            : { [`${id}.timed_out`]: [step.onTimeout === 'continue' ? next : failRun(id)] }),
        },
      },
    },
  };
}
