/** The walk as logic for the algorithms of `@xstate/graph`. */
import { getShortestPaths, getSimplePaths } from '@xstate/graph';
import type { ActorLogic, Snapshot } from 'xstate';
import type { Move } from './move.ts';
import { type OfferOptions, offersIn } from './offers.ts';
import { serialise } from './serialise.ts';
import { apply, startOf } from './walk.ts';
import type { Walk, WalkState } from './walk-state.ts';

/** Moves that lead from one state of a walk to another. */
export interface Route {
  readonly moves: readonly Move[];
  readonly state: GraphState;
}

/** A state of a walk, with where each of its moves leads. */
export type GraphState = Snapshot<unknown> & {
  readonly at: WalkState;
  readonly key: string;
  /** Main line first. */
  offers(): readonly Move[];
  after(move: Move): GraphState;
};

export interface Graph {
  readonly start: GraphState;
  /** Shortest routes to all states, nearest first. @throws RangeError beyond `maxStates` */
  shortest(): readonly Route[];
  /** Routes without a circle from the state until the walk leaves the step; at most `limit`. */
  within(from: GraphState, step: string, limit: number): readonly Route[];
}

/** The algorithms follow every edge several times; each is worked out once. */
export function createGraph(
  walk: Walk,
  options: OfferOptions & { readonly maxStates: number },
): Graph {
  const wrap = (at: WalkState): GraphState => {
    const known = new Map<string, GraphState>();
    let offers: readonly Move[] | null = null;
    return {
      status: 'active',
      output: undefined,
      error: undefined,
      at,
      key: serialise(at),
      offers: () => (offers ??= offersIn(walk, at, options)),
      after(move) {
        const text = JSON.stringify(move);
        const next =
          known.get(text) ?? wrap({ ...apply(walk, at, move), detours: detoursOf(at, move) });
        known.set(text, next);
        return next;
      },
    };
    function detoursOf(from: WalkState, move: Move): readonly string[] {
      const isMain = JSON.stringify(offersIn(walk, from, options)[0]) === JSON.stringify(move);
      return isMain || from.detours.includes(move.step)
        ? from.detours
        : [...from.detours, move.step];
    }
  };
  const start = wrap(startOf(walk));
  const logic: ActorLogic<GraphState, Move> = {
    transition: (state, move) => state.after(move),
    getInitialSnapshot: () => start,
    getPersistedSnapshot: (state) => state,
  };
  const traversal = {
    serializeState: (state: GraphState) => state.key as never,
    serializeEvent: (move: Move) => JSON.stringify(move) as never,
  };
  return {
    start,
    shortest() {
      const paths = getShortestPaths(logic, {
        ...traversal,
        limit: options.maxStates * 8,
        events: (state) => state.offers(),
      });
      return paths.map(({ state, steps }) => ({
        state,
        moves: steps.slice(1).map(({ event }) => event),
      }));
    },
    within(from, step, limit) {
      const isIn = (state: GraphState) =>
        state.offers().some((move) => move.step === step) && state.at.snapshot.value !== undefined;
      let left = limit;
      const paths = getSimplePaths(logic, {
        ...traversal,
        fromState: from,
        events: (state) =>
          isIn(state) && left-- > 0 ? state.offers().filter((move) => move.step === step) : [],
      });
      return paths
        .filter(({ state }) => !isIn(state))
        .slice(0, limit)
        .map(({ state, steps }) => ({ state, moves: steps.slice(1).map(({ event }) => event) }));
    },
  };
}
