import type { Command } from 'commander';
import { runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { findRun } from '../find-run.ts';
import { detailLines, runLines } from '../run-lines.ts';
import { outputOf } from '../run-report.ts';

export function addShow(program: Command, cli: Cli): void {
  program
    .command('show')
    .description('show a run: where it stands, what it waits for, how it ended')
    .argument('<run>', runArgument)
    .action((given: string) =>
      cli.run('read', async (session) => {
        const view = await session.orchestrator.get(await findRun(session.store, given));
        const output = await outputOf(session, view);
        return {
          json: { ...view, output },
          text: [...runLines(view, output, cli.style, Date.now()), ...detailLines(view, cli.style)],
        };
      }),
    );
}
