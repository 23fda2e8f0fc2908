/** Whether an event is sure to be taken: what the engine reports must never be refused by all guards of the state it is meant for. */
import type { ChartGuard } from '../../chart/chart.ts';
import { isSame } from './counterexample.ts';
import type { Edge } from './state-graph.ts';

/** Answers by people: those that no guard lets through are refused, and the state goes on waiting. */
const personal = /\.(decided|voted|objected|happened|did_not_happen|given_up)$/;

export function isPersonal(event: string | null): boolean {
  return event !== null && (personal.test(event) || event === 'run.retried');
}

/**
 * What is missing so that one of these transitions, all of one state and one event, is always taken: in words, or `null` if nothing is.
 */
export function gapOf(edges: readonly Edge[]): string | null {
  const guards = edges.map((edge) => edge.guard);
  if (guards.includes(null)) return null;
  const kept = guards.filter((guard) => guard !== null);
  const first = kept[0];
  switch (first?.type) {
    case undefined:
      return 'no transition at all';
    case 'ready':
      return readyGap(kept);
    case 'somethingToUndo':
    case 'nothingToUndo': {
      const types = new Set(kept.map(({ type }) => type));
      if (!types.has('somethingToUndo')) return 'a way if something is to be undone';
      return types.has('nothingToUndo') ? null : 'a way if nothing is to be undone';
    }
    case 'stopped':
      return stoppedGap(kept);
    case 'undoLeft':
    case 'undone': {
      const cancelled = kept.flatMap((guard) =>
        guard.type === 'undone' ? [guard.params.cancelled] : [],
      );
      if (!cancelled.includes(true)) return 'a way for a cancelled run';
      return cancelled.includes(false) ? null : 'a way for a failed run';
    }
    case 'canDecide':
      return decisionGap(kept);
    case 'policy':
      return kept.some((guard) => guard.type === 'policy' && guard.params.condition === null)
        ? null
        : 'a way if the policy does not hold';
    default:
      return `a way if "${kept.map(({ type }) => type).join('" and "')}" do not hold`;
  }
}

function readyGap(guards: readonly ChartGuard[]): string | null {
  const ready = guards.filter((guard) => guard.type === 'ready');
  if (ready.some(({ params }) => params.open && params.conditions.length === 0)) return null;
  const open = ready.find(({ params }) => params.open);
  const shut = ready.find(({ params }) => !params.open);
  if (open === undefined) return 'a way if its conditions hold';
  if (shut === undefined) return 'a way if its conditions do not hold';
  const isPair =
    open.params.conditions.length === shut.params.conditions.length &&
    open.params.conditions.every((condition, index) => {
      const other = shut.params.conditions[index];
      return other !== undefined && isSame(condition, other);
    });
  return isPair ? null : 'a way where neither condition holds';
}

function stoppedGap(guards: readonly ChartGuard[]): string | null {
  for (const cancelled of [true, false]) {
    for (const undo of [true, false]) {
      const isCovered = guards.some(
        (guard) =>
          guard.type === 'stopped' &&
          guard.params.cancelled === cancelled &&
          (guard.params.undo === null || guard.params.undo === undo),
      );
      if (!isCovered) {
        return `a way for a ${cancelled ? 'cancelled' : 'failed'} run with ${undo ? 'something' : 'nothing'} to undo`;
      }
    }
  }
  return null;
}

/** Both outcomes, whether or not there is something to undo. */
function decisionGap(guards: readonly ChartGuard[]): string | null {
  for (const outcome of ['approved', 'rejected'] as const) {
    for (const undo of [true, false]) {
      const isCovered = guards.some(
        (guard) =>
          guard.type === 'canDecide' &&
          (guard.params.outcome === 'any' || guard.params.outcome === outcome) &&
          (guard.params.undo === undefined || guard.params.undo === undo),
      );
      if (!isCovered) return `a way for an outcome "${outcome}"`;
    }
  }
  return null;
}

/** Transitions of one state by event, in their order; eventless ones under `null`. */
export function byEvent(edges: readonly Edge[]): ReadonlyMap<string | null, readonly Edge[]> {
  return Map.groupBy(edges, (edge) => edge.event);
}
