import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import { changeRun } from '../change-run.ts';
import type { Cli } from '../cli.ts';
import { changeScope, type ScopeOptions, scopeOf } from '../pause-scope.ts';

interface ResumeOptions extends ScopeOptions {
  readonly actor: string;
  readonly wait: boolean;
}

export function addResume(program: Command, cli: Cli): void {
  program
    .command('resume')
    .description('let a paused run, the runs of a workflow, or everything go on')
    .argument('[run]', runArgument)
    .option('--workflow <name>', 'all of its runs but those paused by themselves')
    .option('--all', 'every run but those paused by themselves or with their workflow')
    .addOption(actorOption())
    .option('--wait', 'stay until the run has ended', false)
    .action((run: string | undefined, options: ResumeOptions) => {
      const { actor, wait } = options;
      const scope = scopeOf(run, options);
      return scope === null
        ? changeRun(cli, run ?? '', wait, ({ orchestrator }, runId) =>
            orchestrator.resume(runId, { actor }),
          )
        : changeScope(cli, 'runs.resumed', scope, { actor }, ({ orchestrator }) =>
            orchestrator.resumeRuns(scope, { actor }),
          );
    });
}
