/** A run on a path: the chart's snapshot with what follows from the plan, moved on by one event at a time. Nothing here runs the author's code. */
import { compileChart, contextOf, isDraining, statusOf } from '../../chart/advance.ts';
import { traced } from '../../chart/transitions.ts';
import { isStep, type Plan, type RunStatus } from '../../plan/plan.ts';
import {
  indexPlan,
  type PlanIndex,
  type Progress,
  type Settled,
  settle,
} from '../../plan/settle.ts';
import { activeStates } from './active.ts';
import { chartEventOf, endingOf, followUps } from './consequences.ts';
import type { Move, StepEnding } from './move.ts';
import type { Profile } from './profiles.ts';
import { timersAfter } from './timers.ts';
import { type UndoWork, undoWorkOf } from './undo.ts';
import { givenBefore, votesAfter } from './votes.ts';
import type { Predict, Walk, WalkState } from './walk-state.ts';

export function createWalk(
  plan: Plan,
  profile: Profile,
  predict: Predict,
  children: Pick<Walk, 'inChild' | 'endsAtOnce'>,
): Walk {
  const compiled = compileChart(plan);
  return {
    plan,
    compiled,
    index: indexOf(withNamedCases(plan)),
    profile,
    predict,
    ...children,
    advance: traced(compiled),
  };
}

const nothing: Progress = { get: () => undefined };

export function startOf({ compiled }: Walk): WalkState {
  return {
    snapshot: compiled.initial,
    progress: nothing,
    timers: [],
    nowMs: 0,
    done: [],
    settledBy: new Map(),
    votes: new Map(),
    round: 1,
    detours: [],
    neverBegun: [],
    hasAsked: false,
    taken: [],
    trail: [],
    facts: {},
  };
}

export function statusIn({ snapshot }: WalkState): RunStatus {
  return statusOf(snapshot);
}

/** @throws RangeError if the chart does not accept the move */
export function apply(walk: Walk, before: WalkState, move: Move): WalkState {
  const timer = before.timers.find(({ step, name }) => `${step}.${name}` === move.type);
  let state: WalkState = {
    ...before,
    taken: [],
    trail: [],
    facts: {},
    hasAsked: false,
    nowMs: timer === undefined ? before.nowMs : Math.max(before.nowMs, timer.dueMs),
    timers: before.timers.filter((other) => other !== timer),
  };
  const queue: Move[] = firstOf(move);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const applied = applyOne(walk, state, next);
    if (applied === null) {
      if (state.trail.length > 0) continue;
      throw new RangeError(
        `The chart does not accept "${next.type}" in ${JSON.stringify(state.snapshot.value)}`,
      );
    }
    state = applied.state;
    queue.unshift(...applied.next);
  }
  if (!isDraining(state.snapshot) || isDraining(before.snapshot)) return state;
  const { running } = contextOf(before.snapshot);
  const fresh = contextOf(state.snapshot).running.filter((step) => !running.includes(step));
  return { ...state, neverBegun: fresh };
}

/** A condition is decided or a value derived while the move is taken in: a function that can throw. */
export function asksFunctions(walk: Walk, before: WalkState, move: Move): boolean {
  return apply(walk, before, move).hasAsked;
}

/** A fault of a function goes before the event that asked it. */
function firstOf(move: Move): Move[] {
  if (move.faulted !== true || move.type === 'run.started') return [move];
  return [{ type: 'run.faulted', step: 'run' }, move];
}

function applyOne(
  walk: Walk,
  before: WalkState,
  move: Move,
): { readonly state: WalkState; readonly next: readonly Move[] } | null {
  const { compiled } = walk;
  const active = activeStates(before.snapshot);
  const isFallback = (step: string) =>
    active.some((state) => state.step === step && state.name.startsWith('fallback'));
  const node = walk.index.nodes.get(move.step);
  const ending = move.faulted === true ? null : endingOf(node, move, before, isFallback(move.step));
  const settled = settledOf(walk, before, move, ending);
  const work = undoWorkOf(node, isFallback(move.step), walk.inChild);
  const event = chartEventOf(move, {
    work,
    facts: settled.facts,
    undo: undoAt(before),
    given: givenBefore(walk, before, move),
  });
  const advanced = walk.advance(before.snapshot, event);
  if (advanced === null) return null;
  const adds = contextOf(advanced.snapshot).undoable > contextOf(before.snapshot).undoable;
  const restarted = move.type === 'run.retried';
  const afterRetry = restarted ? retried(before) : before;
  const state: WalkState = {
    ...afterRetry,
    snapshot: advanced.snapshot,
    progress: restarted ? nothing : settled.progress,
    done: adds ? [...afterRetry.done, ...work] : afterRetry.done,
    settledBy:
      ending === null
        ? afterRetry.settledBy
        : new Map([...afterRetry.settledBy, [move.step, move]]),
    votes: votesAfter(before.votes, advanced.effects),
    taken: [...before.taken, ...advanced.taken],
    trail: [...before.trail, move.type],
    facts: { ...before.facts, ...settled.facts },
    hasAsked: before.trail.length === 0 ? settled.hasAsked : before.hasAsked,
    timers: timersAfter(before.timers, advanced.effects, before.nowMs, {
      plan: compiled.plan,
      nodes: walk.index.nodes,
      context: contextOf(advanced.snapshot),
      undoPolicy: undoAt(before)?.policy ?? null,
      isFallback,
    }),
  };
  const again = before.round > 1 ? before.settledBy : noMoves;
  return {
    state,
    next: [...(restarted ? [started] : []), ...followUps(walk, state, advanced.effects, again)],
  };
}

