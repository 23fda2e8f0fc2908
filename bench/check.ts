/** How long `signalbox check` takes, by size and shape of the workflow. */
import { check } from '../src/proof/check/check.ts';
import { environment, inTurns, median, rounded } from './support/measure.ts';
import { approvals, fork, sequence } from './support/workflows.ts';

export interface CheckOptions {
  /** Of the largest workflows. */
  readonly steps: number;
  readonly rounds: number;
}

export interface CheckRow {
  readonly case: string;
  readonly steps: number;
  readonly totalMs: number;
  readonly microsPerStep: number;
  readonly verdict: string;
  /** Events sent to both the chart's data and the machine, in words. */
  readonly compared: string;
}

export function checkBenchmark({ steps, rounds }: CheckOptions) {
  const cases = [
    ...[10, 100, 1_000].map((size) => ({ name: 'sequence', size, workflow: sequence(size) })),
    ...[10, 100].map((size) => ({ name: 'fork', size, workflow: fork(size) })),
    ...[100, 1_000].map((size) => ({ name: 'approvals', size, workflow: approvals(size) })),
  ].filter(({ size }) => size <= steps);
  const measured = cases.map((): number[] => []);
  const reports = cases.map(({ workflow }) => check(workflow));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { workflow }] of inTurns([...cases.entries()], round)) {
      const startedMs = performance.now();
      check(workflow);
      measured[index]?.push(performance.now() - startedMs);
    }
  }
  const rows = cases.map(({ name, size }, index): CheckRow => {
    const totalMs = median(measured[index] ?? []);
    const report = reports[index];
    return {
      case: `${name}-${size}`,
      steps: size,
      totalMs: rounded(totalMs, 1),
      microsPerStep: rounded((totalMs * 1_000) / size, 1),
      verdict: report?.verdict ?? '',
      compared: report?.rules.find(({ rule }) => rule === 'graph-is-machine')?.claim ?? '',
    };
  });
  return { benchmark: 'check', rounds, rows, environment: environment() };
}

export function checkTable({
  rows,
}: ReturnType<typeof checkBenchmark>): readonly (readonly string[])[] {
  return [
    ['check', 'steps', 'ms', 'µs a step', 'verdict'],
    ...rows.map((row) => [
      row.case,
      String(row.steps),
      String(row.totalMs),
      String(row.microsPerStep),
      row.verdict,
    ]),
  ];
}
