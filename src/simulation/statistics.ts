/** Figures of many runs. */
export interface Spread {
  readonly count: number;
  readonly meanMs: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Percentiles by the nearest rank; all 0 if there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const rank = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  let sum = 0;
  for (const value of sorted) sum += value;
  return {
    count: sorted.length,
    meanMs: sorted.length === 0 ? 0 : sum / sorted.length,
    minMs: sorted[0] ?? 0,
    p50Ms: rank(0.5),
    p90Ms: rank(0.9),
    p95Ms: rank(0.95),
    p99Ms: rank(0.99),
    maxMs: sorted.at(-1) ?? 0,
  };
}

export interface Bin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

const bins = 48;

/**
 * Bins up to the 99.5% point; what is above is in the last one. They are equal, or grow by a factor where a few runs take many times as long as
 * most.
 */
export function histogramOf(values: readonly number[]): readonly Bin[] {
  if (values.length === 0) return [];
  const sorted = Float64Array.from(values).sort();
  const rank = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  const least = sorted[0] ?? 0;
  const most = Math.max(least + 1, rank(0.995));
  const isSkewed = least > 0 && most > 20 * rank(0.5);
  const edge = (at: number) =>
    isSkewed ? least * (most / least) ** (at / bins) : least + ((most - least) * at) / bins;
  const counts = Array.from({ length: bins }, () => 0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < bins - 1 && value >= edge(bin + 1)) bin += 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, at) => ({ fromMs: edge(at), toMs: edge(at + 1), count }));
}
