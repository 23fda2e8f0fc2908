import { type Command, Option } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { printable } from '../escape.ts';
import { findRun } from '../find-run.ts';
import { runReport } from '../run-report.ts';
import type { Session } from '../session.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

interface UndoOptions {
  readonly retry?: string;
  readonly resolve?: string;
  readonly reason?: string;
  readonly actor: string;
}

export function addUndo(program: Command, cli: Cli): void {
  program
    .command('undo')
    .description(
      'what a run would undo, or has undone; what it has left is undone again, or by hand',
    )
    .argument('<run>', runArgument)
    .addOption(new Option('--retry <step>', 'try again to undo it').conflicts('resolve'))
    .option('--resolve <step>', 'it was undone by hand, or may stay')
    .option('--reason <text>', 'why; kept in the history')
    .addOption(actorOption())
    .action(async (run: string, options: UndoOptions) => {
      const { retry, resolve, actor, reason } = options;
      const step = retry ?? resolve;
      if (step === undefined) {
        await cli.run('read', (session) => undoReport(cli, session, run));
        return;
      }
      if (reason === undefined)
        throw new UsageError('It needs a reason', 'Say --reason: it is kept in the history');
      await cli.run('write', async (session) => {
        const { orchestrator } = session;
        const runId = await findRun(orchestrator, run);
        const given = { actor, reason };
        if (retry === undefined) await orchestrator.resolveUndo(runId, step, given);
        else await orchestrator.retryUndo(runId, step, given);
        return runReport(cli, session, await orchestrator.get(runId));
      });
    });
}

async function undoReport(cli: Cli, { orchestrator }: Session, run: string): Promise<Report> {
  const runId = await findRun(orchestrator, run);
  const steps = await orchestrator.undoList(runId);
  const rows = steps.map(({ step, state, reason }) =>
    [step, state.replaceAll('_', ' '), reason ?? ''].map(printable),
  );
  const columns = ['STEP', 'STATE', 'WHY'].map((title) => ({ title }));
  return {
    json: { runId, steps: steps.map((entry) => ({ ...entry })) },
    text: steps.length === 0 ? ['Nothing to undo'] : table(columns, rows, cli.style.dim),
  };
}
