import { type Command, Option } from 'commander';
import { actorOption } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { localTime } from '../format.ts';
import { withService } from '../remote/with-service.ts';
import { table } from '../table.ts';
import { batchReport } from './batches.ts';

interface ListOptions {
  readonly workflow?: string;
  readonly kind?: 'failed' | 'stuck' | 'damaged';
  readonly state: 'open' | 'handled' | 'all';
}

interface Acting {
  readonly actor: string;
  readonly reason: string;
}

export function addIncidents(program: Command, cli: Cli): void {
  program
    .command('incidents')
    .description('list what went wrong, grouped by cause')
    .option('--workflow <name>', 'only of this workflow')
    .addOption(new Option('--kind <kind>', 'only these').choices(['failed', 'stuck', 'damaged']))
    .addOption(
      new Option('--state <state>', 'open: what nobody has dealt with')
        .choices(['open', 'handled', 'all'])
        .default('open'),
    )
    .action((query: ListOptions) =>
      withService(cli, null, async (client) => {
        const found = await client.incidents.list({ query });
        const rows = found.incidents.map((incident) => [
          incident.incidentId,
          incident.kind,
          String(incident.count),
          [incident.workflow, incident.step].filter((part) => part !== null).join(' / '),
          incident.message,
          incident.lastAt === null ? '' : localTime(incident.lastAt),
        ]);
        const columns = ['INCIDENT', 'KIND', 'RUNS', 'WHERE', 'WHAT', 'LAST'];
        return {
          json: found,
          text:
            rows.length === 0
              ? ['No incidents']
              : table(
                  columns.map((title) => ({ title })),
                  rows,
                  cli.style.dim,
                ),
        };
      }),
    );

  const group = program.command('incident').description('deal with one of them');
  const acting = (command: Command) =>
    command
      .argument('<incident>', 'its id, as incidents lists it')
      .requiredOption('--reason <text>', 'why')
      .addOption(actorOption());
  acting(group.command('retry').description('retry its failed runs, as a batch'))
    .option('--accept-not-undone', 'also runs with effects that could not be undone', false)
    .action((incidentId: string, given: Acting & { readonly acceptNotUndone: boolean }) => {
      const { actor, reason, acceptNotUndone } = given;
      return withService(cli, actor, async (client) => {
        const body = { reason, acceptNotUndone };
        return batchReport(cli, await client.incidents.retry({ params: { incidentId }, body }));
      });
    });
  acting(group.command('handle').description('say that it has been dealt with')).action(
    (incidentId: string, { actor, reason }: Acting) =>
      withService(cli, actor, async (client) => {
        await client.incidents.handle({ params: { incidentId }, body: { reason } });
        return { json: { incidentId, handled: true }, text: ['Marked as dealt with'] };
      }),
  );
  group
    .command('reopen')
    .description('take that back')
    .argument('<incident>')
    .addOption(actorOption())
    .action((incidentId: string, { actor }: { readonly actor: string }) =>
      withService(cli, actor, async (client) => {
        await client.incidents.reopen({ params: { incidentId } });
        return { json: { incidentId, handled: false }, text: ['Open again'] };
      }),
    );
}
