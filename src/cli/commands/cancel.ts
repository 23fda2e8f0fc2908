import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { findRun } from '../find-run.ts';
import { runReport } from '../run-report.ts';

interface CancelOptions {
  readonly abort: boolean;
  readonly reason?: string;
  readonly actor: string;
}

export function addCancel(program: Command, cli: Cli): void {
  program
    .command('cancel')
    .description('cancel a run; what it has completed is undone')
    .argument('<run>', runArgument)
    .option('--abort', 'stop running tasks instead of letting them end', false)
    .option('--reason <text>', 'kept with the run')
    .addOption(actorOption())
    .action((given: string, { abort, reason, actor }: CancelOptions) =>
      cli.run('write', async (session) => {
        const runId = await findRun(session.orchestrator, given);
        await session.orchestrator.cancel(runId, {
          actor,
          ...(abort ? { mode: 'abort' } : {}),
          ...(reason === undefined ? {} : { reason }),
        });
        const view = await session.orchestrator.drive(runId);
        const report = await runReport(cli, session, view);
        // It is what was asked for.
        return view.status === 'cancelled' ? { ...report, exitCode: 0 } : report;
      }),
    );
}
