import type { Command } from 'commander';
import type { PastRun } from '../../index.ts';
import { parseCount, runArgument } from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { printable } from '../escape.ts';
import { eventLines, stateLines } from '../explanation-lines.ts';
import { findRun } from '../find-run.ts';
import { localTime } from '../format.ts';
import { detailLines, runLines, section } from '../run-lines.ts';
import { outputOf } from '../run-report.ts';
import type { Style } from '../style.ts';

interface ShowOptions {
  readonly at?: number;
}

export function addShow(program: Command, cli: Cli): void {
  program
    .command('show')
    .description('show a run: where it stands, what it waits for, how it ended')
    .argument('<run>', runArgument)
    .option('--at <entry>', 'as it stood after this entry of its history', parseCount)
    .action((given: string, { at }: ShowOptions) =>
      cli.run('read', async (session) => {
        const runId = await findRun(session.orchestrator, given);
        if (at !== undefined) return pastReport(await session.orchestrator.at(runId, at), cli);
        const view = await session.orchestrator.get(runId);
        const output = await outputOf(session, view);
        return {
          json: { ...view, output },
          text: [...runLines(view, output, cli.style, Date.now()), ...detailLines(view, cli.style)],
        };
      }),
    );
}

function pastReport(past: PastRun, { style }: Cli): Report {
  const atMs = Date.parse(past.at);
  return {
    json: past,
    text: [
      `After entry ${past.seq}, ${printable(past.event)}, at ${localTime(past.at)}:`,
      ...runLines(past, null, style, atMs),
      ...section(
        'Settled by then',
        past.settled.map(
          ({ step, how }) => `${printable(step)}${how === 'skipped' ? ', skipped' : ''}`,
        ),
        style,
      ),
      ...undoLines(past, style),
      ...eventLines(past, style),
      ...stateLines(past, style),
      ...detailLines(past, style),
    ],
  };
}

function undoLines({ undoList, undone }: PastRun, style: Style): readonly string[] {
  const lines = undoList.map(({ step, seq }) => {
    const isDone = undone.includes(step);
    return `${printable(step)} (entry ${seq})${isDone ? ', undone' : ''}`;
  });
  return section('Would be undone, in this order', lines, style);
}
