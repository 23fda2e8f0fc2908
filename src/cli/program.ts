/** The command line: common options, and one file per command. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { defaultMachines } from './machines.ts';

/** Common options are understood before and after the name of the command. */
export function createProgram(): Command {
  return new Command('signalbox')
    .description('Runs workflows that are explicit state machines, and keeps their runs.')
    .version(packageVersion())
    .addOption(
      new Option('--machines <place>', 'a folder of folders with a workflow.ts each, or a module')
        .env('SIGNALBOX_MACHINES')
        .default(defaultMachines),
    )
    .addOption(
      new Option('--store <place>', 'lowdb:DIRECTORY, sqlite:FILE or memory:')
        .env('SIGNALBOX_STORE')
        .default('lowdb:.signalbox/runs'),
    )
    .addOption(
      new Option(
        '--url <address>',
        'a running service to talk to; default: the one that has the store open, if there is one',
      )
        .env('SIGNALBOX_URL')
        .argParser(unlessEmpty),
    )
    .addOption(
      new Option('--token <token>', 'for a service that asks for sign-in')
        .env('SIGNALBOX_TOKEN')
        .argParser(unlessEmpty),
    )
    .option('--json', 'exactly one JSON document on standard output', false)
    .option('--verbose', 'more about errors, and what the engine does', false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

/** A variable of the environment that is set to nothing says nothing. */
function unlessEmpty(value: string): string | undefined {
  return value === '' ? undefined : value;
}

function packageVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version);
}
