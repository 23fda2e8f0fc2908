/**
 * What can happen next, main line first, as far as it leads somewhere new. Of parallel branches one moves at a time: their own
 * steps do not depend on each other, and where they do (a step waits for another branch, a failure stops them all) both orders are walked.
 */

import { contextOf, isDraining } from '../../chart/advance.ts';
import type { ChartState } from '../../chart/chart.ts';
import type { TaskStep } from '../../plan/plan.ts';
import { callOf } from '../../plan/task-call.ts';
import { type ActiveState, activeStates } from './active.ts';
import type { Move } from './move.ts';
import type { PathTimer } from './timers.ts';
import { approvalsOf, objectionsKey, rejectionsOf } from './votes.ts';
import { asksFunctions, statusIn, undoAt } from './walk.ts';
import type { Walk, WalkState } from './walk-state.ts';

export interface OfferOptions {
  /** Which branch moves first. */
  readonly order: 'forward' | 'backward';
  /** Steps at which a path may leave the main line and go on. */
  readonly maxDetours: number;
}

/** Failures of one step that are walked one by one; the last attempts of a more patient one are not. */
const maxRetries = 10;

/** Main line first; nothing at an end. */
export function offersIn(walk: Walk, state: WalkState, options: OfferOptions): readonly Move[] {
  const all = allIn(walk, state, options);
  return state.round > 1 ? all.slice(0, 1) : all;
}

function allIn(walk: Walk, state: WalkState, options: OfferOptions): readonly Move[] {
  const overdue = overdueIn(state);
  if (overdue !== null) return [fires(overdue)];
  switch (statusIn(state)) {
    case 'pending':
      return [
        started,
        ...(asksFunctions(walk, state, started) ? [{ ...started, faulted: true } as const] : []),
        { type: 'run.cancelled', step: 'run', mode: 'drain' },
      ];
    case 'processing':
      return isDraining(state.snapshot)
        ? draining(walk, state, options)
        : working(walk, state, options);
    case 'waiting_review':
      return [
        ...decisions(walk, state, 'completion'),
        ...timersOf(state, ['completion', 'run']),
        cancel('drain'),
      ];
    case 'compensating':
      return undoing(state);
    case 'failed':
      return state.round === 1 ? [{ type: 'run.retried', step: 'run' }] : [];
    default:
      return [];
  }
}

const started: Move = { type: 'run.started', step: 'run' };
const cancel = (mode: 'drain' | 'abort'): Move => ({ type: 'run.cancelled', step: 'run', mode });

// --- time --------------------------------------------------------------------------------------------------------------------------

const fires = ({ step, name }: PathTimer): Move => ({ type: `${step}.${name}`, step });

function earliestOf(timers: readonly PathTimer[]): PathTimer | null {
  return timers.reduce<PathTimer | null>(
    (first, timer) => (first === null || timer.dueMs < first.dueMs ? timer : first),
    null,
  );
}

/** Two were due at the same moment, and one of them has fired. */
function overdueIn({ timers, nowMs }: WalkState): PathTimer | null {
  const first = earliestOf(timers);
  return first !== null && nowMs > 0 && first.dueMs <= nowMs ? first : null;
}

/** The earliest of all timers, if it belongs to one of the steps: no other can fire before it. */
function timersOf(state: WalkState, steps: readonly string[]): readonly Move[] {
  const first = earliestOf(state.timers);
  return first !== null && steps.includes(first.step) ? [fires(first)] : [];
}

// --- steps -------------------------------------------------------------------------------------------------------------------------

function working(walk: Walk, state: WalkState, options: OfferOptions): readonly Move[] {
  const active = activeStates(state.snapshot).filter(
    ({ step, name }) => step !== null && name !== 'blocked',
  );
  const ended = active.find(({ step }) => step !== null && walk.endsAtOnce(step));
  if (ended?.step != null) return [{ type: `${ended.step}.completed`, step: ended.step }];
  const branches = [...new Set(active.map(({ branch }) => branch))];
  const ordered = options.order === 'forward' ? branches : branches.reverse();
  const moves = ordered.map((branch) =>
    active.filter((at) => at.branch === branch).flatMap((at) => ownMoves(walk, state, at)),
  );
  const focus = moves.find((own) => own.length > 0) ?? [];
  const [main, ...others] = focus;
  const mayLeave = (move: Move) =>
    state.detours.includes(move.step) || state.detours.length < options.maxDetours;
  const isRunning = contextOf(state.snapshot).running.length > 0;
  return [
    ...(main === undefined ? [] : [main]),
    ...others.filter(mayLeave),
    ...timersOf(state, ['run']),
    cancel('drain'),
    ...(isRunning ? [cancel('abort')] : []),
  ];
}

function ownMoves(walk: Walk, state: WalkState, at: ActiveState): readonly Move[] {
  const step = at.step ?? '';
  const answers = at.on
    .filter((event) => event.startsWith(`${step}.`))
    .flatMap((event) => variantsOf(walk, state, step, event.slice(step.length + 1), at));
  const main = answers[0];
  const moves = [...answers, ...timersOf(state, [step])];
  return main !== undefined && main.faulted === undefined && asksFunctions(walk, state, main)
    ? [...moves, { ...main, faulted: true }]
    : moves;
}

