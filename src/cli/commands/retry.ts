import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import { changeRun } from '../change-run.ts';
import type { Cli } from '../cli.ts';

interface RetryOptions {
  readonly acceptNotUndone: boolean;
  readonly reason?: string;
  readonly actor: string;
  readonly wait: boolean;
}

export function addRetry(program: Command, cli: Cli): void {
  program
    .command('retry')
    .description('let a failed run go on where it failed, or start afresh if it was undone')
    .argument('<run>', runArgument)
    .option('--accept-not-undone', 'do again what could not be undone; needs --reason', false)
    .option('--reason <text>', 'kept in the history')
    .addOption(actorOption())
    .option('--wait', 'stay until the run has ended', false)
    .action((run: string, { acceptNotUndone, reason, actor, wait }: RetryOptions) =>
      changeRun(cli, run, wait, ({ orchestrator }, runId) =>
        orchestrator.retry(runId, {
          actor,
          acceptNotUndone,
          ...(reason === undefined ? {} : { reason }),
        }),
      ),
    );
}
