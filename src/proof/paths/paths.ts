/**
 * Paths through the chart of a workflow: each a run from its start to its end, together taking every transition the chart has. Their number
 * grows with the number of steps, not with the number of their combinations.
 */
import { statusOf } from '../../chart/advance.ts';
import { type NamedTransition, transitionsOf } from '../../chart/transitions.ts';
import type { Json } from '../../plan/json.ts';
import { layOut } from '../../plan/layout.ts';
import type { Plan, RunStatus } from '../../plan/plan.ts';
import { childrenOf } from './children.ts';
import { createGraph, type Graph, type GraphState } from './graph.ts';
import { type Move, textOf } from './move.ts';
import { profilesOf } from './profiles.ts';
import { reasonFor, unknownReason } from './unreachable.ts';
import { createWalk, statusIn } from './walk.ts';
import type { Predict, WalkState } from './walk-state.ts';

/** One event of a path, and where the run stands after it. */
export interface PathStep {
  readonly move: Move;
  /** State of the chart after the event and all that follows from it at once. */
  readonly state: Json;
  readonly status: RunStatus;
  /** Events of the chart, those included that follow by themselves. */
  readonly trail: readonly string[];
  /** Answers of conditions and choices that the event must bring. */
  readonly facts: { readonly [id: string]: boolean | string };
  /** Names of the chart's transitions it takes. */
  readonly taken: readonly string[];
  /** Milliseconds since the start of the run, as far as deadlines have passed. */
  readonly atMs: number;
}

/** One way through a workflow, from its start to its end. */
export interface WorkflowPath {
  /** Unique among the paths of the workflow, and stable while the workflow is the same. */
  readonly id: string;
  readonly steps: readonly PathStep[];
  /** Transitions that no earlier path takes. */
  readonly covers: readonly string[];
  readonly end: RunStatus;
  /** What the run has to undo at its end, newest completion first. */
  readonly undo: readonly string[];
}

/** Paths through a workflow that together cover its chart, and what no path reaches. */
export interface PathReport {
  readonly workflow: string;
  readonly version: number;
  readonly coverage: Coverage;
  readonly paths: readonly WorkflowPath[];
  /** Number of transitions of the chart, and their names. */
  readonly transitions: number;
  readonly transitionIds: readonly string[];
  readonly unreachable: readonly { readonly transition: string; readonly reason: string }[];
  /** States looked at. */
  readonly states: number;
  /** Events on all paths. */
  readonly events: number;
}

/** `transitions`: every transition once; `paths`: every way through each step, and every decision in each state. */
export type Coverage = 'transitions' | 'paths';

export interface PathOptions {
  readonly coverage?: Coverage;
  /** Plans of child workflows, `name@version`. */
  readonly children?: ReadonlyMap<string, Plan>;
  /** What conditions say of endings alone; by default nothing is known. */
  readonly predict?: Predict;
  /** States of one walk. Default 200,000. */
  readonly maxStates?: number;
}

/** Ways through one step beyond this many are left out. */
const maxWaysThroughStep = 64;

/** @throws RangeError if the chart has more states than `maxStates` */
export function pathsOf(plan: Plan, options: PathOptions = {}): PathReport {
  const { coverage = 'transitions' } = options;
  const predict: Predict = options.predict ?? (() => undefined);
  const children = childrenOf(plan, options);
  const profiles = profilesOf(plan);
  const first = profiles[0];
  const { chart } = createWalk(plan, first ?? yes, predict, children).compiled;
  const book = createBook(transitionsOf(chart), coverage);
  let states = 0;
  const orders = hasBranches(plan) ? (['forward', 'backward'] as const) : (['forward'] as const);
  for (const maxDetours of [2, 4]) {
    for (const order of orders) {
      for (const profile of profiles) {
        if (coverage === 'transitions' && book.isFull()) break;
        const walk = createWalk(plan, profile, predict, children);
        const maxStates = options.maxStates ?? 200_000;
        states += cover(createGraph(walk, { order, maxDetours, maxStates }), book, coverage);
      }
    }
    if (book.missing().every((transition) => reasonFor(plan, transition) !== unknownReason)) break;
  }
  const missing = book.missing();
  return {
    workflow: plan.name,
    version: plan.version,
    coverage,
    paths: book.paths,
    transitions: book.transitions.length,
    transitionIds: book.transitions.map(({ id }) => id),
    unreachable: missing.map((transition) => ({
      transition: transition.id,
      reason: reasonFor(plan, transition),
    })),
    states,
    events: book.paths.reduce((sum, { steps }) => sum + steps.length, 0),
  };
}

