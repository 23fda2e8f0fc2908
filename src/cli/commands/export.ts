import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ExportedRun, Store } from '../../ports/store.ts';
import type { Cli, Report } from '../cli.ts';
import { printable, toJsonText } from '../escape.ts';
import { clientOf } from '../remote/client-of.ts';
import { findService } from '../remote/find-service.ts';
import { translated } from '../remote/remote-orchestrator.ts';
import { parseStoreLocation } from '../store-location.ts';
import { UsageError } from '../usage-error.ts';
import { writeAtomically } from '../write-file.ts';

interface ExportOptions {
  readonly output?: string;
  readonly lines: boolean;
  readonly backup?: string;
}

export function addExport(program: Command, cli: Cli): void {
  program
    .command('export')
    .description(
      'write every run at one moment, with its history, as one JSON document; values marked sensitive are in it',
    )
    .option('--output <file>', 'write there instead of to standard output')
    .option('--lines', 'JSON lines, one run each, instead of one document', false)
    .addOption(
      new Option('--backup <destination>', 'make a copy that opens as a store instead').conflicts([
        'output',
        'lines',
      ]),
    )
    .action(async ({ output, lines, backup }: ExportOptions) => {
      if (backup !== undefined) {
        await backUp(cli, backup);
        return;
      }
      if (lines && output === undefined && cli.options.json) {
        throw new UsageError('--lines is not one JSON document; leave --json out, or add --output');
      }
      await cli.runOnStore('read', (store) => exportRuns(cli, store, lines, output));
    });
}

async function exportRuns(
  cli: Cli,
  store: Store,
  lines: boolean,
  file: string | undefined,
): Promise<Report | null> {
  let runs = 0;
  async function* counted() {
    for await (const run of store.export()) {
      runs += 1;
      yield run;
    }
  }
  const text = lines ? toLines(counted()) : toDocument(counted());
  if (file === undefined) {
    await cli.stream(text);
    return null;
  }
  await writeAtomically(file, text);
  return { json: { file, runs }, text: [`${runs} runs written to ${printable(file)}`] };
}

async function* toLines(runs: AsyncIterable<ExportedRun>): AsyncGenerator<string> {
  for await (const run of runs) yield `${toJsonText(run, 0)}\n`;
}

async function* toDocument(runs: AsyncIterable<ExportedRun>): AsyncGenerator<string> {
  yield `{\n"format": 1,\n"exportedAt": ${toJsonText(new Date().toISOString())},\n"runs": [`;
  let separator = '\n';
  for await (const run of runs) {
    yield `${separator}${toJsonText(run, 0)}`;
    separator = ',\n';
  }
  yield '\n]\n}\n';
}

async function backUp(cli: Cli, destination: string): Promise<void> {
  const { store, url, token } = cli.options;
  const location = parseStoreLocation(store);
  const done: Report = {
    json: { backup: destination },
    text: [`Copied to ${printable(destination)}, which opens as a store`],
  };
  // The lowdb store is consistent only for the process that holds its lock.
  const isExclusive = location.kind === 'lowdb';
  if (isExclusive || url !== undefined) {
    const service = await findService(location, { url, token });
    if (service !== null) {
      const path = service.isNamed ? destination : resolve(destination);
      await translated(clientOf(service).service.backup({ body: { destination: path } }));
      await cli.report(done);
      return;
    }
  }
  await cli.runOnStore(isExclusive ? 'write' : 'read', async (opened) => {
    await opened.backup(destination);
    return done;
  });
}
