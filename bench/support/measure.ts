import { availableParallelism } from 'node:os';

export interface Load {
  readonly wallMs: number;
  /** Of each run, from its start to its result; sorted. */
  readonly latenciesMs: Float64Array;
}

/** Runs `count` times, `inflight` at the same time. */
export async function load(
  count: number,
  inflight: number,
  run: (index: number) => Promise<unknown>,
): Promise<Load> {
  const latenciesMs = new Float64Array(count);
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) {
      const startedMs = performance.now();
      await run(index);
      latenciesMs[index] = performance.now() - startedMs;
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: Math.min(count, inflight) }, lane));
  return { wallMs: performance.now() - startedMs, latenciesMs: latenciesMs.sort() };
}

/** One load made up of several. */
export function joined(parts: readonly Load[]): Load {
  return {
    wallMs: parts.reduce((sum, { wallMs }) => sum + wallMs, 0),
    latenciesMs: Float64Array.from(parts.flatMap(({ latenciesMs }) => [...latenciesMs])).sort(),
  };
}

/** @param sorted - ascending; @param fraction - in [0, 1] */
export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Every other round goes backwards, so that whoever comes second is not always the same. */
export function inTurns<T>(items: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? items : items.toReversed();
}

/** What the figures depend on, without naming the machine. */
export function environment() {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpus: availableParallelism(),
    logLevel,
  };
}

/** Log lines at `info` and below are not written, as in a service that logs what needs attention. */
export const logLevel = 'warn';
