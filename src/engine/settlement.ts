/** Settling a step of a run with the author's functions. What is recorded is not asked for again. */
import type { FailureSummary } from '../chart/events.ts';
import { evaluateMapper, evaluatePredicate, updateContext } from '../evaluation.ts';
import { failureOf } from '../failure.ts';
import type { JsonObject } from '../plan/json.ts';
import { type Settled, type Settlement, settle } from '../plan/settle.ts';
import { type LiveRun, sourceOf } from './live-run.ts';

export interface RunSettlement {
  readonly settlement: Settlement;
  /** Run context after the updates of this commit. */
  readonly data: JsonObject;
  readonly fault: FailureSummary | null;
}

export function settleRun(
  run: LiveRun,
  seeds: readonly (readonly [id: string, settled: Settled])[],
  atStart: boolean,
): RunSettlement {
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

function faultOf(node: string, error: unknown): FailureSummary {
  const failure = failureOf(error);
  return { step: node, name: failure.name, message: failure.message, retryable: false };
}
