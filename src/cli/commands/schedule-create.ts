/** Schedules that are kept in the store: made and removed. */
import { type Command, Option } from 'commander';
import type { OverlapPolicy } from '../../index.ts';
import { actorOption, parseLength, parseWhole } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { readJson } from '../json-argument.ts';
import { withService } from '../remote/with-service.ts';
import { scheduleLines } from '../schedule-lines.ts';

/** When it fires. */
export interface Rule {
  readonly cron: string;
  readonly timeZone: string;
  readonly dstGap?: 'after' | 'skip';
  readonly dstRepeat?: 'once' | 'twice';
}

export function ruleOptions(command: Command): Command {
  return command
    .requiredOption('--cron <rule>', 'five fields, or six with seconds in front')
    .option('--time-zone <zone>', 'as Europe/Berlin', 'UTC')
    .addOption(
      new Option('--dst-gap <policy>', 'a time the clocks jump over').choices(['after', 'skip']),
    )
    .addOption(
      new Option('--dst-repeat <policy>', 'a time that comes twice').choices(['once', 'twice']),
    );
}

export function ruleOf({ cron, timeZone, dstGap, dstRepeat }: Rule) {
  return {
    cron,
    timeZone,
    dst: {
      ...(dstGap === undefined ? {} : { gap: dstGap }),
      ...(dstRepeat === undefined ? {} : { repeat: dstRepeat }),
    },
  };
}

interface Creation extends Rule {
  readonly workflow: string;
  readonly input: string;
  readonly overlap: OverlapPolicy;
  readonly catchUp: number;
  readonly jitter: number;
  readonly description?: string;
  readonly paused: boolean;
  readonly actor: string;
}

export function addScheduleCreation(group: Command, cli: Cli): void {
  ruleOptions(group.command('create'))
    .description('create a schedule that starts a workflow with a fixed input')
    .argument('<schedule>')
    .requiredOption('--workflow <name>', 'what it starts')
    .requiredOption('--input <json>', 'a file, - for standard input, or JSON')
    .addOption(
      new Option('--overlap <policy>', 'while the last run still runs')
        .choices(['allow', 'skip', 'queue', 'cancel'])
        .default('skip'),
    )
    .option('--catch-up <number>', 'missed times that are made up for', parseWhole, 1)
    .option('--jitter <duration>', 'it fires up to as much later, as 90s', parseLength, 0)
    .option('--description <text>', 'what it is for')
    .option('--paused', 'it does not fire until it is resumed', false)
    .addOption(actorOption())
    .action(async (name: string, given: Creation) => {
      const { workflow, overlap, catchUp, paused, description } = given;
      const input = await readJson('--input', given.input, process.stdin);
      await withService(cli, given.actor, async (client) => {
        const created = await client.schedules.create({
          body: {
            name,
            workflow,
            input,
            ...ruleOf(given),
            overlap,
            catchUp,
            jitterMs: given.jitter,
            paused,
            ...(description === undefined ? {} : { description }),
          },
        });
        return { json: created, text: scheduleLines(created, cli.style) };
      });
    });
  group
    .command('remove')
    .description('remove a schedule that was created by a command or a call')
    .argument('<schedule>')
    .addOption(actorOption())
    .action((name: string, { actor }: { readonly actor: string }) =>
      withService(cli, actor, async (client) => {
        await client.schedules.remove({ params: { name } });
        return { json: { removed: name }, text: [`Schedule ${printable(name)} is removed`] };
      }),
    );
}
