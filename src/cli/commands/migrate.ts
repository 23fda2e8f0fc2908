import { type Command, InvalidArgumentError } from 'commander';
import type { MigratedRun, MigrationReport } from '../../engine/migrate.ts';
import type { Json } from '../../plan/json.ts';
import { actorOption } from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { printable } from '../escape.ts';
import { findRun } from '../find-run.ts';
import { indented } from '../format.ts';
import { readMapping } from '../mapping-file.ts';
import { UsageError } from '../usage-error.ts';

interface MigrateOptions {
  readonly to: number;
  readonly from?: number;
  readonly mapping?: string;
  readonly run?: string;
  readonly apply: boolean;
  readonly actor: string;
  readonly reason?: string;
}

export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .description(
      'move waiting runs to another version of their workflow; says what it would do, and does it with --apply',
    )
    .argument('<workflow>', 'name of the workflow')
    .requiredOption('--to <version>', 'version they move to', parseVersion)
    .option('--from <version>', 'only runs of this version', parseVersion)
    .option(
      '--mapping <file>',
      'JSON, or a module that exports `mapping`: renamed steps, results, …',
    )
    .option('--run <id>', 'only this run')
    .option('--apply', 'move them', false)
    .addOption(actorOption())
    .option('--reason <text>', 'kept in the history; needed with --apply')
    .action(async (workflow: string, options: MigrateOptions) => {
      const { apply, reason = 'dry run', actor, to, from, run } = options;
      if (apply && options.reason === undefined)
        throw new UsageError('--apply needs a --reason: it stands in the history of every run');
      const mapping =
        options.mapping === undefined ? null : await readMapping(options.mapping, process.stdin);
      await cli.run(apply ? 'write' : 'read', async ({ orchestrator }) =>
        reportOf(
          await orchestrator.migrate({
            workflow,
            to,
            actor,
            reason,
            dryRun: !apply,
            ...(from === undefined ? {} : { from }),
            ...(mapping === null ? {} : { mapping }),
            ...(run === undefined ? {} : { runId: await findRun(orchestrator, run) }),
          }),
        ),
      );
    });
}

function parseVersion(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const settled: ReadonlySet<MigratedRun['outcome']> = new Set(['moved', 'already', 'ended']);

function reportOf(report: MigrationReport): Report {
  const { runs, to, dryRun, workflow } = report;
  const moved = runs.filter(({ outcome }) => outcome === 'moved').length;
  const left = runs.filter(({ outcome }) => !settled.has(outcome)).length;
  const what = dryRun ? 'would move' : moved === 1 ? 'has moved' : 'have moved';
  return {
    json: report,
    text: [
      ...runs.flatMap((run) => linesOf(run, dryRun)),
      printable(
        `${moved} of ${runs.length} runs of ${workflow} ${what} to version ${to.version}${left === 0 ? '' : `; ${left} not`}`,
      ),
      ...(dryRun && moved > 0 ? ['Nothing was changed; --apply --reason TEXT moves them'] : []),
    ],
    exitCode: left === 0 ? 0 : 1,
  };
}

function linesOf({ runId, from, outcome, reasons, changes }: MigratedRun, dryRun: boolean) {
  const text = {
    moved: dryRun ? 'would move' : 'moved',
    already: 'is there already',
    needs_mapping: 'needs a mapping',
    cannot: 'cannot',
    busy: 'is at work, try again later',
    ended: 'has ended',
  }[outcome];
  const details = Object.entries(changes ?? {}).flatMap(([name, value]) => {
    const text = value === null ? '' : listed(value);
    return text === '' ? [] : [`${changeNames[name] ?? name}: ${text}`];
  });
  return [
    printable(`${runId} (version ${from}) ${text}`),
    ...indented(
      [
        ...reasons.map((reason) =>
          reason.step === null ? reason.text : `${reason.step}: ${reason.text}`,
        ),
        ...details,
      ].map(printable),
    ),
  ];
}

const changeNames: { readonly [name: string]: string } = { waitsAt: 'waits at' };

/** `approval, payment`, or `approval -> consent`. */
function listed(value: Json): string {
  if (typeof value !== 'object' || value === null) return word(value);
  if (Array.isArray(value)) return value.map(word).join(', ');
  return Object.entries(value)
    .map(([from, to]) => `${from} -> ${word(to)}`)
    .join(', ');
}

const word = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