const started: Move = { type: 'run.started', step: 'run' };
const noMoves: ReadonlyMap<string, Move> = new Map();

/** After compensation the run starts afresh; otherwise what was settled is fed through the chart again. */
function retried(before: WalkState): WalkState {
  const context = contextOf(before.snapshot);
  const isAfresh = context.undo !== null || context.doubts.length > 0;
  return {
    ...before,
    done: [],
    settledBy: isAfresh ? noMoves : before.settledBy,
    round: before.round + 1,
    timers: [],
  };
}

/** The undo under way: entries are undone in reverse order of completion. */
export function undoAt({ done, snapshot }: WalkState): UndoWork | null {
  const { undo } = contextOf(snapshot);
  return undo === null ? null : (done[done.length - 1 - undo.position] ?? null);
}

function settledOf(
  walk: Walk,
  before: WalkState,
  move: Move,
  ending: StepEnding | null,
): { readonly facts: WalkState['facts']; readonly progress: Progress; readonly hasAsked: boolean } {
  const isStart = move.type === 'run.started';
  if (
    move.faulted === true ||
    (!isStart && ending === null) ||
    (!isStart && statusIn(before) !== 'processing')
  )
    return { facts: {}, progress: before.progress, hasAsked: false };
  const seeds: readonly (readonly [string, Settled])[] =
    ending === null ? [] : [[move.step, { status: 'complete', value: ending }]];
  let hasAsked = false;
  const known = withCases(walk, before.progress);
  const { settled, facts } = settle(
    walk.index,
    known,
    seeds,
    () => undefined,
    {
      predicate(id) {
        hasAsked = true;
        return answer(walk, known, id, ending);
      },
      derive() {
        hasAsked = true;
      },
    },
    isStart,
  );
  const fresh = new Map(settled);
  if (fresh.size === 0) return { facts, progress: before.progress, hasAsked };
  return {
    facts,
    progress: { get: (id) => fresh.get(id) ?? before.progress.get(id) },
    hasAsked,
  };
}

/** What the sources say; else what the profile says. */
function answer(walk: Walk, known: Progress, id: string, latest: StepEnding | null): boolean {
  const endings = [...(walk.index.dependencies.get(id) ?? [])].flatMap((source) => {
    if (latest?.step === source) return [latest];
    const value = known.get(source);
    if (value === undefined) return [];
    return value.status === 'skipped'
      ? [{ step: source, ending: 'skipped' }]
      : [(value.value as StepEnding | undefined) ?? { step: source, ending: 'completed' }];
  });
  return walk.predict(id, endings) ?? walk.profile.predicate(id);
}

/** Choices by a field become choices by answers of the profile, since no value is known. */
function withNamedCases(plan: Plan): Plan {
  return {
    ...plan,
    nodes: plan.nodes.map((node) => {
      if (node.kind !== 'choice' || !('field' in node.by)) return node;
      const { field, cases, otherwise } = node.by;
      const sources = field.kind === 'ref' && !field.of.startsWith('$') ? [field.of] : [];
      const named = cases.map((name) => [name, { fact: caseFact(node.id, name) }, name] as const);
      const last = otherwise ?? cases[cases.length - 1] ?? '';
      return {
        ...node,
        after: [...node.after, ...sources],
        by: { conditions: named, otherwise: last },
      };
    }),
  };
}

/** Named cases are known from the start. */
function indexOf(plan: Plan): PlanIndex {
  const index = indexPlan(plan);
  const dependencies = new Map(
    [...index.dependencies].map(([id, own]) => [
      id,
      new Set([...own].filter((dependency) => !dependency.startsWith('#'))),
    ]),
  );
  const roots = plan.nodes
    .filter(
      (node) => dependencies.get(node.id)?.size === 0 && (!isStep(node) || node.gates.length > 0),
    )
    .map(({ id }) => id);
  return { ...index, dependencies, roots };
}

const caseFact = (choice: string, name: string) => `#${choice}=${name}`;

function withCases({ profile }: Walk, progress: Progress): Progress {
  return {
    get(id) {
      if (!id.startsWith('#')) return progress.get(id);
      const [choice = ''] = id.slice(1).split('=');
      const value = caseFact(choice, profile.choice(choice)) === id;
      return { status: 'complete', value };
    },
  };
}
