/** Two versions of one workflow by name, the older from the store if runs are on it, the newer from the code. */
import type { Command } from 'commander';
import type { Store } from '../ports/store.ts';
import type { Cli } from './cli.ts';
import { loadMachines, type Machines } from './machines.ts';
import { findPlan, type PlanSource } from './plan-source.ts';
import { openIfThere } from './store-location.ts';
import { UsageError } from './usage-error.ts';

export interface TwoVersions {
  readonly before: PlanSource;
  readonly after: PlanSource;
  readonly machines: Machines;
  /** `null`: there is none; plans can be compared without any runs. */
  readonly store: Store | null;
}

/** An argument of the command line: how the usage names it, and what was given. */
type Named = readonly [argument: string, given: string];

/** @throws UsageError if one is not there, or they are versions of two workflows */
export async function withTwoVersions<T>(
  cli: Cli,
  program: Command,
  old: Named,
  now: Named,
  use: (versions: TwoVersions) => Promise<T>,
): Promise<T> {
  const machines = await loadMachines(cli.options.machines);
  const store = await openIfThere(cli, program);
  try {
    const before = await findPlan(...old, machines, store, 'store');
    const after = await findPlan(...now, machines, store, 'code');
    if (before.plan.name !== after.plan.name)
      throw new UsageError(
        `These are two workflows, not two versions of one: "${before.plan.name}" and "${after.plan.name}"`,
      );
    return await use({ before, after, machines, store });
  } finally {
    await store?.close();
  }
}
