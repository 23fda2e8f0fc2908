import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import { changeRun } from '../change-run.ts';
import type { Cli } from '../cli.ts';

interface PauseOptions {
  readonly reason?: string;
  readonly actor: string;
}

export function addPause(program: Command, cli: Cli): void {
  program
    .command('pause')
    .description('hold a run: nothing more is started, and its timers stand still')
    .argument('<run>', runArgument)
    .option('--reason <text>', 'kept in the history')
    .addOption(actorOption())
    .action((run: string, { reason, actor }: PauseOptions) =>
      changeRun(cli, run, false, ({ orchestrator }, runId) =>
        orchestrator.pause(runId, { actor, ...(reason === undefined ? {} : { reason }) }),
      ),
    );
}
