import type { Command } from 'commander';
import { actorOption, runArgument } from '../arguments.ts';
import { changeRun } from '../change-run.ts';
import type { Cli } from '../cli.ts';
import { readJson } from '../json-argument.ts';

interface SignalOptions {
  readonly payload?: string;
  readonly id?: string;
  readonly actor: string;
  readonly wait: boolean;
}

export function addSignal(program: Command, cli: Cli): void {
  program
    .command('signal')
    .description('send an event to a run')
    .argument('<run>', runArgument)
    .argument('<event>', 'name of the event')
    .option('--payload <json>', 'a file, - for standard input, or JSON')
    .option('--id <id>', 'the same id has one effect, however often it is sent')
    .addOption(actorOption())
    .option('--wait', 'stay until the run has ended', false)
    .action(async (run: string, event: string, { payload, id, actor, wait }: SignalOptions) => {
      const value =
        payload === undefined ? null : await readJson('--payload', payload, process.stdin);
      await changeRun(cli, run, wait, async ({ orchestrator }, runId) => {
        const { delivered } = await orchestrator.signal(runId, event, value, {
          actor,
          ...(id === undefined ? {} : { id }),
        });
        if (!delivered) cli.note('The run does not wait for it yet; it keeps the event');
        return { delivered };
      });
    });
}
