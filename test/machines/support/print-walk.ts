import type { WalkSummary } from '../../../src/testing/index.ts';

/** One line a workflow; the numbers stand in docs/testing-workflows.md. */
export function printWalk({ workflow, paths, transitions, taken, events }: WalkSummary): void {
  process.stdout.write(
    `${workflow}: ${paths} paths, ${events} events, ${taken} of ${transitions} transitions taken\n`,
  );
}
