/** A stored run and the code of a version, as the judgement of a move takes them. */
import type { Code, StandingRun } from '../chart/moving/run.ts';
import { evaluateMapper, evaluatePredicate, restoreOutput } from '../evaluation.ts';
import type { PlanIndex } from '../plan/settle.ts';
import type { Bindings } from '../ports/bindings.ts';
import type { HistoryEntry, StoredRun } from '../ports/store.ts';
import { translated } from './moves.ts';
import { parseBody } from './run-body.ts';

/**
 * @param settled - entries that settle something, of the present generation
 * @throws SignalboxError `STORE_TOO_NEW`, `RUN_DAMAGED`
 */
export function toStandingRun(
  { header, state }: StoredRun,
  settled: readonly HistoryEntry[],
): StandingRun {
  const body = parseBody(header.id, state.body);
  return {
    runId: header.id,
    status: state.status,
    startedAtMs: header.createdAtMs,
    hasEnded: state.finishedAtMs !== null,
    snapshot: body.snapshot,
    input: header.input,
    data: body.data,
    open: body.open,
    entries: translated(settled),
    late: (body.late ?? []).map(({ step }) => step),
  };
}

export function toCode(index: PlanIndex, bindings: Bindings): Code {
  return {
    restore(step, stored, isFallback) {
      const node = index.nodes.get(step);
      return node === undefined ? stored : restoreOutput(node, bindings, stored, isFallback);
    },
    input: (stored) => bindings.input.restore(stored),
    evaluate: {
      predicate: (id, value) => evaluatePredicate(bindings, id, value),
      derive: (id, value) => evaluateMapper(bindings, id, value),
    },
  };
}
