/** How many paths a workflow has, by size and shape: they grow with its steps, not with the combinations of what may happen to them. */
import { paths } from '../src/testing/player/paths.ts';
import { environment, median, rounded } from './support/measure.ts';
import { fork, sequence } from './support/workflows.ts';

export interface PathsOptions {
  /** Of the largest workflows. */
  readonly steps: number;
  readonly rounds: number;
}

export interface PathsRow {
  readonly case: string;
  readonly steps: number;
  readonly transitions: number;
  /** Paths that together take every transition. */
  readonly paths: number;
  /** States looked at to find them. */
  readonly states: number;
  /** Events on all paths together. */
  readonly events: number;
  readonly totalMs: number;
}

export function pathsBenchmark({ steps, rounds }: PathsOptions) {
  const cases = [
    ...[10, 100, 1_000].map((size) => ({ name: 'sequence', size, workflow: sequence(size) })),
    ...[2, 4, 8, 16].map((size) => ({ name: 'fork', size, workflow: fork(size) })),
  ].filter(({ size }) => size <= steps);
  const rows = cases.map(({ name, size, workflow }): PathsRow => {
    const measured: number[] = [];
    let report = paths(workflow);
    for (let round = 0; round < rounds; round += 1) {
      const startedMs = performance.now();
      report = paths(workflow);
      measured.push(performance.now() - startedMs);
    }
    return {
      case: `${name}-${size}`,
      steps: size,
      transitions: report.transitions,
      paths: report.paths.length,
      states: report.states,
      events: report.events,
      totalMs: rounded(median(measured), 1),
    };
  });
  return { benchmark: 'paths', rounds, rows, environment: environment() };
}

export function pathsTable({
  rows,
}: ReturnType<typeof pathsBenchmark>): readonly (readonly string[])[] {
  return [
    ['paths', 'steps', 'transitions', 'paths', 'states', 'events', 'ms'],
    ...rows.map((row) => [
      row.case,
      String(row.steps),
      String(row.transitions),
      String(row.paths),
      String(row.states),
      String(row.events),
      String(row.totalMs),
    ]),
  ];
}
