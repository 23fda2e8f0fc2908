import type { Command } from 'commander';
import { runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { eventLines, stateLines } from '../explanation-lines.ts';
import { findRun } from '../find-run.ts';
import { runLines } from '../run-lines.ts';
import { outputOf } from '../run-report.ts';

export function addExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description(
      'say why a run waits: for whom or what, until when, what then; which events it accepts now, and which guards shut out the others',
    )
    .argument('<run>', runArgument)
    .action((given: string) =>
      cli.run('read', async (session) => {
        const runId = await findRun(session.orchestrator, given);
        const explanation = await session.orchestrator.explain(runId);
        const output = await outputOf(session, explanation);
        return {
          json: explanation,
          text: [
            ...runLines(explanation, output, cli.style, Date.now()),
            ...eventLines(explanation, cli.style),
            ...stateLines(explanation, cli.style),
          ],
        };
      }),
    );
}
