import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import { changeRun } from '../change-run.ts';
import type { Cli } from '../cli.ts';
import { changeScope, type ScopeOptions, scopeOf } from '../pause-scope.ts';
import { UsageError } from '../usage-error.ts';

interface PauseOptions extends ScopeOptions {
  readonly reason?: string;
  readonly actor: string;
}

export function addPause(program: Command, cli: Cli): void {
  program
    .command('pause')
    .description(
      'hold a run, all runs of a workflow, or everything: nothing more is started, and timers stand still',
    )
    .argument('[run]', runArgument)
    .option('--workflow <name>', 'all of its runs, also those that are started meanwhile')
    .option('--all', 'every run')
    .option('--reason <text>', 'kept in the history; needed for more than one run')
    .addOption(actorOption())
    .action((run: string | undefined, options: PauseOptions) => {
      const { reason, actor } = options;
      const scope = scopeOf(run, options);
      if (scope === null)
        return changeRun(cli, run ?? '', false, ({ orchestrator }, runId) =>
          orchestrator.pause(runId, { actor, ...(reason === undefined ? {} : { reason }) }),
        );
      if (reason === undefined)
        throw new UsageError('A pause of more than one run needs a reason', 'Add --reason <text>');
      return changeScope(cli, 'runs.paused', scope, { actor, reason }, ({ orchestrator }) =>
        orchestrator.pauseRuns(scope, { actor, reason }),
      );
    });
}
