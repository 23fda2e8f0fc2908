import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import { changeRun } from '../change-run.ts';
import type { Cli } from '../cli.ts';

interface ResumeOptions {
  readonly actor: string;
  readonly wait: boolean;
}

export function addResume(program: Command, cli: Cli): void {
  program
    .command('resume')
    .description('let a paused run go on')
    .argument('<run>', runArgument)
    .addOption(actorOption())
    .option('--wait', 'stay until the run has ended', false)
    .action((run: string, { actor, wait }: ResumeOptions) =>
      changeRun(cli, run, wait, ({ orchestrator }, runId) => orchestrator.resume(runId, { actor })),
    );
}
