import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';

export type SpendRow = AnswerOf<typeof api.health.spend>['rows'][number];

export type SpendTotal = Omit<SpendRow, 'day' | 'workflow' | 'model'>;

const nothing: SpendTotal = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  unpricedCalls: 0,
};

function plus(sum: SpendTotal, row: SpendTotal): SpendTotal {
  return {
    calls: sum.calls + row.calls,
    inputTokens: sum.inputTokens + row.inputTokens,
    outputTokens: sum.outputTokens + row.outputTokens,
    costUsd: sum.costUsd + row.costUsd,
    unpricedCalls: sum.unpricedCalls + row.unpricedCalls,
  };
}

export function totalOf(rows: readonly SpendRow[]): SpendTotal {
  return rows.reduce(plus, nothing);
}

export function perDay(rows: readonly SpendRow[]): ReadonlyMap<string, SpendTotal> {
  const sums = new Map<string, SpendTotal>();
  for (const row of rows) sums.set(row.day, plus(sums.get(row.day) ?? nothing, row));
  return sums;
}

/** The dearest first, then those with the most tokens. */
export function perWorkflow(rows: readonly SpendRow[]) {
  const sums = new Map<
    string,
    SpendTotal & { readonly workflow: string; readonly model: string }
  >();
  for (const row of rows) {
    const { workflow, model } = row;
    const key = JSON.stringify([workflow, model]);
    sums.set(key, { workflow, model, ...plus(sums.get(key) ?? nothing, row) });
  }
  return [...sums.values()].sort((a, b) => b.costUsd - a.costUsd || b.inputTokens - a.inputTokens);
}

/** @param day - as `2026-01-31` */
export function dayBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
}
