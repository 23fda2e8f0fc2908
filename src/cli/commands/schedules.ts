import type { Command } from 'commander';
import { actorOption, parseCount } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { withService } from '../remote/with-service.ts';
import { fireTable, scheduleLines, scheduleTable, slotLines } from '../schedule-lines.ts';
import { table } from '../table.ts';
import { addScheduleCreation, type Rule, ruleOf, ruleOptions } from './schedule-create.ts';

interface Acting {
  readonly actor: string;
}

const schedule = '<schedule>';
export function addSchedules(program: Command, cli: Cli): void {
  program
    .command('schedules')
    .description('list schedules: what they start, and when next')
    .action(() =>
      withService(cli, null, async (client) => {
        const { schedules } = await client.schedules.list();
        return { json: { schedules }, text: scheduleTable(schedules, cli.style) };
      }),
    );
  program
    .command('triggers')
    .description('list watched directories and queues')
    .action(() =>
      withService(cli, null, async (client) => {
        const { triggers } = await client.triggers.list();
        const rows = triggers.map(({ name, kind, source, target, counts, problem }) => [
          name,
          kind,
          source,
          target.name,
          String(counts.accepted),
          problem ?? '',
        ]);
        const columns = ['TRIGGER', 'KIND', 'OF', 'STARTS', 'ACCEPTED', 'PROBLEM'];
        return {
          json: { triggers },
          text:
            rows.length === 0
              ? ['No triggers']
              : table(
                  columns.map((title) => ({ title })),
                  rows,
                  cli.style.dim,
                ),
        };
      }),
    );
  const group = program.command('schedule').description('look at and change one schedule');
  addLooking(group, cli);
  addChanging(group, cli);
  addScheduleCreation(group, cli);
}

function addLooking(group: Command, cli: Cli): void {
  group
    .command('show')
    .description('its rule, its next ten slots, and what became of the last')
    .argument(schedule)
    .action((name: string) =>
      withService(cli, null, async (client) => {
        const found = await client.schedules.get({ params: { name } });
        return { json: found, text: scheduleLines(found, cli.style) };
      }),
    );
  group
    .command('fires')
    .description('what became of its slots, newest first')
    .argument(schedule)
    .option('--limit <number>', 'at most as many', parseCount, 20)
    .action((name: string, { limit }: { readonly limit: number }) =>
      withService(cli, null, async (client) => {
        const page = await client.schedules.fires({ params: { name }, query: { limit } });
        return { json: page, text: fireTable(page.fires, cli.style) };
      }),
    );
  ruleOptions(group.command('preview'))
    .description('when a rule would fire, with the days on which clocks are set')
    .option('--count <number>', 'slots', parseCount, 10)
    .action(({ count, ...rule }: Rule & { readonly count: number }) =>
      withService(cli, null, async (client) => {
        const preview = await client.schedules.preview({ body: { ...ruleOf(rule), count } });
        return { json: preview, text: slotLines(preview.slots) };
      }),
    );
}

function addChanging(group: Command, cli: Cli): void {
  group
    .command('pause')
    .description('fire no more until it is resumed')
    .argument(schedule)
    .requiredOption('--reason <text>', 'shown to whoever wonders')
    .addOption(actorOption())
    .action((name: string, { reason, actor }: Acting & { readonly reason: string }) =>
      withService(cli, actor, async (client) => {
        const paused = await client.schedules.pause({ params: { name }, body: { reason } });
        return { json: paused, text: [`Schedule ${printable(name)} is paused`] };
      }),
    );
  group
    .command('resume')
    .description('go on with the next slot')
    .argument(schedule)
    .addOption(actorOption())
    .action((name: string, { actor }: Acting) =>
      withService(cli, actor, async (client) => {
        const resumed = await client.schedules.resume({ params: { name } });
        const next = resumed.next[0]?.local ?? 'never';
        return { json: resumed, text: [`Schedule ${printable(name)} goes on: ${next}`] };
      }),
    );
  group
    .command('run')
    .description('start a run now')
    .argument(schedule)
    .option('--reason <text>', 'for the audit log')
    .addOption(actorOption())
    .action((name: string, { reason, actor }: Acting & { readonly reason?: string }) =>
      withService(cli, actor, async (client) => {
        const body = reason === undefined ? {} : { reason };
        const fire = await client.schedules.run({ params: { name }, body });
        const text =
          fire.runId === null ? `${fire.outcome}: ${fire.reason ?? ''}` : `Run ${fire.runId}`;
        return { json: fire, text: [printable(text)], exitCode: fire.outcome === 'failed' ? 1 : 0 };
      }),
    );
  group
    .command('backfill')
    .description('start runs for past slots that have none; without --start it only says which')
    .argument(schedule)
    .requiredOption('--from <when>', 'first moment, as 2026-01-01T00:00:00Z')
    .requiredOption('--to <when>', 'last moment')
    .option('--limit <number>', 'at most as many, the oldest first; up to 100', parseCount, 100)
    .option('--start', 'start them', false)
    .addOption(actorOption())
    .action((name: string, options: Acting & Backfill) => fillIn(cli, name, options));
}

interface Backfill {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly start: boolean;
}

function fillIn(
  cli: Cli,
  name: string,
  { from, to, limit, start, actor }: Acting & Backfill,
): Promise<void> {
  return withService(cli, actor, async (client) => {
    const iso = (when: string) => {
      const ms = Date.parse(when);
      return Number.isNaN(ms) ? when : new Date(ms).toISOString();
    };
    const body = { from: iso(from), to: iso(to), limit, dryRun: !start };
    const filled = await client.schedules.backfill({ params: { name }, body });
    const rows = filled.slots.map(({ local, outcome, runId, reason }) => [
      local,
      outcome,
      runId ?? reason ?? '',
    ]);
    const columns = ['SLOT', 'OUTCOME', 'RUN OR REASON'].map((title) => ({ title }));
    const more =
      filled.nextFrom === null ? [] : [`There are more: go on with --from ${filled.nextFrom}`];
    const hint = start || rows.length === 0 ? [] : ['Nothing was started; to do so, add --start'];
    return {
      json: filled,
      text: [
        ...(rows.length === 0 ? ['No slots in this range'] : table(columns, rows, cli.style.dim)),
        ...more,
        ...hint,
      ],
      exitCode: filled.slots.some(({ outcome }) => outcome === 'failed') ? 1 : 0,
    };
  });
}
