import type { Command } from 'commander';
import { type JudgedRuns, judgeRuns } from '../../analysis/judged-runs.ts';
import { diffPlans } from '../../proof/diff/plans.ts';
import type { Cli } from '../cli.ts';
import { diffLines, runLines } from '../diff-lines.ts';
import { lackingCode, planArgument } from '../plan-source.ts';
import { type TwoVersions, withTwoVersions } from '../two-versions.ts';

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
      await withTwoVersions(cli, program, ['<old>', old], ['<new>', now], async (versions) => {
        const diff = diffPlans(versions.before.plan, versions.after.plan);
        const runs = await judged(versions);
        await cli.report({
          json: { ...diff, runs },
          text: [...diffLines(diff), '', ...runLines(runs)],
          exitCode: runs !== null && stays(runs, strict) ? 1 : 0,
        });
      });
    });
}

async function judged({ before, after, machines, store }: TwoVersions): Promise<JudgedRuns | null> {
  if (store === null) return null;
  return judgeRuns(store, before.plan, after, lackingCode(machines, before.plan));
}

/** Whether a run would be left behind if the new version alone were deployed. */
function stays({ counts }: JudgedRuns, isStrict: boolean): boolean {
  return counts.cannot > 0 || (isStrict && counts.needs_mapping > 0);
}
