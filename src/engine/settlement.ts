/** Settling a step of a run with the author's functions. What is recorded is not asked for again. */
import type { FailureSummary } from '../chart/events.ts';
import { evaluateMapper, evaluatePredicate, updateContext } from '../evaluation.ts';
import { failureOf } from '../failure.ts';
import type { JsonObject } from '../plan/json.ts';
import { type Facts, type Settled, type Settlement, settle } from '../plan/settle.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { type LiveRun, sourceOf } from './live-run.ts';

export interface RunSettlement {
  readonly settlement: Settlement;
  /** Run context after the updates of this commit. */
  readonly data: JsonObject;
  readonly fault: FailureSummary | null;
}

export type Seed = readonly [id: string, settled: Settled];

export function settleRun(run: LiveRun, seeds: readonly Seed[], atStart: boolean): RunSettlement {
  const { index, bindings, plan } = run.definition;
  const recalled = run.recorded !== null;
  const settlement = settle(
    index,
    run.progress,
    seeds,
    sourceOf(run),
    {
      predicate(id, value) {
        const known = run.facts.get(id);
        return recalled && typeof known === 'boolean'
          ? known
          : evaluatePredicate(bindings, id, value);
      },
      derive: (id, value) =>
        recalled && run.derived.has(id) ? run.derived.get(id) : evaluateMapper(bindings, id, value),
    },
    atStart,
  );
  const fault = (at: { readonly node: string; readonly error: unknown }): RunSettlement => ({
    settlement,
    data: run.data,
    fault: faultOf(at.node, at.error),
  });
  if (settlement.fault !== null) return fault(settlement.fault);
  const updated = updateContext(plan, bindings, run.data, settlement.updates);
  return updated.fault === null
    ? { settlement, data: updated.data, fault: null }
    : fault(updated.fault);
}

/** What settled when the entry was written, by the answers that stand in it; of the author's functions reducers alone are called. */
export function recallSettlement(
  run: LiveRun,
  seeds: readonly Seed[],
  atStart: boolean,
  entry: HistoryEntry,
): RunSettlement {
  const { index, bindings, plan } = run.definition;
  const facts = (entry.data?.['facts'] ?? {}) as Facts;
  const derived = (entry.data?.['derived'] ?? {}) as JsonObject;
  const settlement = settle(
    index,
    run.progress,
    seeds,
    sourceOf(run),
    {
      predicate: (id) => facts[id] === true,
      derive: (id) => derived[id],
      choice: (id) => (typeof facts[id] === 'string' ? facts[id] : undefined),
    },
    atStart,
  );
  const updated = updateContext(plan, bindings, run.data, settlement.updates);
  return {
    settlement: { ...settlement, facts, derived: Object.entries(derived) },
    data: updated.data ?? run.data,
    fault: atStart && entry.error !== null ? (entry.error as unknown as FailureSummary) : null,
  };
}

function faultOf(node: string, error: unknown): FailureSummary {
  const failure = failureOf(error);
  return { step: node, name: failure.name, message: failure.message, retryable: false };
}