function hasBranches(plan: Plan): boolean {
  return layOut(plan).stages.some(({ kind }) => kind === 'parallel');
}

const yes = { predicate: () => true, choice: () => '' };

/** @returns number of states of the walk */
function cover(graph: Graph, book: Book, coverage: Coverage): number {
  book.add(graph.start, []);
  const routes = graph.shortest();
  for (const { state, moves } of routes) {
    for (const move of state.offers()) {
      const { taken } = state.after(move).at;
      const isNew = taken.some((transition) => book.needs(transition));
      if (isNew || (coverage === 'paths' && book.isNewEdge(state, move)))
        book.add(graph.start, [...moves, move]);
    }
  }
  if (coverage === 'paths') {
    const seen = new Set<string>();
    for (const { state, moves } of routes) {
      const step = state.offers()[0]?.step;
      if (step === undefined || seen.has(step) || statusIn(state.at) !== 'processing') continue;
      seen.add(step);
      for (const way of graph.within(state, step, maxWaysThroughStep))
        book.add(graph.start, [...moves, ...way.moves]);
    }
  }
  return routes.length;
}

interface Book {
  readonly transitions: readonly NamedTransition[];
  readonly paths: readonly WorkflowPath[];
  needs(transition: string): boolean;
  isNewEdge(state: GraphState, move: Move): boolean;
  isFull(): boolean;
  missing(): readonly NamedTransition[];
  /** The moves, and then the main line to the end; left out if it is known already. */
  add(start: GraphState, moves: readonly Move[]): void;
}

function createBook(transitions: readonly NamedTransition[], coverage: Coverage): Book {
  const needed = new Set(transitions.map(({ id }) => id));
  const edges = new Set<string>();
  const known = new Set<string>();
  const paths: WorkflowPath[] = [];
  // Paths share their beginnings.
  const steps = new WeakMap<GraphState, PathStep>();
  const stepTo = (move: Move, state: GraphState): PathStep => {
    const step = steps.get(state) ?? toStep(move, state.at);
    steps.set(state, step);
    return step;
  };
  const edgeOf = (state: GraphState, move: Move) => `${state.key} ${JSON.stringify(move)}`;

  function add(start: GraphState, moves: readonly Move[]): void {
    const path: PathStep[] = [];
    const covers: string[] = [];
    let state = start;
    const go = (move: Move): void => {
      if (coverage === 'paths') edges.add(edgeOf(state, move));
      state = state.after(move);
      for (const transition of state.at.taken)
        if (needed.delete(transition)) covers.push(transition);
      path.push(stepTo(move, state));
    };
    for (const move of moves) go(move);
    const isOver = () => ['complete', 'failed', 'cancelled'].includes(statusIn(state.at));
    for (let next = state.offers()[0]; next !== undefined && !isOver(); next = state.offers()[0])
      go(next);
    if (coverage === 'paths') {
      const text = path.map(({ move }) => textOf(move)).join(' > ');
      if (known.has(text) && covers.length === 0) return;
      known.add(text);
    }
    const undo = [...state.at.done].reverse().map(({ path }) => path);
    paths.push({ id: `${paths.length + 1}`, steps: path, covers, end: statusIn(state.at), undo });
  }

  return {
    transitions,
    paths,
    add,
    needs: (transition) => needed.has(transition),
    isNewEdge: (state, move) => !edges.has(edgeOf(state, move)),
    isFull: () => needed.size === 0,
    missing: () => transitions.filter(({ id }) => needed.has(id)),
  };
}

function toStep(move: Move, { snapshot, trail, facts, taken, nowMs }: WalkState): PathStep {
  const state = snapshot.value as Json;
  return { move, state, status: statusOf(snapshot), trail, facts, taken, atMs: nowMs };
}
