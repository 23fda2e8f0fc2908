import { type Command, Option } from 'commander';
import type { Batch, BatchAction, Selection } from '../../api/batches.ts';
import { AnyJson } from '../../api/parts.ts';
import type { RunStatus } from '../../plan/plan.ts';
import {
  actorOption,
  labelsOption,
  parseLength,
  parseMomentBefore,
  statusOption,
} from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { localTime } from '../format.ts';
import { readJson } from '../json-argument.ts';
import { withService } from '../remote/with-service.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

interface Wanted {
  readonly run?: readonly string[];
  readonly workflow?: string;
  readonly status?: readonly RunStatus[];
  readonly labels: Record<string, string>;
  readonly text?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  readonly parent?: string;
  readonly state?: string;
  readonly hasReview?: true;
  readonly waitsLongerThan?: number;
}

interface StartOptions extends Wanted {
  readonly dryRun: boolean;
  readonly reason?: string;
  readonly actor: string;
  readonly mode: 'drain' | 'abort';
  readonly acceptNotUndone: boolean;
  readonly event?: string;
  readonly payload?: string;
}

const kinds = ['retry', 'cancel', 'pause', 'resume', 'signal'] as const;

export function addBatches(program: Command, cli: Cli): void {
  program
    .command('batches')
    .description('list batches: one action on many runs')
    .action(() =>
      withService(cli, null, async (client) => {
        const { batches } = await client.batches.list();
        return { json: { batches }, text: batchTable(cli, batches) };
      }),
    );

  const group = program.command('batch').description('do one thing to many runs');
  group
    .command('start')
    .description('begin a batch on the runs that are meant, or say by a dry run who accepts it')
    .argument('<action>', kinds.join(', '))
    .option('--run <id...>', 'these runs')
    .option('--workflow <name>', 'runs of this workflow')
    .addOption(statusOption())
    .addOption(labelsOption('runs with all of these labels'))
    .option('--text <text>', 'runs with this text in id, key, workflow or labels')
    .option('--parent <run>', 'children of this run')
    .option('--state <path>', 'runs in this state of the chart, as processing.working.approval')
    .option('--has-review', 'runs with an open review')
    .option('--waits-longer-than <duration>', 'runs that have waited longer', parseLength)
    .option('--created-after <when>', 'a date, or a duration ago', parseMomentBefore)
    .option('--created-before <when>', 'a date, or a duration ago', parseMomentBefore)
    .option('--dry-run', 'only say how many runs accept it, and why the others do not', false)
    .option('--reason <text>', 'why; kept in the history of each run')
    .addOption(
      new Option('--mode <mode>', 'of cancel').choices(['drain', 'abort']).default('drain'),
    )
    .option('--accept-not-undone', 'retry also what could not be undone', false)
    .option('--event <name>', 'of signal')
    .option('--payload <json>', 'of signal: a file, - for standard input, or JSON')
    .addOption(actorOption())
    .action(async (kind: string, options: StartOptions) => {
      const action = await actionOf(kind, options);
      const runs = selectionOf(options);
      await withService(cli, options.actor, async (client) => {
        if (options.dryRun) {
          const preview = await client.batches.preview({ body: { action, runs } });
          return {
            json: preview,
            text: [
              `${preview.accepted} of ${preview.matching} runs accept ${action.kind}`,
              ...preview.refused.map(({ why, count, example }) => `${count} ${why}, as ${example}`),
            ],
          };
        }
        if (options.reason === undefined) throw new UsageError('--reason is missing: say why');
        const body = { action, runs, reason: options.reason };
        return batchReport(cli, await client.batches.start({ body }));
      });
    });
  group
    .command('show')
    .description('how far a batch has come')
    .argument('<batch>')
    .action((batchId: string) =>
      withService(cli, null, async (client) =>
        batchReport(cli, await client.batches.get({ params: { batchId } })),
      ),
    );
  for (const [name, description] of [
    ['pause', 'hold a batch'],
    ['resume', 'let it go on'],
    ['stop', 'end it; what is done stays done'],
  ] as const) {
    group
      .command(name)
      .description(description)
      .argument('<batch>')
      .addOption(actorOption())
      .action((batchId: string, { actor }: { readonly actor: string }) =>
        withService(cli, actor, async (client) =>
          batchReport(cli, await client.batches[name]({ params: { batchId }, body: {} })),
        ),
      );
  }
}

async function actionOf(kind: string, options: StartOptions): Promise<BatchAction> {
  switch (kind) {
    case 'retry':
      return { kind, acceptNotUndone: options.acceptNotUndone };
    case 'cancel':
      return { kind, mode: options.mode };
    case 'pause':
    case 'resume':
      return { kind };
    case 'signal': {
      const { event, payload } = options;
      if (event === undefined) throw new UsageError('--event is missing: which event');
      const given =
        payload === undefined ? null : await readJson('--payload', payload, process.stdin);
      return { kind, event, payload: AnyJson.parse(given) };
    }
    default:
      throw new UsageError(`There is no action "${kind}"`, `There are ${kinds.join(', ')}`);
  }
}

function selectionOf(wanted: Wanted): Selection {
  const { run, workflow, status, labels, text, createdAfter, createdBefore } = wanted;
  const { parent, state, hasReview, waitsLongerThan } = wanted;
  if (run !== undefined) return { runIds: [...run] };
  const filter = {
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined ? {} : { status: [...status] }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(text === undefined ? {} : { text }),
    ...(parent === undefined ? {} : { parent }),
    ...(state === undefined ? {} : { state }),
    ...(hasReview === undefined ? {} : { hasReview }),
    ...(waitsLongerThan === undefined ? {} : { waitsLongerThanMs: waitsLongerThan }),
    ...(createdAfter === undefined ? {} : { createdAfter: createdAfter.toISOString() }),
    ...(createdBefore === undefined ? {} : { createdBefore: createdBefore.toISOString() }),
  };
  if (Object.keys(filter).length > 0) return { filter };
  throw new UsageError(
    'Nothing says which runs are meant',
    'Name them by --run, or narrow by --workflow, --status, --label, --text or time',
  );
}

export function batchReport(cli: Cli, batch: Batch): Report {
  return { json: batch, text: batchTable(cli, [batch]) };
}

function batchTable(cli: Cli, batches: readonly Batch[]): readonly string[] {
  if (batches.length === 0) return ['No batches'];
  const columns = ['BATCH', 'ACTION', 'STATUS', 'DONE', 'SKIPPED', 'FAILED', 'BY', 'BEGUN'];
  const rows = batches.map((batch) => [
    batch.batchId,
    batch.action.kind,
    batch.status,
    `${batch.done} of ${batch.total}`,
    String(batch.skipped),
    String(batch.failed),
    batch.actor,
    localTime(batch.createdAt),
  ]);
  return table(
    columns.map((title) => ({ title })),
    rows,
    cli.style.dim,
  );
}
