import type { Command } from 'commander';
import type { Fork } from '../../index.ts';
import { actorOption, collect, parseCount, runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { findRun } from '../find-run.ts';
import { readJson } from '../json-argument.ts';
import { section } from '../run-lines.ts';
import { runReport } from '../run-report.ts';
import type { Style } from '../style.ts';
import { UsageError } from '../usage-error.ts';

interface ForkCommandOptions {
  readonly at: number;
  readonly input?: string;
  readonly result?: readonly string[];
  readonly dryRun: boolean;
  readonly acceptIrreversible: boolean;
  readonly reason?: string;
  readonly actor: string;
  readonly wait: boolean;
}

export function addFork(program: Command, cli: Cli): void {
  program
    .command('fork')
    .description(
      'make a new run from a past moment of another: what was done by then is reused, the rest runs again',
    )
    .argument('<run>', runArgument)
    .requiredOption('--at <entry>', 'entry of the history after which it begins', parseCount)
    .option('--input <json>', 'another input; steps that read what changed run again')
    .option('--result <step=json>', 'another result of a step; may be repeated', collect)
    .option('--dry-run', 'only say what would be reused and what would run again', false)
    .option(
      '--accept-irreversible',
      'go ahead although irreversible or unsafe steps may run again',
      false,
    )
    .option('--reason <text>', 'kept in the history')
    .addOption(actorOption())
    .option('--wait', 'stay until the new run has ended', false)
    .action(async (given: string, options: ForkCommandOptions) => {
      const { at, dryRun, acceptIrreversible, reason, actor, wait } = options;
      const wanted = {
        at,
        dryRun,
        acceptIrreversible,
        actor,
        ...(reason === undefined ? {} : { reason }),
        ...(options.input === undefined
          ? {}
          : { input: await readJson('--input', options.input, process.stdin) }),
        results: await readResults(options.result ?? []),
      };
      await cli.run(dryRun ? 'read' : 'write', async (session) => {
        const { orchestrator } = session;
        const fork = await orchestrator.fork(await findRun(orchestrator, given), wanted);
        const text = previewLines(fork, cli.style);
        if (fork.runId === null) return { json: fork, text };
        const view = await orchestrator.drive(fork.runId, wait ? 'finished' : 'waiting');
        const report = await runReport(cli, session, view);
        return {
          ...report,
          json: { ...(report.json as object), fork },
          text: [...text, '', ...report.text],
        };
      });
    });
}

async function readResults(
  given: readonly string[],
): Promise<{ readonly [step: string]: unknown }> {
  const results: [string, unknown][] = [];
  for (const text of given) {
    const [, step, json] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (step === undefined || json === undefined)
      throw new UsageError(
        `--result: "${text}" is not step=json`,
        `Write --result 'charge={"id": "c-1"}'`,
      );
    results.push([step, await readJson('--result', json, process.stdin)]);
  }
  return Object.fromEntries(results);
}

function previewLines(fork: Fork, style: Style): readonly string[] {
  const { reused, replaced, again, repeats, forkedFrom } = fork;
  return [
    `Fork of ${printable(forkedFrom.runId)} after entry ${forkedFrom.seq}${fork.runId === null ? ', if it were made' : ''}`,
    ...section(
      'Reused',
      reused.map(({ step, seq }) => `${printable(step)} (entry ${seq})`),
      style,
    ),
    ...section('Given', replaced.map(printable), style),
    ...section(
      'Runs again',
      again.map(({ step, why }) => printable(`${step}: ${why}`)),
      style,
    ),
    ...section(
      'Of these cannot be taken back',
      repeats.map(({ step, why }) => printable(`${step} (${why})`)),
      style,
    ),
  ];
}