/** How an event can come about; timers are not here. */
function variantsOf(
  walk: Walk,
  state: WalkState,
  step: string,
  last: string,
  at: ActiveState,
): readonly Move[] {
  const move: Move = { type: `${step}.${last}`, step };
  switch (last) {
    case 'completed':
    case 'received':
    case 'happened':
    case 'did_not_happen':
    case 'given_up':
      return [move];
    case 'in_doubt':
      return [move];
    case 'deferred': {
      const node = walk.index.nodes.get(step);
      const call = node?.kind === 'task' ? callOf(node, at.name === 'fallback') : null;
      const failedBefore = contextOf(state.snapshot).attempts[step] ?? 0;
      return call?.breaker?.whenOpen === 'wait' && failedBefore === 0 ? [move] : [];
    }
    case 'decided':
      return decisions(walk, state, step);
    case 'failed': {
      const node = walk.index.nodes.get(step);
      return node?.kind === 'task'
        ? failuresOf(node, at.name === 'fallback', contextOf(state.snapshot).attempts[step] ?? 0)
        : node?.kind === 'map' && node.onItemFailure === 'collect'
          ? []
          : [{ ...move, failure: 'permanent' }];
    }
    default:
      return [];
  }
}

/** The approvals and rejections before the last one leave it open. */
function decisions(walk: Walk, { votes }: WalkState, step: string): readonly Move[] {
  const type = `${step}.decided`;
  const isLast = (votes.get(step) ?? 0) + 1 >= approvalsOf(walk, step);
  const isEnd = (votes.get(objectionsKey(step)) ?? 0) + 1 >= rejectionsOf(walk, step);
  return [
    isLast
      ? { type, step, outcome: 'approved' }
      : { type: `${step}.voted`, step, outcome: 'approved' },
    isEnd
      ? { type, step, outcome: 'rejected' }
      : { type: `${step}.objected`, step, outcome: 'rejected' },
  ];
}

function failuresOf(node: TaskStep, isFallback: boolean, failedBefore: number): readonly Move[] {
  const call = callOf(node, isFallback);
  const move = { type: `${node.id}.failed`, step: node.id } as const;
  const codes = node.tolerate === undefined || node.tolerate === 'any' ? [] : node.tolerate;
  return [
    ...(call.retry.maxAttempts > 1 && failedBefore < maxRetries
      ? [{ ...move, failure: 'transient' } as const]
      : []),
    { ...move, failure: 'permanent' },
    ...codes
      .filter((code) => Object.hasOwn(call.failures, code))
      .map((code) => ({ ...move, failure: 'declared', code }) as const),
  ];
}

// --- the end -----------------------------------------------------------------------------------------------------------------------

function draining(walk: Walk, state: WalkState, options: OfferOptions): readonly Move[] {
  const { running, cancel: cancelled } = contextOf(state.snapshot);
  const step = options.order === 'forward' ? running[0] : running[running.length - 1];
  const on: NonNullable<ChartState['on']> = drainingNode(state).on ?? {};
  if (step !== undefined && state.neverBegun.includes(step))
    return [{ type: `${step}.failed`, step, failure: 'stopped' }];
  const answers: readonly Move[] =
    step === undefined
      ? []
      : [
          ...(on[`${step}.completed`] === undefined || isStoppable(walk, step)
            ? []
            : [{ type: `${step}.completed`, step }]),
          ...(on[`${step}.failed`] === undefined
            ? []
            : [{ type: `${step}.failed`, step, failure: 'permanent' } as const]),
          ...(on[`${step}.in_doubt`] === undefined ? [] : [{ type: `${step}.in_doubt`, step }]),
        ];
  const isAborting = state.timers.some((timer) => timer.step === 'stop');
  return [
    ...answers,
    ...timersOf(state, ['stop']),
    ...(cancelled !== null && isAborting ? [] : [cancel('abort')]),
  ];
}

/** A child or a map that is told to stop does not complete any more. */
function isStoppable({ index }: Walk, step: string): boolean {
  const kind = index.nodes.get(step)?.kind;
  return kind === 'child' || kind === 'map';
}

function drainingNode({ snapshot }: WalkState): ChartState {
  const nodes: readonly { readonly key: string; readonly config: ChartState }[] =
    snapshot._nodes as never;
  return nodes.find(({ key }) => key === 'draining')?.config ?? {};
}

/** Each entry may fail; a path lets one of them, the newest, so that there are not more paths than entries. */
function undoing(state: WalkState): readonly Move[] {
  const { undo } = contextOf(state.snapshot);
  const timer = timersOf(state, ['undo']);
  if (timer.length > 0) return timer;
  const work = undoAt(state);
  const failed = { type: 'undo.failed', step: 'undo' } as const;
  if (work?.isImpossible === true) return [{ ...failed, failure: 'stopped' }];
  const done: Move = { type: 'undo.completed', step: 'undo' };
  if (undo?.position !== 0) return [done];
  const mayRetry = (work?.policy.maxAttempts ?? 1) > 1 && undo.attempts < maxRetries;
  return [
    done,
    { ...failed, failure: 'permanent' },
    ...(mayRetry ? [{ ...failed, failure: 'transient' } as const] : []),
  ];
}
