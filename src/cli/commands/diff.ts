import type { Command } from 'commander';
import { type JudgedRuns, judgeRuns } from '../../analysis/judged-runs.ts';
import { diffPlans } from '../../proof/diff/plans.ts';
import type { Cli } from '../cli.ts';
import { diffLines, runLines } from '../diff-lines.ts';
import { loadMachines } from '../machines.ts';
import { findPlan, lackingCode, planArgument } from '../plan-source.ts';
import { openIfThere } from '../store-location.ts';
import { UsageError } from '../usage-error.ts';

export function addDiff(program: Command, cli: Cli): void {
  program
    .command('diff')
    .description(
      'what changed between two versions of a workflow, and what becomes of the stored runs of the old one',
    )
    .argument('<old>', planArgument)
    .argument('<new>', planArgument)
    .option('--strict', 'exit with 1 also if a run needs a mapping', false)
    .action(async (old: string, now: string, { strict }: { strict: boolean }) => {
      const machines = await loadMachines(cli.options.machines);
      // Plans can be compared without any runs.
      const store = await openIfThere(cli, program);
      try {
        const before = await findPlan('<old>', old, machines, store, 'store');
        const after = await findPlan('<new>', now, machines, store, 'code');
        if (before.plan.name !== after.plan.name)
          throw new UsageError(
            `These are two workflows, not two versions of one: "${before.plan.name}" and "${after.plan.name}"`,
          );
        const diff = diffPlans(before.plan, after.plan);
        const runs =
          store === null
            ? null
            : await judgeRuns(store, before.plan, after, lackingCode(machines, before.plan));
        await cli.report({
          json: { ...diff, runs },
          text: [...diffLines(diff), '', ...runLines(runs)],
          exitCode: runs !== null && stays(runs, strict) ? 1 : 0,
        });
      } finally {
        await store?.close();
      }
    });
}

/** Whether a run would be left behind if the new version alone were deployed. */
function stays({ counts }: JudgedRuns, isStrict: boolean): boolean {
  return counts.cannot > 0 || (isStrict && counts.needs_mapping > 0);
}
