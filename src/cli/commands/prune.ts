import type { Command } from 'commander';
import type { RunStatus } from '../../plan/plan.ts';
import { parseMomentBefore, statusOption } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { localTime } from '../format.ts';

interface PruneOptions {
  readonly finishedBefore: Date;
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly dryRun: boolean;
}

export function addPrune(program: Command, cli: Cli): void {
  program
    .command('prune')
    .description('remove finished runs with all that belongs to them')
    .requiredOption('--finished-before <when>', 'a date, or an age such as 30d', parseMomentBefore)
    .addOption(statusOption())
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--dry-run', 'say what would be removed, and remove nothing', false)
    .action(({ finishedBefore, status, workflow, dryRun }: PruneOptions) =>
      cli.run(dryRun ? 'read' : 'write', async ({ orchestrator }) => {
        const runs = await orchestrator.prune({
          finishedBefore,
          dryRun,
          ...(status === undefined ? {} : { status }),
          ...(workflow === undefined ? {} : { workflow }),
        });
        const what = dryRun ? 'would be removed' : 'removed';
        return {
          json: { finishedBefore: finishedBefore.toISOString(), dryRun, runs },
          text: [
            ...runs.map(printable),
            `${runs.length} finished before ${localTime(finishedBefore.getTime())} ${what}`,
          ],
        };
      }),
    );
}
