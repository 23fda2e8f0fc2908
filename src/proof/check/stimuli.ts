/** Events worth sending to a state: for every guard at least one event it lets through and one it does not. */
import type { ChartEvent, Decider, FailureSummary } from '../../chart/events.ts';
import { anyApprover } from '../../chart/quorum.ts';
import type { Condition } from '../../plan/plan.ts';
import type { Facts } from '../../plan/settle.ts';
import type { Edge, StateGraph } from './state-graph.ts';
import { conditionsOf } from './subject.ts';

const anybody: Decider = { actor: 'ann', groups: [], assignees: null, excluded: [] };
const excluded: Decider = { ...anybody, excluded: ['ann'] };

const failure = (retryable: boolean, code?: string): FailureSummary => ({
  step: 'x',
  name: 'Error',
  message: 'broken',
  retryable,
  ...(code === undefined ? {} : { code }),
});

/** @param edges - the transitions of one state for this event */
export function stimuliOf(type: string, edges: readonly Edge[]): readonly ChartEvent[] {
  if (type === 'run.cancelled')
    return [
      { type, mode: 'drain' },
      { type, mode: 'abort', reason: 'enough' },
    ];
  const guards = new Set(edges.map(({ guard }) => guard?.type));
  if (guards.has('canDecide')) {
    const takes = edges.flatMap(({ guard }) => (guard?.type === 'canDecide' ? [guard.params] : []));
    const { approvals, from } = takes.find((params) => params.approvals !== undefined) ?? {};
    const { rejections } = takes.find((params) => params.rejections !== undefined) ?? {};
    const approver = (given: number) => ({ ...anybody, given, ...anyApprover(from, given) });
    const rejected = { type, outcome: 'rejected', failure: failure(false) } as const;
    return [
      ...(approvals === undefined
        ? []
        : [{ type, outcome: 'approved', decider: approver(approvals - 1) } as const]),
      { type, outcome: 'approved', decider: approver(0) },
      ...(rejections === undefined
        ? []
        : [{ ...rejected, decider: { ...anybody, rejections: rejections - 1 } }]),
      { ...rejected, decider: anybody },
      { type, outcome: 'approved', decider: excluded },
    ];
  }
  if (guards.has('faulted')) return [{ type }, { type, faulted: true, failure: failure(false) }];
  if (guards.has('mayRetry')) return [{ type, acceptNotUndone: true }, { type }];
  // A child, or a task with a fallback, may leave nothing to undo.
  if (type.endsWith('.completed') && edges.some(countsUndo)) return [{ type }, { type, undo: 0 }];
  if (!type.endsWith('.failed')) return [{ type }];
  const codes = edges.flatMap(({ guard }) =>
    guard?.type === 'tolerated' && guard.params.codes !== 'any' ? guard.params.codes : [],
  );
  const most = type === 'undo.failed' ? { maxAttempts: 2 } : {};
  return [
    { type, failure: failure(true), ...most },
    { type, failure: failure(false), ...most },
    ...codes.slice(0, 1).map((code) => ({ type, failure: failure(false, code) })),
  ];
}

function countsUndo({ transition }: Edge): boolean {
  return (transition.actions ?? []).some((action) => action.type === 'countUndo');
}

const onward =
  /\.(started|completed|received|happened|decided|decided_by_policy|fired|retry_due|deferral_over|did_not_happen)$/;

/** Whether the event takes a run further rather than stopping it. */
export function isOnward({ type, outcome, decider }: ChartEvent): boolean {
  return onward.test(type) && outcome !== 'rejected' && decider !== excluded;
}

/** Every fact that some guard of the chart reads, with the values it is compared with. */
export function factValues(graph: StateGraph): ReadonlyMap<string, readonly (boolean | string)[]> {
  const values = new Map<string, Set<boolean | string>>();
  const add = (fact: string, some: readonly (boolean | string)[]) => {
    const known = values.get(fact) ?? new Set();
    for (const value of some) known.add(value);
    values.set(fact, known);
  };
  const pending: Condition[] = graph.edges.flatMap(conditionsOf);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ('fact' in next) add(next.fact, [true, false]);
    else if ('choice' in next) add(next.choice, [next.is]);
    else if ('ran' in next) add(`ran:${next.ran}`, [true, false]);
    else if ('not' in next) pending.push(next.not);
    else pending.push(...('all' in next ? next.all : next.any));
  }
  return new Map([...values].map(([fact, some]) => [fact, [...some]]));
}

/** One value for each. @param draw - in [0, 1) */
export function chooseFacts(
  values: ReadonlyMap<string, readonly (boolean | string)[]>,
  draw: () => number,
): Facts {
  return Object.fromEntries(
    [...values].map(([fact, some]) => [fact, some[Math.floor(draw() * some.length)] ?? false]),
  );
}
