import type { RunnableWorkflow } from '../../ports/bindings.ts';
import { describe, expect, it } from '../vitest.ts';
import { type CrashOptions, crashEverywhere } from './crash-everywhere.ts';
import { crashLines } from './crash-report.ts';
import { labsFor, storesFor } from './labs.ts';

/** Time for all crashes of one store and mode. */
const limitMs = 600_000;

/**
 * A suite that crashes the workflow everywhere, one test for each store and mode; prints what it did.
 *
 * @example
 * describeCrashes(orderWorkflow, { ...fixtures, stores: ['memory', 'lowdb'], sample: 100 });
 */
export function describeCrashes(workflow: RunnableWorkflow, options: CrashOptions = {}): void {
  const { modes = ['kill'], stores = storesFor(modes) } = options;
  describe(`${workflow.name} v${workflow.version} crashed everywhere`, () => {
    const labs = labsFor(stores, modes);
    it.each(labs.map(({ store, mode }) => [store, mode] as const))(
      'ends on %s as without (%s)',
      async (store, mode) => {
        const report = await crashEverywhere(workflow, {
          ...options,
          stores: [store],
          modes: [mode],
        });

        process.stdout.write(`${crashLines(report).join('\n')}\n`);
        expect(report.differences).toEqual([]);
        expect(report.notReached).toEqual([]);
        expect(report.crashes).toBeGreaterThan(0);
      },
      limitMs,
    );
  });
}
